package store

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"btkit/pkg/record"
)

var testKey = []byte("0123456789abcdef0123456789abcdef")

func tempDB(t testing.TB) string { return filepath.Join(t.TempDir(), "out.db") }

func openDB(t testing.TB, path string, o Options) *DB {
	t.Helper()
	if !o.KeepIP && o.Key == nil {
		o.Key = testKey
	}
	db, err := Open(context.Background(), path, o)
	if err != nil {
		t.Fatalf("Open: %v", err)
	}
	return db
}

// feed stores lines and gives the counts and the error. Bad lines fail the test.
func feed(t testing.TB, db *DB, failure error, spill *Spill, lines ...string) (Counts, error) {
	t.Helper()
	s := New(db, failure, spill, nil)
	done := make(chan struct{})
	go func() { defer close(done); s.Run(nil) }()
	for _, text := range lines {
		l, err := record.ParseLine([]byte(text))
		if err != nil {
			t.Fatalf("ParseLine(%s): %v", text, err)
		}
		if err := s.Hear(l); errors.Is(err, record.ErrNotRecord) {
			t.Fatalf("Hear(%s): %v", text, err)
		} else if err != nil {
			break
		}
	}
	s.EOF()
	<-done
	return s.Counts(), s.Err()
}

// fill makes or extends a database that holds the lines.
func fill(t testing.TB, path string, o Options, lines ...string) Counts {
	t.Helper()
	db := openDB(t, path, o)
	counts, err := feed(t, db, nil, nil, lines...)
	if err := errors.Join(err, db.Close()); err != nil {
		t.Fatalf("store: %v", err)
	}
	return counts
}

// query gives all rows, columns joined by "|" as the sqlite3 shell does.
func query(t testing.TB, path, text string) []string {
	t.Helper()
	db, err := OpenReader(context.Background(), path)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	rows, err := db.Query(text)
	if err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	defer rows.Close()
	var all []string
	for rows.Next() {
		all = append(all, strings.Join(scanRow(t, rows), "|"))
	}
	if err := rows.Err(); err != nil {
		t.Fatalf("%s: %v", text, err)
	}
	return all
}

func scanRow(t testing.TB, rows *sql.Rows) []string {
	t.Helper()
	columns, err := rows.Columns()
	if err != nil {
		t.Fatal(err)
	}
	values := make([]sql.NullString, len(columns))
	into := make([]any, len(columns))
	for i := range values {
		into[i] = &values[i]
	}
	if err := rows.Scan(into...); err != nil {
		t.Fatal(err)
	}
	texts := make([]string, len(values))
	for i, v := range values {
		texts[i] = v.String
	}
	return texts
}

func wantRows(t testing.TB, path, text string, want ...string) {
	t.Helper()
	got := query(t, path, text)
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("%s\ngot  %q\nwant %q", text, got, want)
	}
}

var testTime = time.Date(2026, 11, 20, 23, 1, 2, 123456000, time.UTC)

// lines writes records as a command would.
func lines(records ...record.Record) []string {
	var all []string
	for i, r := range records {
		h := r.Head()
		for _, kind := range record.Kinds() {
			if sample := record.New(kind); sameType(sample, r) {
				h.Type = kind
			}
		}
		h.V, h.By, h.Run, h.Seq = 1, "bt-test", "00000000000000aa", uint64(i+1)
		if h.TS.IsZero() {
			h.TS = testTime.Add(time.Duration(i) * time.Second)
		}
		all = append(all, string(record.Append(nil, r)))
	}
	return all
}
