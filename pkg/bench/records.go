//go:build linux

package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"btkit/pkg/store"
)

// throughput compares how many records a second pass through the filters and
// into the database.
func (b *bench) throughput() (lines []line, err error) {
	if err := errors.Join(write(b.path("visit.ndjson"), b.records, (*madeUp).visit),
		write(b.path("progress.ndjson"), b.records, (*madeUp).progress)); err != nil {
		return nil, err
	}
	if b.has("jq", "nothing to compare the filters with") {
		if lines, err = b.filters(); err != nil {
			return nil, err
		}
	}
	if b.has("sqlite3", "nothing to compare bt-store with") {
		stored, err := b.stores()
		return append(lines, stored...), err
	}
	return lines, nil
}

// filters compares bt-confirm with jq, which does nothing but read and write.
func (b *bench) filters() ([]line, error) {
	confirm := filepath.Join(b.bin, "bt-confirm")
	run := func(kind, path string, args ...string) func() (sample, error) {
		return func() (sample, error) { return b.counted(exec.Command(path, args...), kind+".ndjson") }
	}
	var lines []line
	for _, c := range []struct{ kind, what, aim string }{
		{"visit", "pass-through (bt-confirm on visits) : jq -c .", ">= 10"},
		{"progress", "bt-confirm on readings : jq -c .", ""},
	} {
		all, err := race(b.rounds, run(c.kind, confirm, "-q"), run(c.kind, "jq", "-c", "."))
		if err != nil {
			return nil, err
		}
		lines = append(lines, rates(c.what, all[0], all[1], c.aim))
	}
	return lines, nil
}

// counted reads a file of records.
func (b *bench) counted(cmd *exec.Cmd, from string) (sample, error) {
	if from != "" {
		from = b.path(from)
	}
	s, err := timed(cmd, from, "")
	s.n = int64(b.records)
	return s, err
}

// stores compares bt-store with sqlite3's import of the same values as CSV:
// into a table that it makes itself, without types and keys, and into ours.
func (b *bench) stores() ([]line, error) {
	if err := writeCSV(b.path("visit.ndjson"), b.path("visit.csv"), "visit"); err != nil {
		return nil, err
	}
	all, err := race(b.rounds, b.store, b.importPlain, b.importSame)
	if err != nil {
		return nil, err
	}
	return []line{rates("bt-store : sqlite3 .import", all[0], all[1], ">= 1"),
		rates("bt-store : sqlite3 .import into the same tables", all[0], all[2], ">= 1")}, nil
}

func (b *bench) store() (sample, error) {
	db, err := b.newDB()
	if err != nil {
		return sample{}, err
	}
	return b.counted(exec.Command(filepath.Join(b.bin, "bt-store"), "-q", db), "visit.ndjson")
}

func (b *bench) importPlain() (sample, error) {
	db, err := b.newDB()
	if err != nil {
		return sample{}, err
	}
	return b.imported(db)
}

func (b *bench) importSame() (sample, error) {
	db, err := b.newDB()
	if err != nil {
		return sample{}, err
	}
	if err := os.WriteFile(b.path("schema.sql"), []byte(store.Schema()), 0o644); err != nil {
		return sample{}, fmt.Errorf("write schema: %w", err)
	}
	if _, err := timed(exec.Command("sqlite3", db), b.path("schema.sql"), ""); err != nil {
		return sample{}, err
	}
	return b.imported(db, "--skip", "1")
}

// imported reads the CSV file into a database.
func (b *bench) imported(db string, options ...string) (sample, error) {
	words := append([]string{".import", "--csv"}, options...)
	words = append(words, "'"+b.path("visit.csv")+"'", "visit")
	return b.counted(exec.Command("sqlite3", db, strings.Join(words, " ")), "")
}

// newDB gives the name of a database that does not exist yet.
func (b *bench) newDB() (string, error) {
	db := b.path("out.db")
	for _, name := range []string{db, db + "-wal", db + "-shm"} {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return "", fmt.Errorf("remove database: %w", err)
		}
	}
	return db, nil
}
