package check

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/netip"
	"net/url"
	"os"
	"path/filepath"
	"time"

	_ "modernc.org/sqlite" // the driver of the databases that are read

	"btkit/pkg/record"
)

var sqliteMagic = []byte("SQLite format 3\x00")

// Downloads reads the download records of a database of bt-store, or of a file of
// records. An address that the database keeps as a hash comes out invalid.
func Downloads(path string) ([]record.Download, error) {
	f, isDatabase, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("open downloads %s: %w", path, cause(err))
	}
	defer f.Close()
	if isDatabase {
		return fromDatabase(path)
	}
	var all []record.Download
	err = each(f, func(line *record.Line) error {
		var d record.Download
		if line.Type != "download" {
			return nil
		}
		if err := line.Decode(&d); err != nil {
			return err
		}
		all = append(all, d)
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read downloads of %s: %w", path, err)
	}
	return all, nil
}

// open opens a file and says whether it is a database.
func open(path string) (f *os.File, isDatabase bool, err error) {
	if f, err = os.Open(path); err != nil {
		return nil, false, err
	}
	head := make([]byte, len(sqliteMagic))
	if _, err := io.ReadFull(f, head); err == nil && bytes.Equal(head, sqliteMagic) {
		return f, true, nil
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return nil, false, errors.Join(err, f.Close())
	}
	return f, false, nil
}

// Truths reads the truth records of a file.
func Truths(path string) ([]record.Truth, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open truth %s: %w", path, cause(err))
	}
	defer f.Close()
	var all []record.Truth
	err = each(f, func(line *record.Line) error {
		var t record.Truth
		if line.Type != "truth" {
			return nil
		}
		if err := line.Decode(&t); err != nil {
			return err
		}
		all = append(all, t)
		return nil
	})
	if err == nil && len(all) == 0 {
		err = errors.New("no truth record in it")
	}
	if err != nil {
		return nil, fmt.Errorf("read truth of %s: %w", path, err)
	}
	return all, nil
}

// cause is an error without the step and the path that package os puts in front.
func cause(err error) error {
	var at *fs.PathError
	if errors.As(err, &at) {
		return at.Err
	}
	return err
}

// each calls f with every record; a line that is no record is an error.
func each(in io.Reader, f func(*record.Line) error) error {
	r := record.NewReader(in)
	var line record.Line
	for {
		err := r.Next(&line)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f(&line); err != nil {
			return fmt.Errorf("line %d: %w", r.Number(), err)
		}
	}
}

func fromDatabase(path string) (all []record.Download, err error) {
	err = withDatabase(path, func(db *sql.DB) error {
		all, err = query(db)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read downloads of database %s: %w", path, err)
	}
	return all, nil
}

// withDatabase opens a database for reading.
func withDatabase(path string, f func(*sql.DB) error) error {
	whole, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	name := url.URL{Scheme: "file", Path: whole, RawQuery: "mode=ro&_pragma=busy_timeout(10000)"}
	db, err := sql.Open("sqlite", name.String())
	if err != nil {
		return err
	}
	defer db.Close()
	return f(db)
}

func query(db *sql.DB) ([]record.Download, error) {
	crossed, err := crossedColumn(db)
	if err != nil {
		return nil, err
	}
	rows, err := db.Query("SELECT infohash, coalesce(ip, ''), coalesce(port, 0), below_ts, above_ts, " + crossed + " FROM download")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var all []record.Download
	for rows.Next() {
		var d record.Download
		var ip, below, above, crossed string
		if err := rows.Scan(&d.InfoHash, &ip, &d.Port, &below, &above, &crossed); err != nil {
			return nil, err
		}
		d.IP, _ = netip.ParseAddr(ip)
		if d.BelowTS, err = time.Parse(time.RFC3339Nano, below); err != nil {
			return nil, err
		}
		if d.AboveTS, err = time.Parse(time.RFC3339Nano, above); err != nil {
			return nil, err
		}
		if d.CrossedTS, err = time.Parse(time.RFC3339Nano, crossed); err != nil {
			return nil, err
		}
		all = append(all, d)
	}
	return all, rows.Err()
}

// crossedColumn is the SQL for the time of crossing: an old database has no such
// column, or none in its old rows.
func crossedColumn(db *sql.DB) (string, error) {
	var n int
	err := db.QueryRow("SELECT count(*) FROM pragma_table_info('download') WHERE name = 'crossed_ts'").Scan(&n)
	if n == 0 {
		return "above_ts", err
	}
	return "coalesce(crossed_ts, above_ts)", err
}
