package visit_test

import (
	"slices"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

// tale runs a conversation by fuzz bytes: the first chooses the number of
// pieces, then each chunk of the peer's bytes has its length and the seconds
// that pass before it.
type tale struct {
	*scene
	now       time.Time
	announced bool // the peer has said something of its pieces
	fell      bool // a reading was below the one before
	crossings int
}

func (x *tale) run(b []byte) {
	sizes := []int64{0, 1, 8, 11, 100, 1000}
	x.decoder.MaxFrame = peerwire.FrameCap(int(x.torrent.Pieces()))
	for len(b) >= 2 && x.err == nil {
		n := min(int(b[0]), len(b)-2)
		x.now = x.now.Add(time.Duration(b[1]) * 500 * time.Millisecond)
		if b[1] == 255 {
			x.torrent.Learn(sizes[n%len(sizes)], 0, 1)
		}
		x.err = x.decoder.Feed(b[2:2+n], x.hear)
		x.ask()
		b = b[2+n:]
	}
}

func (x *tale) hear(m peerwire.Message) error {
	if slices.Contains([]peerwire.ID{peerwire.Have, peerwire.BitfieldID, peerwire.HaveAll, peerwire.HaveNone}, m.ID) ||
		m.ID == peerwire.Extended && m.Ext == visit.ExtDontHave {
		x.announced = true
	}
	err := x.c.Hear(x.now, m)
	if err == nil {
		x.ask()
	}
	return err
}

// ask checks what is told.
func (x *tale) ask() { x.check(x.c.Progress(x.now)) }

func (x *tale) check(news []*record.Progress) {
	for _, p := range news {
		switch last := x.last(); {
		case !x.announced, !p.Settled, p.Have < 0, p.Have > p.Pieces, p.Need > p.Pieces, p.Complete != (p.Have == p.Pieces), p.TS.After(x.now):
			x.t.Fatalf("got %+v after %q at %v, announced %v: want a settled reading in its bounds", p, x.story(), x.now, x.announced)
		case p.PartialSeed && (p.Complete || p.SuperSeed || p.UploadOnly == nil || !*p.UploadOnly):
			x.t.Fatalf("got %+v, want a partial seed that wants nothing and lacks pieces", p)
		case last == nil:
		case p.TS.Before(last.TS):
			x.t.Fatalf("got %v behind %v, want readings in the order of time", p.TS, last.TS)
		case p.Have < last.Have:
			x.fell = true
		case p.Have >= p.Need && last.Have < last.Need && p.Need == last.Need:
			x.crossings++
		}
		x.told = append(x.told, p)
	}
	if x.crossings > 1 && !x.fell || x.crossings > 40 {
		x.t.Fatalf("got %d crossings in %q, want one unless it fell back, and few in any case", x.crossings, x.story())
	}
	if r, ok := x.c.Reading(); ok && (!x.announced || r.Have < 0 || r.Have > r.Pieces || r.Complete != (r.Have == r.Pieces)) {
		x.t.Fatalf("got %+v, announced %v, want a reading in its bounds", r, x.announced)
	}
	if due := x.c.Due(); !due.IsZero() && x.settledBefore(due) {
		x.t.Fatalf("got due at %v, now %v, after %q: want what is due now to have been told", due, x.now, x.story())
	}
	if rate, ok := x.c.Rate(); ok && (rate < 0 || rate > 1e6) || !ok && rate != 0 {
		x.t.Fatalf("got a rate of %v, %v, want one that can be", rate, ok)
	}
}

// settledBefore says whether something stays due although it was just asked
// for, twice: a conversation would ask for ever.
func (x *tale) settledBefore(due time.Time) bool {
	if due.After(x.now) {
		return false
	}
	x.told = append(x.told, x.c.Progress(x.now)...)
	again := x.c.Due()
	return !again.IsZero() && !again.After(x.now)
}

func (x *tale) last() *record.Progress {
	if len(x.told) == 0 {
		return nil
	}
	return x.told[len(x.told)-1]
}

// FuzzConversation: whatever a peer sends, and whenever, readings stay between
// nothing and all pieces, nothing is told before an announcement, what is told is
// settled and in the order of time, a crossing is told once unless the peer fell
// back, nothing is due for ever, and the end tells the last state.
func FuzzConversation(f *testing.F) {
	add := func(size byte, chunks ...[]byte) {
		b := []byte{2 * size}
		for i, c := range chunks {
			b = append(append(b, byte(len(c)), byte(3*i)), c...)
		}
		f.Add(b)
	}
	add(4, bitfield(100, 50), have(50, 51), keepAlive(), have(from(52, 40)...), haveAll())
	add(4, haveNone(), have(3), nil, nil, have(4, 5, 6))
	add(3, have(1), bitfield(11, 4), bitfield(11, 2), dontHave(0), unchoke(), have(200))
	add(0, bitfield(100, 50), extHandshake(peerwire.ExtHandshake{V: "x", P: 7, MetadataSize: 9}), []byte{4, 255}, have(60))
	add(2, haveAll(), dontHave(7), peerwire.AppendPiece(nil, 1, 0, []byte("abc")))
	add(4, bitfield(100, 50), nil, wants(true), have(from(50, 40)...), wants(false), have(from(90, 10)...), wants(true))
	add(5, haveNone(), nil, have(1), nil, haveAll(), dontHave(3), wants(true))
	add(4, bitfield(100, 97), nil, bitfield(100, 99), bitfield(100, 3), nil, bitfield(100, 100), dontHave(1), dontHave(2), dontHave(3), have(1, 2, 3))
	add(4, wants(true), bitfield(100, 90), extHandshake(peerwire.ExtHandshake{UploadOnly: record.Bool(false)}), nil, nil, wants(true), nil, nil)
	add(5, haveNone(), nil, have(from(0, 60)...), have(from(60, 60)...), nil, have(from(120, 60)...))
	f.Add([]byte{1, 2, 0, 255, 255})
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) == 0 {
			return
		}
		sizes := []int64{0, 1, 8, 11, 100, 1000}
		x := &tale{scene: play(t, sizes[int(b[0]>>1)%len(sizes)]), now: start}
		if b[0]&1 == 1 {
			x.scene = playAs(t, x.torrent.Pieces(), startOf(time.Second), 0)
		}
		x.run(b[1:])
		readings, v := x.c.End(x.now, outcome.Closed)
		x.check(readings)
		if v.Have != nil && !x.announced || len(x.told) > 0 && v.Stage != visit.StageSettled {
			t.Fatalf("got %+v after %d readings, announced %v", v, len(x.told), x.announced)
		}
		if last := x.last(); last != nil && (v.Have == nil || last.Have != *v.Have || !same(last.UploadOnly, v.UploadOnly) && !last.Complete && v.UploadOnly != nil && *v.UploadOnly) {
			t.Fatalf("got %+v told last, the visit ends with %v pieces, wants nothing: %v; want the same", last, v.Have, v.UploadOnly)
		}
	})
}
