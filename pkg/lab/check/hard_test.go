package check

import (
	"database/sql"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"btkit/pkg/record"
)

func ms(n int64) *int64 { return &n }

// hidden is a peer behind a NAT that dials out.
func hidden(t *record.Truth) { t.Reachable, t.DialsOut, t.NAT = false, true, true }

func TestWhoHadToBeFound(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*record.Truth)
		want     string
		due      int
		openOnes int
	}{
		"takes connections":       {same, InTime, 1, 1},
		"dials out":               {hidden, InTime, 1, 0},
		"comes out for a relay":   {func(t *record.Truth) { hidden(t); t.DialsOut, t.Holepunch = false, true }, InTime, 1, 0},
		"neither":                 {func(t *record.Truth) { hidden(t); t.DialsOut = false }, Closed, 0, 0},
		"full before crossing":    {func(t *record.Truth) { t.FreeBelowMS, t.FreeAboveMS = ms(14999), ms(60000) }, Full, 0, 0},
		"full after crossing":     {func(t *record.Truth) { t.FreeBelowMS, t.FreeAboveMS = ms(60000), ms(0) }, Full, 0, 0},
		"free for just so long":   {func(t *record.Truth) { t.FreeBelowMS, t.FreeAboveMS = ms(15000), ms(15000) }, InTime, 1, 1},
		"full, and left too soon": {func(t *record.Truth) { t.FreeBelowMS, t.LeftTS = ms(0), at(101) }, LeftSoon, 0, 0},
	} {
		r := Compare(nil, []record.Truth{truth(1, c.change)}, Options{})
		if len(r.Missed) != 1 || r.Missed[0].Why != c.want || r.Eligible != c.due || r.EligibleOpen != c.openOnes {
			t.Errorf("%s: missed %+v, %d due, %d of them open; want %q, %d and %d", name, r.Missed, r.Eligible, r.EligibleOpen, c.want, c.due, c.openOnes)
		}
	}
}

func TestTwoRecalls(t *testing.T) {
	truths := []record.Truth{truth(1, same), truth(2, same), truth(3, hidden), truth(4, hidden)}
	for name, c := range map[string]struct {
		found     []record.Download
		open, all float64
		complaint string
	}{
		"all":             {[]record.Download{download(1, 99, 101), download(2, 99, 101), download(3, 99, 101), download(4, 99, 101)}, 1, 1, "<nil>"},
		"one hidden":      {[]record.Download{download(1, 99, 101), download(2, 99, 101), download(3, 99, 101)}, 1, 0.75, "<nil>"},
		"no hidden":       {[]record.Download{download(1, 99, 101), download(2, 99, 101)}, 1, 0.5, "recall 0.5000 with those that only dial out is below 0.7000"},
		"one open misses": {[]record.Download{download(1, 99, 101), download(3, 99, 101), download(4, 99, 101)}, 0.5, 0.75, "recall 0.5000 is below 0.9900"},
	} {
		r := Compare(c.found, truths, Options{RecallNAT: 0.7})
		if r.Recall() != c.open || r.RecallNAT() != c.all || fmt.Sprint(r.Err()) != c.complaint {
			t.Errorf("%s: recall %v and %v, error %v; want %v, %v, %s", name, r.Recall(), r.RecallNAT(), r.Err(), c.open, c.all, c.complaint)
		}
	}
	if r := Compare(nil, truths, Options{Recall: 0.6}); r.Options.RecallNAT != 0.6 {
		t.Errorf("recall with NAT is %v, want that without", r.Options.RecallNAT)
	}
}

func TestBudget(t *testing.T) {
	rude := func(t *record.Truth) {
		t.Client, t.Connects, t.KeepAlives = "BiglyBT", 5, 8
		t.Breaches = map[string]int64{"keep-alives": 2, "second": 1}
	}
	truths := []record.Truth{truth(1, rude), truth(2, rude), truth(3, func(t *record.Truth) { t.Client, t.Connects = "aria2", 7 })}
	found := []record.Download{download(1, 99, 101), download(2, 99, 101), download(3, 99, 101)}
	r := Compare(found, truths, Options{})
	if r.Breaches() != 6 || r.Err() == nil || r.Err().Error() != "6 breaches of manners, at most 0 wanted" {
		t.Errorf("%d breaches, error %v; want 6 and one that says so", r.Breaches(), r.Err())
	}
	for _, most := range []int64{6, -1} {
		if r := Compare(found, truths, Options{Breaches: most}); r.Err() != nil {
			t.Errorf("at most %d breaches: error %v, want none", most, r.Err())
		}
	}
	var b strings.Builder
	if err := r.Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"budget     6 breaches of manners; a peer got at most 7 connections in a minute of the play, and 8 keep-alives in one",
		"  breach       4  keep-alives, BiglyBT", "  breach       2  second, BiglyBT"} {
		if !strings.Contains(b.String(), text) {
			t.Errorf("report lacks %q:\n%s", text, b.String())
		}
	}
}

