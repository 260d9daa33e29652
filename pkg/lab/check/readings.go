package check

import (
	"database/sql"
	"fmt"
	"net/netip"
	"os"
	"time"

	"btkit/pkg/record"
)

// settled is the stage of a conversation that told what the peer has.
const settled = "settled"

// Readings reads what the toolkit knew of peers, and when, from a database of
// bt-store that keeps addresses, or from a file of records.
func Readings(path string) (all []Reading, err error) {
	add := func(r Reading) { all = append(all, r) }
	f, isDatabase, err := open(path)
	if err != nil {
		return nil, fmt.Errorf("open readings %s: %w", path, cause(err))
	}
	defer f.Close()
	if isDatabase {
		err = withDatabase(path, func(db *sql.DB) error { return queryReadings(db, add) })
	} else {
		err = scanReadings(f, add)
	}
	if err != nil {
		return nil, fmt.Errorf("read readings of %s: %w", path, err)
	}
	return all, nil
}

func scanReadings(f *os.File, add func(Reading)) error {
	return each(f, func(line *record.Line) error {
		switch line.Type {
		case "progress":
			var p record.Progress
			if err := line.Decode(&p); err != nil {
				return err
			}
			if p.Settled {
				add(Reading{p.InfoHash, p.IP, p.Port, p.ListenPort, p.TS, p.TS, true})
			}
		case "visit":
			var v record.Visit
			if err := line.Decode(&v); err != nil {
				return err
			}
			if v.Have != nil && v.Stage == settled {
				add(conversation(Reading{InfoHash: v.InfoHash, IP: v.IP, Port: v.Port, ListenPort: v.ListenPort, To: v.TS}, v.TookMS))
			}
		}
		return nil
	})
}

// conversation gives a reading the begin of its conversation.
func conversation(r Reading, tookMS float64) Reading {
	r.From = r.To.Add(-time.Duration(tookMS * float64(time.Millisecond)))
	return r
}

func queryReadings(db *sql.DB, add func(Reading)) error {
	rows, err := db.Query(`SELECT infohash, coalesce(ip, ''), port, coalesce(listen_port, 0), ts, 0.0, 1 FROM progress WHERE settled
		UNION ALL SELECT infohash, coalesce(ip, ''), port, coalesce(listen_port, 0), ts, took_ms, 0 FROM visit WHERE have IS NOT NULL AND stage = 'settled'`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var r Reading
		var ip, ts string
		var took float64
		if err := rows.Scan(&r.InfoHash, &ip, &r.Port, &r.ListenPort, &ts, &took, &r.Settled); err != nil {
			return err
		}
		if r.IP, err = netip.ParseAddr(ip); err != nil {
			return fmt.Errorf("address of a reading: %w (bt-store --keep-ip keeps them)", err)
		}
		if r.To, err = time.Parse(time.RFC3339Nano, ts); err != nil {
			return err
		}
		add(conversation(r, took))
	}
	return rows.Err()
}
