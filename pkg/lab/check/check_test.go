package check

import (
	"database/sql"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"btkit/pkg/record"
)

var zero = time.Date(2026, 11, 21, 3, 0, 30, 0, time.UTC)

func at(s float64) time.Time {
	if s < 0 {
		return time.Time{}
	}
	return zero.Add(time.Duration(s * float64(time.Second)))
}

func ip(n int) netip.Addr { return netip.AddrFrom4([4]byte{127, 16, 0, byte(n)}) }

// truth is a reachable leecher that was met, came at 0 and crossed at 100 of
// 600 s, unless changed.
func truth(n int, change func(*record.Truth)) record.Truth {
	t := record.Truth{InfoHash: "aa", IP: ip(n), Port: uint16(20000 + n), Role: "leecher", Reachable: true, Met: true,
		ArrivedTS: at(0), CrossedTS: at(100), Pieces: 100, Need: 98}
	t.TS = at(600)
	change(&t)
	return t
}

func download(n int, below, above float64) record.Download {
	return record.Download{InfoHash: "aa", IP: ip(n), Port: uint16(20000 + n), BelowTS: at(below), AboveTS: at(above), CrossedTS: at(above)}
}

func same(*record.Truth) {}

func TestFalseConfirmations(t *testing.T) {
	hidden := func(d record.Download) record.Download { d.IP = netip.Addr{}; return d }
	for name, c := range map[string]struct {
		truth record.Truth
		found []record.Download
		want  string // reasons for the false ones
	}{
		"right":                 {truth(1, same), []record.Download{download(1, 99, 100.1)}, ""},
		"right, held wide":      {truth(1, same), []record.Download{download(1, 10, 500)}, ""},
		"right, dialled in":     {truth(1, same), []record.Download{{InfoHash: "aa", IP: ip(1), Port: 44444, BelowTS: at(9), AboveTS: at(101), CrossedTS: at(101)}}, ""},
		"right, hidden address": {truth(1, same), []record.Download{hidden(download(1, 99, 100))}, ""},
		"stranger":              {truth(1, same), []record.Download{download(2, 99, 100)}, Unknown},
		"hidden stranger":       {truth(1, same), []record.Download{hidden(download(2, 99, 100))}, Unknown},
		"other torrent":         {truth(1, func(t *record.Truth) { t.InfoHash = "bb" }), []record.Download{download(1, 99, 100)}, Unknown},
		"twice":                 {truth(1, same), []record.Download{download(1, 99, 100), download(1, 10, 101)}, Twice},
		"too early":             {truth(1, same), []record.Download{download(1, 50, 97)}, TooEarly},
		"below too late":        {truth(1, same), []record.Download{download(1, 106, 110)}, TooLate},
		"never crossed":         {truth(1, func(t *record.Truth) { t.CrossedTS = time.Time{} }), []record.Download{download(1, 99, 100)}, Never},
		"complete at first": {truth(1, func(t *record.Truth) { t.CrossedTS = time.Time{}; t.FirstHave = 99 }),
			[]record.Download{download(1, 99, 100)}, Began},
		"seed": {truth(1, func(t *record.Truth) { t.Role = "seed" }), []record.Download{download(1, 99, 100)}, otherRole + "seed"},
	} {
		r := Compare(c.found, []record.Truth{c.truth}, Options{})
		var got []string
		for _, f := range r.False {
			got = append(got, f.Why)
		}
		if strings.Join(got, "|") != c.want {
			t.Errorf("%s: false for %q, want %q", name, got, c.want)
		}
		if r.Confirmed()+len(r.False) != len(c.found) {
			t.Errorf("%s: %d true and %d false of %d", name, r.Confirmed(), len(r.False), len(c.found))
		}
	}
}

func TestTwoBehindOneAddress(t *testing.T) {
	other := truth(1, func(t *record.Truth) { t.Port = 5; t.CrossedTS = at(200) })
	dialledIn := download(1, 199, 201)
	dialledIn.Port = 44444
	r := Compare([]record.Download{download(1, 99, 101), dialledIn}, []record.Truth{other, truth(1, same)}, Options{})
	never := truth(1, func(t *record.Truth) { t.Port, t.CrossedTS = 5, time.Time{} })
	wrong := download(1, 99, 101)
	wrong.Port = 5
	if r := Compare([]record.Download{wrong}, []record.Truth{truth(1, same), never}, Options{}); len(r.False) != 1 || r.False[0].Why != Never {
		t.Errorf("a download of the one that never crossed: false %+v, want it", r.False)
	}
	if r.Confirmed() != 2 || len(r.False) != 0 {
		t.Errorf("%d true, false %+v; want 2 and none", r.Confirmed(), r.False)
	}
}