func TestHardSwarmIsDescribed(t *testing.T) {
	truths := []record.Truth{truth(1, same), truth(2, func(t *record.Truth) {
		hidden(t)
		t.Client, t.Holepunch, t.Encrypted, t.UTPOnly, t.Refused = "aria2", true, true, true, 3
	})}
	var b strings.Builder
	if err := Compare(nil, truths, Options{}).Print(&b); err != nil {
		t.Fatal(err)
	}
	for _, text := range []string{"1 behind a NAT (1 come out for a relay), 1 want encryption, 1 speak uTP only, 0 have IPv6", "3 connections were refused",
		"(aria2, takes no connections, dials, NAT, hole punching, encrypted, uTP only, met, 3 refused, crossed"} {
		if !strings.Contains(b.String(), text) {
			t.Errorf("report lacks %q:\n%s", text, b.String())
		}
	}
}

// reading is a settled one of peer n at a time, talk a conversation.
func reading(n int, s float64) Reading {
	return Reading{InfoHash: "aa", IP: ip(n), Port: uint16(20000 + n), From: at(s), To: at(s), Settled: true}
}

func talk(n int, from, to float64) Reading {
	return Reading{InfoHash: "aa", IP: ip(n), Port: 9, From: at(from), To: at(to)}
}

func TestSecondReadings(t *testing.T) {
	stays := func(t *record.Truth) { t.CrossedTS = time.Time{} }
	for name, c := range map[string]struct {
		change     func(*record.Truth)
		readings   []Reading
		due, given int
	}{
		"twice":                     {stays, []Reading{reading(1, 10), reading(1, 310)}, 1, 1},
		"too late":                  {stays, []Reading{reading(1, 10), reading(1, 311)}, 1, 0},
		"too soon":                  {stays, []Reading{reading(1, 10), reading(1, 69)}, 1, 0},
		"once":                      {stays, []Reading{reading(1, 10)}, 1, 0},
		"held":                      {stays, []Reading{reading(1, 10), talk(1, 8, 70)}, 1, 1},
		"held all the time":         {stays, []Reading{reading(1, 10), talk(1, 8, 599)}, 1, 1},
		"talked with later":         {stays, []Reading{reading(1, 10), talk(1, 8, 20), talk(1, 200, 220)}, 1, 1},
		"never read":                {stays, []Reading{talk(1, 8, 500), reading(2, 10)}, 0, 0},
		"left":                      {func(t *record.Truth) { stays(t); t.LeftTS = at(309) }, []Reading{reading(1, 10)}, 0, 0},
		"finished":                  {func(t *record.Truth) { t.CompletedTS = at(200) }, []Reading{reading(1, 10)}, 0, 0},
		"end of the play":           {stays, []Reading{reading(1, 301)}, 0, 0},
		"a seed":                    {func(t *record.Truth) { stays(t); t.Role = "seed" }, []Reading{reading(1, 10)}, 0, 0},
		"half the pace, twice":      {func(t *record.Truth) { stays(t); t.Pace = 0.5 }, []Reading{reading(1, 10), reading(1, 40)}, 1, 1},
		"half the pace, too late":   {func(t *record.Truth) { stays(t); t.Pace = 0.5 }, []Reading{reading(1, 10), reading(1, 161)}, 1, 0},
		"another at the same place": {stays, []Reading{reading(1, 10), {InfoHash: "bb", IP: ip(1), From: at(100), To: at(100)}}, 1, 0},
	} {
		s := SecondReadings(c.readings, []record.Truth{truth(1, c.change)}, 5*time.Minute, 0.95)
		if s.Due != c.due || s.Given != c.given || len(s.Missed) != c.due-c.given {
			t.Errorf("%s: %d of %d, want %d of %d", name, s.Given, s.Due, c.given, c.due)
		}
		if bad := s.Err(); (bad == nil) != (c.due == 1 && c.given == 1) || errors.Is(bad, ErrNoSecond) != (c.due == 0) {
			t.Errorf("%s: error %v", name, bad)
		}
	}
}

