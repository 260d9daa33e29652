//go:build linux

package main

import (
	"bytes"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestFigures(t *testing.T) {
	for name, c := range map[string]struct {
		f, g   figures
		median float64
		span   string
	}{
		"none":        {nil, nil, 0, "-"},
		"one":         {figures{3}, figures{2}, 3, "1.50 (1.50..1.50)"},
		"odd":         {figures{9, 1, 4}, figures{3, 1, 1}, 4, "3.00 (1.00..4.00)"},
		"even":        {figures{4, 2}, figures{1, 1}, 3, "3.00 (2.00..4.00)"},
		"never by 0":  {figures{4, 2}, figures{0, 1}, 3, "2.00 (2.00..2.00)"},
		"one missing": {figures{4, 2}, figures{1}, 3, "4.00 (4.00..4.00)"},
	} {
		t.Run(name, func(t *testing.T) {
			if got := c.f.median(); got != c.median {
				t.Errorf("median of %v is %v, want %v", c.f, got, c.median)
			}
			if got := c.f.over(c.g).span(); got != c.span {
				t.Errorf("%v over %v is %q, want %q", c.f, c.g, got, c.span)
			}
		})
	}
}

func TestRaceTakesTurns(t *testing.T) {
	var order string
	runner := func(name string, n int64) func() (sample, error) {
		return func() (sample, error) {
			order += name
			return sample{n: n, wall: time.Second, cpu: time.Second / 2}, nil
		}
	}
	all, err := race(3, runner("a", 10), runner("b", 20))
	if err != nil {
		t.Fatal(err)
	}
	if want := "abbaab"; order != want {
		t.Errorf("order is %s, want %s", order, want)
	}
	if got, want := each(all[1], sample.perCPUSecond), (figures{40, 40, 40}); !reflect.DeepEqual(got, want) {
		t.Errorf("figures of the second are %v, want %v", got, want)
	}
	var out bytes.Buffer
	if err := (table{rates("x", all[0], all[1], ">= 1")}).print(&out); err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(strings.Fields(strings.Split(out.String(), "\n")[1]), " "); got != "x 10/s 20/s 0.50 (0.50..0.50) 0.50 (0.50..0.50) >= 1" {
		t.Errorf("line is %q", got)
	}
}

// The same records come as lines and as a table with a column for each member.
func TestInputs(t *testing.T) {
	dir := t.TempDir()
	records, rows := filepath.Join(dir, "visit.ndjson"), filepath.Join(dir, "visit.csv")
	if err := write(records, 50, (*madeUp).visit); err != nil {
		t.Fatal(err)
	}
	if err := writeCSV(records, rows, "visit"); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{records, rows} {
		b, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		want := 50
		if path == rows {
			want++ // the names
		}
		if got := bytes.Count(b, []byte("\n")); got != want {
			t.Errorf("%s has %d lines, want %d", filepath.Base(path), got, want)
		}
		if !bytes.Contains(b, []byte("127.0.0.50")) {
			t.Errorf("%s does not name the last peer", filepath.Base(path))
		}
	}
}
