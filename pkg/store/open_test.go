package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"os"
	"testing"
	"time"
)

func TestOpenRefusesForeignFiles(t *testing.T) {
	cases := map[string]struct {
		make func(t *testing.T, path string)
		want error
	}{
		"text":             {func(t *testing.T, path string) { write(t, path, "hello, this is not a database\n") }, ErrForeign},
		"short":            {func(t *testing.T, path string) { write(t, path, "x") }, ErrForeign},
		"folder":           {func(t *testing.T, path string) { must(t, os.Mkdir(path, 0o755)) }, ErrForeign},
		"another program":  {func(t *testing.T, path string) { sqlExec(t, path, "CREATE TABLE mine (x)") }, ErrForeign},
		"another id":       {func(t *testing.T, path string) { sqlExec(t, path, "PRAGMA application_id = 5") }, ErrForeign},
		"a newer version":  {newer, ErrNewer},
		"header, then not": {func(t *testing.T, path string) { write(t, path, "SQLite format 3\x00 and so on") }, ErrForeign},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			path := tempDB(t)
			c.make(t, path)
			before, _ := os.ReadFile(path)
			_, err := Open(context.Background(), path, Options{KeepIP: true})
			if !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			var p *Problem
			if !errors.As(err, &p) || p.Hint == "" {
				t.Errorf("%v comes without a hint", err)
			}
			if after, _ := os.ReadFile(path); !bytes.Equal(before, after) {
				t.Error("the file was changed")
			}
		})
	}
}

func newer(t *testing.T, path string) {
	fill(t, path, Options{})
	sqlExec(t, path, "PRAGMA user_version = 99")
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func write(t *testing.T, path, text string) {
	t.Helper()
	must(t, os.WriteFile(path, []byte(text), 0o644))
}

// sqlExec does with the file what another program would.
func sqlExec(t *testing.T, path, text string) {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	must(t, err)
	_, err = db.Exec(text)
	must(t, errors.Join(err, db.Close()))
}

func TestOpenTakesEmptyFiles(t *testing.T) {
	path := tempDB(t)
	write(t, path, "")
	fill(t, path, Options{}, `{"type":"peer"}`)
	wantRows(t, path, "SELECT count(*) FROM peer", "1")
	wantRows(t, path, "PRAGMA journal_mode", "wal")
}

func TestOpenNeedsTheFolder(t *testing.T) {
	_, err := Open(context.Background(), tempDB(t)+"/no/such", Options{KeepIP: true})
	if err == nil {
		t.Fatal("opened a file in a folder that does not exist")
	}
	if _, err := OpenReader(context.Background(), tempDB(t)); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("reader of a missing file: got %v, want %v", err, os.ErrNotExist)
	}
}

func TestAddressesAreNotMixed(t *testing.T) {
	for name, first := range map[string]bool{"kept first": true, "hashed first": false} {
		t.Run(name, func(t *testing.T) {
			path := tempDB(t)
			fill(t, path, Options{KeepIP: first}, `{"type":"peer","ip":"127.0.0.1"}`)
			_, err := Open(context.Background(), path, Options{KeepIP: !first, Key: testKey})
			if !errors.Is(err, ErrAddresses) {
				t.Errorf("got %v, want %v", err, ErrAddresses)
			}
			fill(t, path, Options{KeepIP: first}, `{"type":"peer","ip":"127.0.0.1"}`)
			wantRows(t, path, "SELECT count(DISTINCT ip) FROM peer", "1")
		})
	}
}

func TestAnotherKeyIsNoticed(t *testing.T) {
	path := tempDB(t)
	fill(t, path, Options{}, `{"type":"peer","ip":"127.0.0.1"}`)
	for _, c := range []struct {
		name string
		key  string
		want bool
	}{
		{"same key", string(testKey), false},
		{"other key", "another key, of the right length", true},
		{"other key again", "another key, of the right length", false},
	} {
		db := openDB(t, path, Options{Key: []byte(c.key)})
		if db.OtherKey != c.want {
			t.Errorf("%s: OtherKey is %v, want %v", c.name, db.OtherKey, c.want)
		}
		must(t, db.Close())
	}
	if _, err := Open(context.Background(), path, Options{Key: []byte("short")}); err == nil {
		t.Error("a short key was taken")
	}
}

func TestLockedDatabaseIsSaid(t *testing.T) {
	path := tempDB(t)
	fill(t, path, Options{})
	db := openDB(t, path, Options{Busy: time.Millisecond})
	other, err := sql.Open("sqlite", path+"?_txlock=immediate")
	must(t, err)
	tx, err := other.Begin()
	must(t, err)

	if _, err := Open(context.Background(), path, Options{Busy: time.Millisecond, Key: testKey}); !errors.Is(err, ErrLocked) {
		t.Errorf("open: got %v, want %v", err, ErrLocked)
	}
	if _, err := feed(t, db, nil, nil, `{"type":"peer"}`); !errors.Is(err, ErrLocked) {
		t.Errorf("store: got %v, want %v", err, ErrLocked)
	}
	must(t, tx.Rollback())
	if _, err := feed(t, db, nil, nil, `{"type":"peer"}`); err != nil {
		t.Errorf("after the lock: %v", err)
	}
	must(t, errors.Join(other.Close(), db.Close()))
}

func TestOldDatabaseGetsNewColumns(t *testing.T) {
	path := tempDB(t)
	fill(t, path, Options{})
	for _, v := range Views() {
		sqlExec(t, path, "DROP VIEW "+v.Name)
	}
	sqlExec(t, path, "ALTER TABLE visit DROP COLUMN client; CREATE VIEW funnel AS SELECT 1")
	fill(t, path, Options{}, `{"type":"visit","client":"Test 1.0","stage":"open","direction":"out","ip":"127.0.0.1","port":1}`)
	wantRows(t, path, "SELECT client FROM visit", "Test 1.0")
	wantRows(t, path, "SELECT max(step) FROM funnel", "4")
}
