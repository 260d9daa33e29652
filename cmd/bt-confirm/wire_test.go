package main

import (
	"net/netip"
	"testing"
	"time"

	"btkit/pkg/confirm"
	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

const (
	hashV1 = "0123456789abcdef0123456789abcdef01234567"
	hashV2 = "fedcba9876543210fedcba9876543210fedcba98fedcba9876543210fedcba98"
	pieces = 1000 // the threshold is at 980
)

// watch is one peer that is visited again and again; what it says goes from the
// wire through the readings to the count.
type watch struct {
	t       *testing.T
	fold    *confirm.Fold
	torrent *visit.Torrent
	now     time.Time
	session uint64
	c       *visit.Conversation
	decoder peerwire.Decoder
	found   []*record.Download
}

func watchOf(t *testing.T) *watch {
	t.Helper()
	r := &record.Torrent{InfoHash: hashV1, InfoHashV2: hashV2, Pieces: pieces}
	torrent, err := visit.NewTorrent(r)
	if err != nil {
		t.Fatal(err)
	}
	w := &watch{t: t, fold: confirm.NewFold(confirm.Options{}), torrent: torrent, now: time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)}
	w.fold.Torrent(r)
	return w
}

// visit begins a conversation about a torrent, in whose handshake the peer
// answers with an info-hash.
func (w *watch) visit(about *visit.Torrent, answered [20]byte, reserved uint64) *watch {
	w.leave()
	w.session++
	w.c = visit.New(visit.Start{Torrent: about, Addr: netip.MustParseAddrPort("192.0.2.1:6881"), Session: w.session,
		Direction: visit.Out, At: w.now, Rules: visit.DefaultRules()})
	w.decoder = peerwire.Decoder{}
	w.c.Connected(w.now)
	w.c.Greeted(w.now, peerwire.Handshake{Reserved: peerwire.Reserved(reserved), InfoHash: answered, PeerID: [20]byte([]byte("-XX3000-abcdefghijkl"))})
	return w
}

func (w *watch) begin() *watch {
	return w.visit(w.torrent, w.torrent.InfoHash, peerwire.BitFast|peerwire.BitExt)
}

// say is what the peer sends so many seconds after what was before.
func (w *watch) say(after float64, frames ...[]byte) *watch {
	w.pass(after)
	for _, frame := range frames {
		err := w.decoder.Feed(frame, func(m peerwire.Message) error {
			err := w.c.Hear(w.now, m)
			w.count(w.c.Progress(w.now))
			return err
		})
		if err != nil {
			w.t.Fatalf("got %v, want no error", err)
		}
	}
	return w
}

// pass lets time pass; the reading is asked whenever it is due.
func (w *watch) pass(seconds float64) *watch {
	until := w.now.Add(time.Duration(seconds * float64(time.Second)))
	for due := w.c.Due(); !due.IsZero() && due.Before(until); due = w.c.Due() {
		if due.After(w.now) {
			w.now = due
		}
		w.count(w.c.Progress(w.now))
	}
	w.now = until
	w.count(w.c.Progress(w.now))
	return w
}

// leave ends the conversation under way; the next one comes a minute later.
func (w *watch) leave() *watch {
	if w.c != nil {
		last, _ := w.c.End(w.now, outcome.Closed)
		w.count(last)
		w.now = w.now.Add(time.Minute)
	}
	w.c = nil
	return w
}

func (w *watch) count(readings []*record.Progress) {
	for _, p := range readings {
		for _, r := range w.fold.Reading(p) {
			if d, ok := r.(*record.Download); ok {
				w.found = append(w.found, d)
			}
		}
	}
}

func has(n int) []byte {
	b := peerwire.NewBitfield(pieces)
	for i := range n {
		b.Set(uint32(i))
	}
	return peerwire.AppendBitfield(nil, b.Bytes())
}

func haves(from, to int) (b []byte) {
	for i := from; i < to; i++ {
		b = peerwire.AppendHave(b, uint32(i))
	}
	return b
}