func TestMissing(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*record.Truth)
		want     string
		eligible bool
	}{
		"met":                   {same, InTime, true},
		"never met":             {func(t *record.Truth) { t.Met = false }, NeverMet, true},
		"dials out, never met":  {func(t *record.Truth) { t.Met, t.Reachable, t.DialsOut = false, false, true }, NeverMet, true},
		"neither":               {func(t *record.Truth) { t.Reachable = false }, Closed, false},
		"left soon":             {func(t *record.Truth) { t.LeftTS = at(159) }, LeftSoon, false},
		"left later":            {func(t *record.Truth) { t.LeftTS = at(161) }, InTime, true},
		"crossed before end":    {func(t *record.Truth) { t.CrossedTS = at(550) }, EndSoon, false},
		"crossed after arrival": {func(t *record.Truth) { t.ArrivedTS = at(98) }, CameLate, false},
	} {
		r := Compare(nil, []record.Truth{truth(1, c.change)}, Options{MinBelow: 5 * time.Second})
		if len(r.Missed) != 1 || r.Missed[0].Why != c.want || r.MissedFor[c.want] != 1 {
			t.Errorf("%s: missed %+v, want one for %q", name, r.Missed, c.want)
		}
		if (r.Eligible == 1) != c.eligible || errors.Is(r.Err(), ErrNothing) == c.eligible || r.Err() == nil {
			t.Errorf("%s: %d eligible, error %v; want eligible %v", name, r.Eligible, r.Err(), c.eligible)
		}
	}
}

func TestReport(t *testing.T) {
	var truths []record.Truth
	var found []record.Download
	for n := range 100 {
		truths = append(truths, truth(n, func(t *record.Truth) { t.CrossedTS = at(float64(100 + n)) }))
		if n > 0 {
			found = append(found, download(n, float64(90+n), float64(100+n)+0.25))
		}
	}
	r := Compare(found, truths, Options{})
	if err := r.Err(); err != nil || r.Recall() != 0.99 {
		t.Errorf("recall %v, error %v; want 0.99 and none", r.Recall(), err)
	}
	if r.Options.Recall = 0.995; r.Err() == nil {
		t.Error("recall 0.99 passes where 0.995 is wanted")
	}
	want := []Minute{{at(90), 50, 49, 49, 59}, {at(150), 50, 50, 40, 50}}
	if fmt.Sprint(r.Minutes) != fmt.Sprint(want) {
		t.Errorf("minutes %v, want %v", r.Minutes, want)
	}
	median, longest := r.Delay()
	if median != 250*time.Millisecond || longest != median || r.SameMinute() != 99 {
		t.Errorf("delay %v to %v, %d in the same minute; want 250ms, 99", median, longest, r.SameMinute())
	}
	var b strings.Builder
	if err := r.Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"100 peers: 100 leechers", "99 true, 0 false", "recall 0.9900", "1 of 100 completions", "250.0 ms at most", "03:02            50         49          -1       49 to 59"} {
		if !strings.Contains(b.String(), text) {
			t.Errorf("report lacks %q:\n%s", text, b.String())
		}
	}
}

func TestNothingCrossedIsNoSuccess(t *testing.T) {
	r := Compare(nil, []record.Truth{truth(1, func(t *record.Truth) { t.CrossedTS = time.Time{} })}, Options{})
	if !errors.Is(r.Err(), ErrNothing) {
		t.Errorf("a run in which nobody crossed: %v, want %v", r.Err(), ErrNothing)
	}
}

