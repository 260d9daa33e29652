package visit_test

import (
	"slices"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/visit"
)

// tale runs a conversation by fuzz bytes: the first chooses the number of
// pieces, then each chunk of the peer's bytes has its length and the seconds
// that pass before it.
type tale struct {
	*scene
	now       time.Time
	announced bool // the peer has said something of its pieces
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
func (x *tale) ask() {
	news := x.c.Progress(x.now)
	for _, p := range news {
		last := len(x.told) - 1
		if !x.announced || !p.Settled || p.Have < 0 || p.Have > p.Pieces || p.Need > p.Pieces || p.Complete != (p.Have == p.Pieces) ||
			p.TS.After(x.now) || last >= 0 && p.TS.Before(x.told[last].TS) {
			x.t.Fatalf("got %+v after %q at %v, announced %v: want a settled reading in its bounds and in order", p, x.story(), x.now, x.announced)
		}
		x.told = append(x.told, p)
	}
	if r, ok := x.c.Reading(); ok && (!x.announced || r.Have < 0 || r.Have > r.Pieces || r.Complete != (r.Have == r.Pieces)) {
		x.t.Fatalf("got %+v, announced %v, want a reading in its bounds", r, x.announced)
	}
}

// FuzzConversation: whatever a peer sends, and whenever, readings stay between
// nothing and all pieces, nothing is told before an announcement, and what is
// told is settled and in the order of time.
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
		told := len(x.told)
		_, v := x.c.End(x.now, outcome.Closed)
		if v.Have != nil && !x.announced || told > 0 && v.Stage != visit.StageSettled {
			t.Fatalf("got %+v after %d readings, announced %v", v, told, x.announced)
		}
	})
}
