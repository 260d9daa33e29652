package store

import (
	"errors"
	"fmt"
	"io/fs"
	"regexp"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"
)

// Problem is an error about a database with what to do about it.
type Problem struct {
	Err  error
	Hint string
}

func (p *Problem) Error() string { return p.Err.Error() }
func (p *Problem) Unwrap() error { return p.Err }

// Errors that callers tell apart.
var (
	// ErrForeign: the file is not a database of this toolkit.
	ErrForeign = errors.New("not a database of bt-store")
	// ErrNewer: a newer version has written the database.
	ErrNewer = errors.New("written by a newer version of bt-store")
	// ErrAddresses: the database keeps addresses in the other way.
	ErrAddresses = errors.New("addresses are kept in another way")
	// ErrLocked: another process has held the database for too long.
	ErrLocked = errors.New("locked by another process")
	// ErrFull: there is no room for more.
	ErrFull = errors.New("disk or database is full")
)

// codes maps SQLite's primary result codes to what people can do about them.
var codes = map[int]Problem{
	sqlite3.SQLITE_BUSY:     {ErrLocked, "end the other process that writes to it, or wait for it"},
	sqlite3.SQLITE_LOCKED:   {ErrLocked, "end the other process that writes to it, or wait for it"},
	sqlite3.SQLITE_FULL:     {ErrFull, "make room on the disk, or give another database"},
	sqlite3.SQLITE_NOTADB:   {ErrForeign, "give the name of a new file"},
	sqlite3.SQLITE_CORRUPT:  {nil, "the file is damaged: keep a copy, then try: sqlite3 FILE .recover"},
	sqlite3.SQLITE_CANTOPEN: {nil, "the folder must exist, and you must be allowed to write in it"},
	sqlite3.SQLITE_READONLY: {nil, "you must be allowed to write the file and in its folder"},
	sqlite3.SQLITE_PERM:     {nil, "you must be allowed to write the file and in its folder"},
	sqlite3.SQLITE_IOERR:    {nil, "the disk, a quota or a file size limit refused it; look at the system's log"},
}

// explain says step and object of an error, and adds the hint for its code.
func explain(step, path string, err error) error {
	var known *Problem
	if err == nil || errors.As(err, &known) {
		return err
	}
	wrapped := fmt.Errorf("%s %q: %w", step, path, plain(err))
	var coded *sqlite.Error
	if !errors.As(err, &coded) {
		return wrapped
	}
	code, ok := codes[coded.Code()&0xff]
	if !ok {
		return wrapped
	}
	if code.Err != nil {
		wrapped = fmt.Errorf("%s %q: %w", step, path, code.Err)
	}
	return &Problem{Err: wrapped, Hint: code.Hint}
}

// codeMark is how the driver ends its errors.
var codeMark = regexp.MustCompile(`( \(\d+\))?( \(SQLITE_\w+\))?$`)

// plain is an error without what says nothing to people: the step and the path that
// package os puts in front, the driver's numbers behind.
func plain(err error) error {
	var at *fs.PathError
	var coded *sqlite.Error
	switch {
	case errors.As(err, &at):
		return at.Err
	case errors.As(err, &coded):
		return errors.New(codeMark.ReplaceAllString(err.Error(), ""))
	}
	return err
}