func TestLoading(t *testing.T) {
	dir := t.TempDir()
	d, tr := download(1, 99, 100), truth(1, same)
	lines := filepath.Join(dir, "lines.ndjson")
	d.Type, tr.Type = "download", "truth"
	text := string(record.Append(nil, &d)) + "\n" + `{"type":"other"}` + "\n" + string(record.Append(nil, &tr)) + "\n"
	if err := os.WriteFile(lines, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	base := filepath.Join(dir, "a ?b.db")
	database(t, base, d, "0123456789abcdef0123456789abcdef")
	truths, err := Truths(lines)
	if err != nil || len(truths) != 1 {
		t.Fatalf("%d truths, %v; want one", len(truths), err)
	}
	for path, hidden := range map[string]int{lines: 0, base: 1} {
		got, err := Downloads(path)
		if err != nil || len(got) != 1+hidden {
			t.Fatalf("%s: %d downloads, %v; want %d", path, len(got), err, 1+hidden)
		}
		for i, g := range got {
			if g.IP.IsValid() != (i == 0) || !g.AboveTS.Equal(d.AboveTS) || g.Port != d.Port {
				t.Errorf("%s: download %d is %+v", path, i+1, g)
			}
		}
		if r := Compare(got[:1], truths, Options{}); r.Err() != nil {
			t.Errorf("%s: %v", path, r.Err())
		}
	}
	if _, err := Truths(base); err == nil {
		t.Error("a database passes for a file of truths")
	}
}

// database makes one as bt-store writes it, with one download whose address is
// kept and one whose address is not.
func database(t *testing.T, path string, d record.Download, hash string) {
	t.Helper()
	db, err := sql.Open("sqlite", "file:"+strings.ReplaceAll(path, "?", "%3f"))
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	const form = "2006-01-02T15:04:05.000000Z"
	if _, err := db.Exec("CREATE TABLE download (infohash TEXT, ip TEXT, port INTEGER, below_ts TEXT, above_ts TEXT, crossed_ts TEXT)"); err != nil {
		t.Fatal(err)
	}
	for _, address := range []string{d.IP.String(), hash} {
		if _, err := db.Exec("INSERT INTO download VALUES (?, ?, ?, ?, ?, ?)", d.InfoHash, address, d.Port,
			d.BelowTS.Format(form), d.AboveTS.Format(form), d.CrossedTS.Format(form)); err != nil {
			t.Fatal(err)
		}
	}
}

func TestMinStayFollowsThePlay(t *testing.T) {
	for name, c := range map[string]struct {
		end  float64
		stay time.Duration
		want time.Duration
	}{
		"long play":   {600, 0, time.Minute},
		"short play":  {100, 0, 20 * time.Second},
		"as given":    {100, time.Hour, time.Hour},
		"none wanted": {100, -1, 0},
	} {
		other := truth(2, func(t *record.Truth) { t.TS = time.Time{}; t.LeftTS = at(c.end - 5) })
		r := Compare(nil, []record.Truth{other, truth(1, func(t *record.Truth) { t.TS = at(c.end) })}, Options{MinStay: c.stay})
		if r.Options.MinStay != c.want {
			t.Errorf("%s: least stay %v, want %v", name, r.Options.MinStay, c.want)
		}
	}
}

func TestOldRecordsWithoutCrossing(t *testing.T) {
	lists := map[string][]record.Download{}
	d := download(1, 99, 100)
	for name, change := range map[string]string{"no column": "ALTER TABLE download DROP COLUMN crossed_ts", "no value": "UPDATE download SET crossed_ts = NULL"} {
		path := filepath.Join(t.TempDir(), "old.db")
		database(t, path, d, "00")
		db, err := sql.Open("sqlite", path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := db.Exec(change); err != nil {
			t.Fatal(err)
		}
		db.Close()
		if lists[name], err = Downloads(path); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	d.CrossedTS = time.Time{}
	lists["record"] = []record.Download{d}
	for name, list := range lists {
		r := Compare(list[:1], []record.Truth{truth(1, same)}, Options{})
		if len(r.Minutes) != 1 || !r.Minutes[0].Begin.Equal(d.AboveTS.Truncate(time.Minute)) || r.SameMinute() != 1 {
			t.Errorf("%s: minutes %v, want the one of the reading above", name, r.Minutes)
		}
	}
}

func TestWords(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{plural(1, "super-seed"), "1 super-seed"},
		{plural(0, "leecher"), "0 leechers"},
		{short(80 * time.Microsecond), "80 µs"},
		{short(12340 * time.Microsecond), "12.3 ms"},
		{short(2500 * time.Millisecond), "2.5 s"},
		{short(90 * time.Second), "1m30s"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
	for legend, found := range map[int][]record.Download{1: nil, 0: {download(1, 99, 100)}} {
		var b strings.Builder
		if err := Compare(found, []record.Truth{truth(1, same)}, Options{}).Print(&b); err != nil {
			t.Fatal(err)
		}
		if n := strings.Count(b.String(), "! the truth is outside"); n != legend {
			t.Errorf("the mark is explained %d times, want %d:\n%s", n, legend, b.String())
		}
	}
	_, err := Truths(filepath.Join(t.TempDir(), "none"))
	if err == nil || strings.Count(err.Error(), "open") != 1 {
		t.Errorf("error %v, want one that says open once", err)
	}
}