func TestSecondReadingsBehindOneAddress(t *testing.T) {
	stays := func(t *record.Truth) { t.CrossedTS = time.Time{} }
	other := truth(1, func(t *record.Truth) { stays(t); t.Port = 5 })
	dialledIn := talk(1, 200, 210)
	dialledIn.ListenPort = 5
	of5 := reading(1, 12)
	of5.Port = 5
	s := SecondReadings([]Reading{reading(1, 10), of5, dialledIn}, []record.Truth{truth(1, stays), other}, 5*time.Minute, 0.5)
	if s.Due != 2 || s.Given != 1 || s.Missed[0].Port != 20001 {
		t.Errorf("%d of %d, missed %v; want 1 of 2 without port 20001", s.Given, s.Due, s.Missed)
	}
	for _, text := range []string{"second     1 of 2 peers gave a second reading within 5m0s of the first (5m0s of the play): 0.5000, wanted 0.50", "  once     127.16.0.1 port 20001"} {
		if !strings.Contains(s.Text(), text) {
			t.Errorf("report lacks %q:\n%s", text, s.Text())
		}
	}
}

func TestLoadingReadings(t *testing.T) {
	dir := t.TempDir()
	lines, base := filepath.Join(dir, "lines.ndjson"), filepath.Join(dir, "swarm.db")
	have := int64(5)
	records := []record.Record{
		&record.Progress{InfoHash: "aa", IP: ip(1), Port: 7, ListenPort: 8, Settled: true},
		&record.Progress{InfoHash: "aa", IP: ip(1), Port: 7},
		&record.Visit{InfoHash: "aa", IP: ip(1), Port: 7, Have: &have, Stage: "settled", TookMS: 2500},
		&record.Visit{InfoHash: "aa", IP: ip(1), Port: 7, Have: &have, Stage: "open"},
		&record.Visit{InfoHash: "aa", IP: ip(1), Port: 7, Stage: "settled"},
	}
	f, err := os.Create(lines)
	if err != nil {
		t.Fatal(err)
	}
	w := record.NewWriter(f, "bt-probe", record.NewRun(), false)
	for _, r := range records {
		*r.Head() = record.Header{TS: at(50)}
		if err := w.Put(r); err != nil {
			t.Fatal(err)
		}
	}
	w.Close()
	f.Close()
	db, err := sql.Open("sqlite", base)
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range []string{
		"CREATE TABLE progress (infohash TEXT, ip TEXT, port INTEGER, listen_port INTEGER, ts TEXT, settled INTEGER)",
		"CREATE TABLE visit (infohash TEXT, ip TEXT, port INTEGER, listen_port INTEGER, ts TEXT, took_ms REAL, have INTEGER, stage TEXT)",
		"INSERT INTO progress VALUES ('aa', '127.16.0.1', 7, 8, '2026-11-21T03:01:20.000000Z', 1), ('aa', '127.16.0.1', 7, NULL, '2026-11-21T03:01:20.000000Z', 0)",
		"INSERT INTO visit VALUES ('aa', '127.16.0.1', 7, NULL, '2026-11-21T03:01:20.000000Z', 2500, 5, 'settled'), ('aa', '127.16.0.1', 7, NULL, '2026-11-21T03:01:20.000000Z', 1, 5, 'open')",
	} {
		if _, err := db.Exec(q); err != nil {
			t.Fatal(err)
		}
	}
	want := []Reading{{"aa", ip(1), 7, 8, at(50), at(50), true}, {"aa", ip(1), 7, 0, at(47.5), at(50), false}}
	for _, path := range []string{lines, base} {
		got, err := Readings(path)
		if err != nil || fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: got %v (%v), want %v", path, got, err, want)
		}
	}
	if _, err := db.Exec("UPDATE visit SET ip = 'd3b07384d113edec'"); err != nil {
		t.Fatal(err)
	}
	db.Close()
	if _, err := Readings(base); err == nil || !strings.Contains(err.Error(), "--keep-ip") {
		t.Errorf("a database without addresses: error %v, want one that says how to keep them", err)
	}
}
