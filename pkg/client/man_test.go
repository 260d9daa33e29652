package client

import (
	"os/exec"
	"strings"
	"testing"
	"time"
)

// roff stands in for the escaping of package cmdline.
func roff(s string) string { return strings.ReplaceAll(s, "-", "\\-") }

func TestManHasTheWholeTable(t *testing.T) {
	page, err := Man("1.2.3", roff)
	if err != nil {
		t.Fatal(err)
	}
	for _, h := range All() {
		section := ".SS " + strings.ReplaceAll(roff(h.Name), "µ", "\\(mc") + "\n.TP\nknown by\n"
		if strings.Count(page, section) != 1 {
			t.Errorf("got %d sections of %s, want 1", strings.Count(page, section), h.Name)
		}
		for _, p := range h.Prefixes {
			if !strings.Contains(page, roff(p)) {
				t.Errorf("the page does not name %q", p)
			}
		}
	}
	for i, c := range page {
		if c > '~' {
			t.Fatalf("got %q at %d, want ASCII", c, i)
		}
	}
	lint(t, page)
}

// lint has mandoc read a page, where it is installed.
func lint(t *testing.T, page string) {
	t.Helper()
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		t.Log("mandoc is not installed: the page was not read by it")
		return
	}
	c := exec.Command(mandoc, "-T", "lint", "-W", "error")
	c.Stdin = strings.NewReader(page)
	if out, err := c.CombinedOutput(); err != nil {
		t.Errorf("mandoc: %v\n%s", err, out)
	}
}

func TestManOfMeasurements(t *testing.T) {
	p := page{roff: roff}
	p.measured(Measured{Clients: []MeasuredClient{
		{Name: "libtorrent", Version: "2.0.8", Variant: "uTP only", Cells: map[string]Cell{
			"hold_s":        {Value: 150.0, Unit: "s", N: 2, AtLeast: true},
			"reading_exact": {Value: true, N: 3, Note: "3 readings"},
			"dial_back_s":   {Note: "none within 300 s"},
		}},
		{Name: "aria2", Cells: map[string]Cell{
			"hold_s":           {Value: 30.25, Unit: "s", N: 1, Error: 0.5},
			"reading_exact":    {Value: false, N: 1},
			"any_other_cell_s": {Value: "tcp", N: 2},
			"dial_back_s":      {},
		}},
	}})
	want := strings.TrimSpace(`
.SH MEASURED
.SS Are readings exact?
.TP
libtorrent 2.0.8 (uTP only)
yes (n = 3); 3 readings
.TP
aria2
no (n = 1)
.SS How long does it hold a visitor that sends keep\-alives?
.TP
libtorrent 2.0.8 (uTP only)
at least 150 s (n = 2)
.TP
aria2
30.25 s, give or take 0.5 (n = 1)
.SS After how long does it dial back?
.TP
libtorrent 2.0.8 (uTP only)
none within 300 s
.TP
aria2
not measured
.SS any other cell
.TP
aria2
tcp (n = 2)`)
	if got := strings.TrimSpace(p.String()); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestSpan(t *testing.T) {
	for d, want := range map[time.Duration]string{0: "at once", 1500 * time.Millisecond: "1.5 s", 90 * time.Second: "90 s",
		2 * time.Minute: "2 min", 90 * time.Minute: "90 min", 2 * time.Hour: "2 h"} {
		if got := span(d); got != want {
			t.Errorf("%v: got %q, want %q", d, got, want)
		}
	}
}

func TestLimits(t *testing.T) {
	tests := map[string]Habits{
		"":                      {},
		"1 keep-alive a minute": {KeepAlives: 1},
		"11 keep-alives a minute; 1 connection a minute from one address": {KeepAlives: 11, Reconnects: 1},
		"50 connections per torrent":                                      {Slots: 50},
	}
	for want, h := range tests {
		if got := h.limits(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
