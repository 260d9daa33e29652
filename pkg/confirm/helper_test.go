package confirm

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"btkit/pkg/record"
)

const (
	hashA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	hashB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
	// idOne and idTwo have random tails, as clients make them.
	idOne = "2d7142343635302d4a1f9c03be7788d2e1054b6a"
	idTwo = "2d7142343635302d99c1047fe2306bd85a7713aa"
	// idPlain is one that many clients could share.
	idPlain = "2d5452333030302d000000000000000000000000"
)

var start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// second is a time on the tests' clock.
func second(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }

// change turns the usual reading into another one.
type change func(*record.Progress)

// see is a settled reading of 100 pieces with the threshold at 98, by default
// of one dialled peer, one conversation per reading.
func see(at float64, have int64, changes ...change) *record.Progress {
	p := &record.Progress{InfoHash: hashA, IP: netip.MustParseAddr("192.0.2.1"), Port: 6881, Session: uint64(at) + 1,
		Direction: "out", Have: have, Pieces: 100, Need: 98, PieceBytes: 262144, How: "bitfield", Settled: true, Complete: have == 100}
	p.TS, p.Run = second(at), "run1"
	for _, c := range changes {
		c(p)
	}
	return p
}

func torrentIs(hash string) change { return func(p *record.Progress) { p.InfoHash = hash } }
func session(n uint64) change      { return func(p *record.Progress) { p.Session = n } }
func need(n int64) change          { return func(p *record.Progress) { p.Need = n } }
func pieces(n int64) change        { return func(p *record.Progress) { p.Pieces = n } }
func how(word string) change       { return func(p *record.Progress) { p.How = word } }
func unsettled(p *record.Progress) { p.Settled = false }
func hiding(p *record.Progress)    { p.SuperSeed = true }
func uploadOnly(p *record.Progress) {
	p.UploadOnly = record.Bool(true)
}

func partialSeeding(p *record.Progress) {
	uploadOnly(p)
	p.PartialSeed = true
}

// began is a conversation that began with no piece.
var began = how("have-none")

func from(addr string) change {
	to := netip.MustParseAddrPort(addr)
	return func(p *record.Progress) { p.IP, p.Port = to.Addr(), to.Port() }
}

// inbound is a connection that the peer opened, from some port, naming the
// port it listens on, or 0 for none.
func inbound(addr string, listens uint16) change {
	return func(p *record.Progress) {
		from(addr)(p)
		p.Direction, p.ListenPort = "in", listens
	}
}

func client(id, name string) change {
	return func(p *record.Progress) { p.PeerID, p.Client = id, name }
}

// feed gives readings to a fold and returns all that followed.
func feed(f *Fold, readings ...*record.Progress) (out []record.Record) {
	for _, p := range readings {
		out = append(out, f.Reading(p)...)
	}
	return out
}

func downloads(records []record.Record) (all []*record.Download) {
	for _, r := range records {
		if d, ok := r.(*record.Download); ok {
			all = append(all, d)
		}
	}
	return all
}

func regressions(records []record.Record) (all []*record.Regression) {
	for _, r := range records {
		if d, ok := r.(*record.Regression); ok {
			all = append(all, d)
		}
	}
	return all
}

// text is records as lines, to compare them whole.
func text(records []record.Record) string {
	var b strings.Builder
	for _, r := range records {
		fmt.Fprintf(&b, "%s\n", record.Append(nil, r))
	}
	return b.String()
}

// tallyOf is the tally of one torrent, without its header.
func tallyOf(t *testing.T, f *Fold, hash string) record.Tally {
	t.Helper()
	for _, tally := range f.Tallies() {
		if tally.InfoHash == hash {
			return *tally
		}
	}
	t.Fatalf("got no tally of %s, want one", hash)
	return record.Tally{}
}
