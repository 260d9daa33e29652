package store

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"os"
	"time"
)

// applicationID marks our databases in SQLite's header: "btkt".
const applicationID = 0x62746b74

// schemaVersion grows only when an old program would misread the database.
// New columns do not count: they are added when the database is opened.
const schemaVersion = 1

// defaultBusy is how long another writer is waited for.
const defaultBusy = 10 * time.Second

// Options say how a database is opened. The zero value hides addresses under
// no key at all; give Key or KeepIP.
type Options struct {
	// KeepIP stores addresses and peer ids as they are.
	KeepIP bool
	// Key for hashing them, KeyBytes long; unused with KeepIP.
	Key []byte
	// Busy is how long to wait for another process's transaction, 10 s if zero.
	Busy time.Duration
	// MaxPages bounds the database to so many pages of 4096 bytes; 0 is no bound.
	MaxPages int64
}

// DB is an open database with one writer.
type DB struct {
	// OtherKey says that earlier rows were hashed under another key: their
	// addresses do not match those of this run.
	OtherKey bool

	path  string
	pool  *sql.DB
	conn  *sql.Conn // the one connection
	veil  *veil
	write *inserter
}

// Open opens the database for writing, and makes it if the file is missing or
// empty. Anything else in that place is an error and stays untouched.
func Open(ctx context.Context, path string, o Options) (*DB, error) {
	if !o.KeepIP && len(o.Key) != KeyBytes {
		return nil, fmt.Errorf("open %q: key has %d bytes, expected %d", path, len(o.Key), KeyBytes)
	}
	if o.Busy == 0 {
		o.Busy = defaultBusy
	}
	if err := checkFile(ctx, path, o.Busy, true); err != nil {
		return nil, err
	}
	d := &DB{path: path}
	if !o.KeepIP {
		d.veil = newVeil(o.Key)
	}
	if err := d.connect(ctx, o); err != nil {
		return nil, errors.Join(err, d.Close())
	}
	return d, nil
}

func (d *DB) connect(ctx context.Context, o Options) error {
	pragmas := []string{"journal_mode(WAL)", "synchronous(FULL)", "cache_size(-16000)", "wal_autocheckpoint(4000)"}
	if o.MaxPages > 0 {
		pragmas = append(pragmas, fmt.Sprintf("max_page_count(%d)", o.MaxPages))
	}
	var err error
	if d.pool, d.conn, err = dial(ctx, d.path, o.Busy, "rwc", pragmas...); err != nil {
		return explain("open", d.path, err)
	}
	if err := d.migrate(ctx, o); err != nil {
		return explain("open", d.path, err)
	}
	d.write = newInserter(Tables())
	return nil
}

// Close ends the connection.
func (d *DB) Close() error {
	var errs []error
	if d.conn != nil {
		if d.write != nil {
			errs = append(errs, d.write.close())
		}
		errs = append(errs, d.conn.Close())
	}
	if d.pool != nil {
		errs = append(errs, d.pool.Close())
	}
	return explain("close", d.path, errors.Join(errs...))
}

// OpenReader opens a database for queries only. It fails if there is none.
func OpenReader(ctx context.Context, path string) (*sql.DB, error) {
	if _, err := os.Stat(path); err != nil {
		return nil, explain("open", path, err)
	}
	if err := checkFile(ctx, path, defaultBusy, false); err != nil {
		return nil, err
	}
	pool, conn, err := dial(ctx, path, defaultBusy, "ro")
	if err != nil {
		return nil, explain("open", path, err)
	}
	return pool, conn.Close()
}

// dial makes the one connection. Writers begin with the write lock, so that
// none of them fails half-way for want of it.
func dial(ctx context.Context, path string, busy time.Duration, mode string, pragmas ...string) (*sql.DB, *sql.Conn, error) {
	q := url.Values{"mode": {mode}, "_txlock": {"immediate"}}
	q.Add("_pragma", fmt.Sprintf("busy_timeout(%d)", busy.Milliseconds()))
	for _, p := range pragmas {
		q.Add("_pragma", p)
	}
	name := (&url.URL{Scheme: "file", Opaque: (&url.URL{Path: path}).EscapedPath(), RawQuery: q.Encode()}).String()
	pool, err := sql.Open("sqlite", name)
	if err != nil {
		return nil, nil, err
	}
	pool.SetMaxOpenConns(1)
	conn, err := pool.Conn(ctx)
	if err != nil {
		return nil, nil, errors.Join(err, pool.Close())
	}
	return pool, conn, nil
}

// checkFile refuses what is not ours before anything is written. A database
// without tables counts as new if mayBeNew.
func checkFile(ctx context.Context, path string, busy time.Duration, mayBeNew bool) error {
	isNew, err := checkMagic(path)
	if err != nil || isNew {
		return err
	}
	pool, conn, err := dial(ctx, path, busy, "rw")
	if err != nil {
		return explain("open", path, err)
	}
	defer pool.Close()
	defer conn.Close()
	var id, version, tables int
	for query, into := range map[string]*int{"PRAGMA application_id": &id, "PRAGMA user_version": &version,
		"SELECT count(*) FROM sqlite_schema": &tables} {
		if err := conn.QueryRowContext(ctx, query).Scan(into); err != nil {
			return explain("open", path, err)
		}
	}
	switch {
	case tables == 0 && id == 0 && mayBeNew:
		return nil
	case id != applicationID:
		return foreign(path, "a SQLite database of another program")
	case version > schemaVersion:
		return &Problem{fmt.Errorf("open %q: %w (schema %d, this is %d)", path, ErrNewer, version, schemaVersion),
			"use that version, or another file"}
	}
	return nil
}

// checkMagic looks at the first bytes. A missing or empty file is new.
func checkMagic(path string) (isNew bool, err error) {
	f, err := os.Open(path)
	if errors.Is(err, fs.ErrNotExist) {
		return true, nil
	}
	if err != nil {
		return false, explain("open", path, err)
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return false, explain("open", path, err)
	}
	if !info.Mode().IsRegular() {
		return false, foreign(path, "not a regular file")
	}
	if info.Size() == 0 {
		return true, nil
	}
	magic := []byte("SQLite format 3\x00")
	begin := make([]byte, len(magic))
	if _, err := io.ReadFull(f, begin); err != nil || !bytes.Equal(begin, magic) {
		return false, foreign(path, "not a SQLite database")
	}
	return false, nil
}

func foreign(path, what string) error {
	return &Problem{fmt.Errorf("open %q: %w: %s", path, ErrForeign, what), "give the name of a new file"}
}
