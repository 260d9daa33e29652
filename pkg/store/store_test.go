package store

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"btkit/pkg/record"
)

// numbered makes n peer records with seq from 1, some 300 bytes each.
func numbered(n int) []string {
	pad := strings.Repeat("x", 200)
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf(`{"type":"peer","v":1,"by":"b","run":"r","seq":%d,"port":%d,"pad":%q}`, i+1, i%60000, pad)
	}
	return all
}

func hear(t *testing.T, s *Store, texts ...string) {
	t.Helper()
	for _, text := range texts {
		l, err := record.ParseLine([]byte(text))
		must(t, err)
		must(t, s.Hear(l))
	}
}

func TestRecordsAreStoredWhileInputPauses(t *testing.T) {
	path := tempDB(t)
	db := openDB(t, path, Options{})
	s := New(db, nil, nil, nil)
	tick := make(chan time.Time) // each send is taken before the next step
	done := make(chan struct{})
	go func() { defer close(done); s.Run(tick) }()

	hear(t, s, `{"type":"peer","port":1}`)
	tick <- time.Time{}
	for s.Counts().Stored < 1 { // ends only if the tick stores the row
		time.Sleep(time.Millisecond)
	}
	wantRows(t, path, "SELECT port FROM peer", "1")

	hear(t, s, `{"type":"peer","port":2}`, `{"type":"peer","port":3}`)
	s.Flush()
	wantRows(t, path, "SELECT port FROM peer", "1", "2", "3")
	s.Flush()
	s.EOF()
	<-done
	must(t, errors.Join(s.Err(), db.Close()))
}

func TestManyBatchesArriveWhole(t *testing.T) {
	path := tempDB(t)
	const n = 3*batchRows + 7
	if got, want := fill(t, path, Options{}, numbered(n)...), (Counts{Stored: n}); got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
	wantRows(t, path, "SELECT count(*), min(seq), max(seq), count(DISTINCT seq) FROM peer", fmt.Sprintf("%d|1|%d|%d", n, n, n))
}

// smallPages leaves room for the tables and about a batch and a half.
const smallPages = 400

func TestFullDatabaseWithoutSpill(t *testing.T) {
	path := tempDB(t)
	db := openDB(t, path, Options{MaxPages: smallPages})
	all := numbered(6 * batchRows)
	counts, err := feed(t, db, nil, nil, all...)
	must(t, db.Close())
	var p *Problem
	if !errors.Is(err, ErrFull) || !errors.As(err, &p) || !strings.Contains(p.Hint, "--spill") {
		t.Fatalf("got %v, want %v with a hint to --spill", err, ErrFull)
	}
	if counts.Stored == 0 || counts.Stored%batchRows != 0 || counts.Lost == 0 || counts.Spilled != 0 {
		t.Errorf("got %+v, want whole batches stored and some lost", counts)
	}
	if want := fmt.Sprintf("%d lines were not stored", counts.Lost); !strings.Contains(err.Error(), want) {
		t.Errorf("got %q, want it to say %q", err, want)
	}
	wantRows(t, path, "SELECT count(*), max(seq) FROM peer", fmt.Sprintf("%d|%d", counts.Stored, counts.Stored))
	wantRows(t, path, "PRAGMA integrity_check", "ok")
}

func TestFullDatabaseSpillsTheRest(t *testing.T) {
	path := tempDB(t)
	spill := &Spill{Path: filepath.Join(t.TempDir(), "rest.ndjson")}
	write(t, spill.Path, "cut sho") // left by a crash
	db := openDB(t, path, Options{MaxPages: smallPages})
	all := numbered(6 * batchRows)
	counts, err := feed(t, db, nil, spill, all...)
	must(t, db.Close())
	if !errors.Is(err, ErrFull) {
		t.Fatalf("got %v, want %v", err, ErrFull)
	}
	if counts.Lost != 0 || counts.Stored == 0 || counts.Stored+counts.Spilled != int64(len(all)) {
		t.Errorf("got %+v, want %d lines stored or spilled", counts, len(all))
	}
	text, err := os.ReadFile(spill.Path)
	must(t, err)
	want := "cut sho\n" + strings.Join(all[counts.Stored:], "\n") + "\n"
	if string(text) != want {
		t.Errorf("spill file has %d bytes, want the %d lines from number %d on, %d bytes", len(text), counts.Spilled, counts.Stored+1, len(want))
	}
	later := strings.Split(strings.TrimSpace(strings.TrimPrefix(string(text), "cut sho\n")), "\n")
	fill(t, path, Options{}, later...)
	wantRows(t, path, "SELECT count(*), count(DISTINCT seq), max(seq) FROM peer", fmt.Sprintf("%d|%[1]d|%[1]d", len(all)))
}

func TestWhatCannotBeOpenedIsSpilled(t *testing.T) {
	spill := &Spill{Path: filepath.Join(t.TempDir(), "rest.ndjson")}
	counts, err := feed(t, nil, ErrForeign, spill, `{"type":"peer"}`, `{ "no":"kind" }`)
	if want := (Counts{Spilled: 2}); counts != want || !errors.Is(err, ErrForeign) {
		t.Errorf("got %+v, %v; want %+v, %v", counts, err, want, ErrForeign)
	}
	text, err := os.ReadFile(spill.Path)
	must(t, err)
	if want := "{\"type\":\"peer\"}\n{ \"no\":\"kind\" }\n"; string(text) != want {
		t.Errorf("got %q, want %q", text, want)
	}
	if info, err := os.Stat(spill.Path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("spill file: got mode %v, want 0600", info.Mode())
	}
}

func TestSpillThatFailsLosesAndSaysSo(t *testing.T) {
	spill := &Spill{Path: filepath.Join(t.TempDir(), "no", "such", "folder")}
	counts, err := feed(t, nil, ErrForeign, spill, `{"type":"peer"}`)
	if counts.Lost == 0 || counts.Spilled != 0 {
		t.Errorf("got %+v, want a lost line", counts)
	}
	if !errors.Is(err, ErrForeign) || !errors.Is(err, os.ErrNotExist) {
		t.Errorf("got %v, want both causes", err)
	}
	counts, err = feed(t, nil, ErrForeign, nil, `{"type":"peer"}`)
	if counts.Lost == 0 || !errors.Is(err, ErrForeign) {
		t.Errorf("without a spill file: got %+v, %v", counts, err)
	}
}
