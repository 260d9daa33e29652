package store

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"net/netip"
	"time"

	"btkit/pkg/record"
)

// Unfinished gives the records that continue a run: the torrents that have
// unfinished peers, then those peers with source "file". It needs a database
// that keeps addresses.
func Unfinished(ctx context.Context, path string, put func(record.Record) error) error {
	db, err := OpenReader(ctx, path)
	if err != nil {
		return err
	}
	defer db.Close()
	var way string
	if err := db.QueryRowContext(ctx, "SELECT value FROM meta WHERE name = 'addresses'").Scan(&way); err != nil {
		return explain("read", path, err)
	}
	if way != "kept" {
		return &Problem{fmt.Errorf("read peers from %q: %w: there they are %s", path, ErrAddresses, way),
			"peers can only be read from a database written with --keep-ip"}
	}
	if err := eachRow(ctx, db, putTorrent(put), `SELECT infohash, coalesce(infohash_v2, ''), coalesce(name, ''),
  coalesce(pieces, 0), coalesce(piece_bytes, 0), coalesce(bytes, 0), coalesce(need, 0), coalesce(trackers, '')
  FROM torrents WHERE infohash IN (SELECT infohash FROM unfinished) ORDER BY infohash`); err != nil {
		return fmt.Errorf("read torrents from %q: %w", path, err)
	}
	if err := eachRow(ctx, db, putPeer(put),
		`SELECT infohash, ip, port, ts FROM unfinished ORDER BY infohash, ts DESC, ip, port`); err != nil {
		return fmt.Errorf("read peers from %q: %w", path, err)
	}
	return nil
}

func eachRow(ctx context.Context, db *sql.DB, f func(*sql.Rows) error, query string) error {
	rows, err := db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		if err := f(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}

func putTorrent(put func(record.Record) error) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		t := record.Torrent{Source: "file"}
		var trackers string
		if err := rows.Scan(&t.InfoHash, &t.InfoHashV2, &t.Name, &t.Pieces, &t.PieceBytes, &t.Bytes, &t.Need,
			&trackers); err != nil {
			return err
		}
		if json.Unmarshal([]byte(trackers), &t.Trackers) != nil {
			t.Trackers = nil // none, or a stranger's list of something else
		}
		return put(&t)
	}
}

// putPeer says when the peer was last read: that is what the record rests on.
func putPeer(put func(record.Record) error) func(*sql.Rows) error {
	return func(rows *sql.Rows) error {
		p := record.Peer{Source: "file"}
		var ip, ts string
		if err := rows.Scan(&p.InfoHash, &ip, &p.Port, &ts); err != nil {
			return err
		}
		var err error
		if p.IP, err = netip.ParseAddr(ip); err != nil {
			return err
		}
		if p.TS, err = time.Parse(timeLayout, ts); err != nil {
			return err
		}
		return put(&p)
	}
}
