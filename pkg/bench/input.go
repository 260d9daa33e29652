//go:build linux

package main

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"time"

	"btkit/pkg/record"
	"btkit/pkg/store"
)

// began is when the made-up measurement began.
var began = time.Date(2026, 11, 20, 20, 0, 0, 0, time.UTC)

// swarmSize is how many peers the made-up records tell of.
const swarmSize = 20000

// madeUp is one reading or visit of a made-up peer.
type madeUp struct {
	chance *rand.Rand
	i      int
}

func (m *madeUp) peer() int     { return m.i % swarmSize }
func (m *madeUp) at() time.Time { return began.Add(time.Duration(m.i) * 777 * time.Microsecond) }
func (m *madeUp) ip() netip.Addr {
	p := m.peer()
	return netip.AddrFrom4([4]byte{127, byte(p >> 14), byte(p >> 7 & 127), byte(p&127 + 1)})
}

// peerID is the same in every round.
func (m *madeUp) peerID() string {
	return fmt.Sprintf("2d7142343635302d%024x", uint64(m.peer()+1)*0x9e3779b97f4a7c15)
}

// have grows with every round.
func (m *madeUp) have() int64 { return min(pieces, int64(m.peer()*7%900+m.i/swarmSize*40)) }

func (m *madeUp) visit() record.Record {
	v := &record.Visit{InfoHash: infohash(m.peer() % 8), IP: m.ip(), Port: uint16(6881 + m.peer()%1000), Session: uint64(m.i),
		Direction: "out", N: int64(m.i/swarmSize + 1), Transport: "tcp", Crypto: "plain", Outcome: "ok", Stage: "settled",
		TookMS: 3000 + 100*m.chance.Float64(), RttMS: 200 * m.chance.Float64(), Have: record.Int(m.have()), Pieces: pieces,
		PeerID: m.peerID(), Client: "qBittorrent/4.6.5", Reserved: "0000000000180005", ListenPort: uint16(6881 + m.peer()%1000),
		Messages: map[string]int64{"bitfield": 1, "extended": 2, "have": m.chance.Int64N(50), "unchoke": 1},
		RxBytes:  400 + m.chance.Int64N(1000), TxBytes: 220}
	v.TS = m.at()
	return v
}

func (m *madeUp) progress() record.Record {
	p := &record.Progress{InfoHash: infohash(m.peer() % 8), IP: m.ip(), Port: uint16(6881 + m.peer()%1000), Session: uint64(m.i),
		Direction: "out", ListenPort: uint16(6881 + m.peer()%1000), PeerID: m.peerID(), Client: "qBittorrent/4.6.5",
		Have: m.have(), Pieces: pieces, Need: pieces * 98 / 100, PieceBytes: 1 << 18, How: "bitfield", Settled: true,
		Complete: m.have() == pieces}
	p.TS = m.at()
	return p
}

// write makes a file of n records.
func write(path string, n int, next func(*madeUp) record.Record) error {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("make records: %w", err)
	}
	buffered := bufio.NewWriterSize(f, 1<<20)
	w := newWriter(buffered)
	m := &madeUp{chance: rand.New(rand.NewPCG(7, 7))}
	for m.i = range n {
		if err = w.Put(next(m)); err != nil {
			break
		}
	}
	return errors.Join(err, w.Close(), buffered.Flush(), f.Close())
}

// writeCSV makes of a file of records one with the columns of their table.
func writeCSV(from, to, kind string) error {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("make CSV: %w", err)
	}
	defer in.Close()
	f, err := os.Create(to)
	if err != nil {
		return fmt.Errorf("make CSV: %w", err)
	}
	out := csv.NewWriter(bufio.NewWriterSize(f, 1<<20))
	columns := columnsOf(kind)
	err = errors.Join(out.Write(columns), copyRows(record.NewReader(in), out, columns))
	out.Flush()
	return errors.Join(err, out.Error(), f.Close())
}

func columnsOf(kind string) (names []string) {
	for _, t := range store.Tables() {
		if t.Name == kind {
			for _, c := range t.Columns {
				names = append(names, c.Name)
			}
		}
	}
	return names
}

func copyRows(in *record.Reader, out *csv.Writer, columns []string) error {
	var l record.Line
	row := make([]string, len(columns))
	for in.Next(&l) == nil {
		for i, name := range columns {
			text, ok := l.Text(name)
			if !ok {
				text = string(l.Get(name))
			}
			row[i] = text
		}
		if err := out.Write(row); err != nil {
			return fmt.Errorf("make CSV: %w", err)
		}
	}
	return nil
}