// What a peer says on the wire, and whether that is a confirmed download.
func TestFromTheWireToTheCount(t *testing.T) {
	none, all := peerwire.AppendHaveNone(nil), peerwire.AppendHaveAll(nil)
	nothing := peerwire.AppendUploadOnly(nil, visit.ExtUploadOnly, true)
	lost := func(i uint32) []byte { return peerwire.AppendDontHave(nil, visit.ExtDontHave, i) }
	tests := []struct {
		name string
		run  func(*watch)
		want int     // downloads
		took float64 // seconds between the two readings of the crossing
	}{
		{"haves in a held conversation", func(w *watch) { w.begin().say(0, has(500)).say(60, haves(500, 979)).say(2, haves(979, 980)) }, 1, 2},
		{"a lazy bitfield is no download", func(w *watch) { w.begin().say(0, has(970)).say(1, haves(970, 985)).say(2, haves(985, 1000)) }, 0, 0},
		{"a lazy bitfield of a leecher, then its finish", func(w *watch) {
			w.begin().say(0, has(470)).say(1, haves(470, 500)).say(100, haves(500, 1000))
		}, 1, 0},
		{"haves before the bitfield", func(w *watch) { w.begin().say(0, haves(500, 510), has(400)).pass(10).say(90, all) }, 1, 0},
		{"a second bitfield, as aria2 finishes", func(w *watch) { w.begin().say(0, has(500)).say(20, has(1000)) }, 1, 0},
		{"a second bitfield below the threshold", func(w *watch) { w.begin().say(0, has(500)).say(20, has(970)) }, 0, 0},
		{"have all, as aria2 finishes", func(w *watch) { w.begin().say(0, has(500)).say(20, all) }, 1, 0},
		{"have all at first", func(w *watch) { w.begin().say(0, all).pass(60).begin().say(0, all) }, 0, 0},
		{"have none, then haves", func(w *watch) { w.begin().say(0, none).say(30, haves(0, 100)).say(30, haves(100, 1000)) }, 1, 0},
		{"have none, complete next time", func(w *watch) { w.begin().say(0, none).pass(30).begin().say(0, all) }, 1, 0},
		{"silence, complete next time", func(w *watch) { w.begin().pass(30).begin().say(0, all) }, 0, 0},
		{"two settled visits", func(w *watch) { w.begin().say(0, has(500)).pass(10).begin().say(0, has(990)).pass(10) }, 1, 0},
		{"a first visit that did not settle", func(w *watch) { w.begin().say(0, has(500)).pass(1).begin().say(0, has(990)).pass(10) }, 0, 0},
		{"pieces taken back and got again", func(w *watch) {
			w.begin().say(0, has(979)).say(10, haves(979, 980)).say(1, lost(0), lost(1)).say(1, haves(0, 2))
		}, 1, 0},
		{"complete at first, takes back, gets again", func(w *watch) { w.begin().say(0, all).say(10, lost(0)).say(1, haves(0, 1)) }, 0, 0},
		{"a partial seed", func(w *watch) {
			w.begin().say(0, has(500), nothing).pass(100).begin().say(0, has(500), nothing).pass(100)
		}, 0, 0},
		{"skips files", func(w *watch) { w.begin().say(0, has(500)).say(60, haves(500, 600), nothing).pass(60) }, 0, 0},
		{"finishes, says so, and its last pieces come behind", func(w *watch) {
			w.begin().say(0, has(900)).say(60, haves(900, 975), nothing).say(1, haves(975, 1000))
		}, 1, 0},
		{"a super-seed, seen again when it hides no more", func(w *watch) {
			w.begin().say(0, none, haves(7, 9)).pass(60).begin().say(0, all, nothing)
		}, 0, 0},
		{"a super-seed that reveals late", func(w *watch) { w.begin().say(0, none).say(10, haves(7, 8)).pass(60).begin().say(0, all) }, 0, 0},
		{"a super-seed that stops hiding while it is held", func(w *watch) {
			w.begin().say(0, none).say(10, haves(7, 8)).say(500, haves(0, 1000), nothing)
		}, 0, 0},
		{"a super-seed that stops hiding by have all", func(w *watch) { w.begin().say(0, none).say(10, haves(7, 8)).say(500, all) }, 0, 0},
		{"below in one swarm of a hybrid, above in the other", func(w *watch) {
			twin := w.torrent.Twin()
			w.begin().say(0, has(500)).pass(10).visit(twin, twin.InfoHash, peerwire.BitFast).say(0, has(990)).pass(10)
		}, 1, 0},
		{"upgraded to the second hash of a hybrid", func(w *watch) {
			upgraded := w.torrent.Twin().InfoHash
			w.begin().say(0, has(500)).pass(10).visit(w.torrent, upgraded, peerwire.BitFast|peerwire.BitV2).say(0, has(990)).pass(10)
		}, 1, 0},
		{"crosses in both swarms of a hybrid", func(w *watch) {
			twin := w.torrent.Twin()
			w.begin().say(0, has(500)).pass(10).visit(twin, twin.InfoHash, peerwire.BitFast).say(0, has(500)).pass(10).say(0, all)
			w.begin().say(0, has(600)).pass(10).say(0, all)
		}, 1, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := watchOf(t)
			tt.run(w)
			w.leave()
			if len(w.found) != tt.want {
				t.Fatalf("got %d downloads, want %d", len(w.found), tt.want)
			}
			for _, d := range w.found {
				if d.InfoHash != hashV1 || tt.took > 0 && d.AboveTS.Sub(d.BelowTS).Seconds() != tt.took {
					t.Errorf("got a download of %s within %v, want of %s within %v s", d.InfoHash, d.AboveTS.Sub(d.BelowTS), hashV1, tt.took)
				}
			}
			if all := w.fold.Tallies(); len(all) != 1 || all[0].Peers > 1 || all[0].InfoHash != hashV1 {
				t.Errorf("got %d tallies, first %+v, want one of at most one peer", len(all), *all[0])
			}
		})
	}
}
