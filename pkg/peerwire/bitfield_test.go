package peerwire

import (
	"bytes"
	"math/rand/v2"
	"testing"

	"btkit/pkg/outcome"
)

func TestPieceAccounting(t *testing.T) {
	for _, v := range load(t).PieceAccounting {
		t.Run(v.Case, func(t *testing.T) {
			for _, haveFirst := range []bool{false, true} {
				known, later := NewBitfield(v.Pieces), NewBitfield(0)
				for _, b := range []*Bitfield{known, later} {
					announce(t, b, v.Bitfield, v.Haves, haveFirst)
				}
				if _, err := later.Resolve(v.Pieces); err != nil {
					t.Fatalf("resolve: %v", err)
				}
				if known.Count() != v.TrueCount || later.Count() != v.TrueCount {
					t.Errorf("haves first %v: got %d and, resolved, %d, want %d", haveFirst, known.Count(), later.Count(), v.TrueCount)
				}
				if full := v.TrueCount == v.Pieces; known.Full() != full || later.Full() != full {
					t.Errorf("full: got %v and %v, want %v", known.Full(), later.Full(), full)
				}
				if !bytes.Equal(known.Bytes(), later.Bytes()) {
					t.Errorf("got %x and, resolved, %x", known.Bytes(), later.Bytes())
				}
			}
		})
	}
}

func announce(t *testing.T, b *Bitfield, raw []byte, haves []uint32, haveFirst bool) {
	t.Helper()
	load := func() {
		if raw == nil {
			return
		}
		if spare, err := b.Load(raw); err != nil || spare {
			t.Fatalf("load: %v, spare %v", err, spare)
		}
	}
	if !haveFirst {
		load()
	}
	for _, i := range haves {
		if _, err := b.Set(i); err != nil {
			t.Fatalf("set %d: %v", i, err)
		}
	}
	if haveFirst {
		load()
	}
}

// A set that learns the number of pieces at the end agrees with one that knew
// it, and both with a plain map.
func TestBitfieldAgainstMap(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for round := range 300 {
		pieces := 1 + random.IntN(1500)
		known, later, plain := NewBitfield(pieces), new(Bitfield), map[uint32]bool{}
		for range random.IntN(200) {
			act(t, random, pieces, []*Bitfield{known, later}, plain)
		}
		if _, err := later.Resolve(pieces); err != nil {
			t.Fatalf("round %d: resolve: %v", round, err)
		}
		for _, b := range []*Bitfield{known, later} {
			if b.Count() != len(plain) || b.Full() != (len(plain) == pieces) {
				t.Fatalf("round %d: count %d, full %v, want %d of %d", round, b.Count(), b.Full(), len(plain), pieces)
			}
			for i := range uint32(pieces + 9) {
				if b.Has(i) != plain[i] {
					t.Fatalf("round %d: piece %d: got %v", round, i, b.Has(i))
				}
			}
		}
	}
}

// act does the same random thing to all.
func act(t *testing.T, random *rand.Rand, pieces int, sets []*Bitfield, plain map[uint32]bool) {
	t.Helper()
	i := uint32(random.IntN(pieces))
	what := random.IntN(60)
	raw := make([]byte, byteLen(pieces))
	raw[random.IntN(len(raw))] = byte(random.IntN(256))
	for _, b := range sets {
		was := b.Has(i)
		switch {
		case what == 0:
			b.SetAll()
		case what == 1:
			if _, err := b.Load(raw); err != nil {
				t.Fatal(err)
			}
		case what < 20:
			if removed, err := b.Clear(i); err != nil || removed != was {
				t.Fatalf("clear %d: %v, %v, was %v", i, removed, err, was)
			}
		default:
			if added, err := b.Set(i); err != nil || added == was {
				t.Fatalf("set %d: %v, %v, was %v", i, added, err, was)
			}
		}
	}
	switch {
	case what == 0, what == 1:
		for n := range uint32(pieces) {
			if what == 0 || raw[n/8]&mask(n) != 0 {
				plain[n] = true
			}
		}
	case what < 20:
		delete(plain, i)
	default:
		plain[i] = true
	}
}

func TestBitfieldErrors(t *testing.T) {
	for _, c := range []struct {
		name   string
		pieces int
		do     func(*Bitfield) error
		want   outcome.Outcome
	}{
		{"have of the last piece", 11, set(10), outcome.OK},
		{"have beyond", 11, set(11), outcome.BadIndex},
		{"have far beyond", 11, set(1<<32 - 1), outcome.BadIndex},
		{"donthave beyond", 11, unset(11), outcome.BadIndex},
		{"bitfield too long", 11, put(3), outcome.BadBitfield},
		{"empty bitfield", 11, put(0), outcome.BadBitfield},
		{"early have", 0, set(1<<21 - 1), outcome.OK},
		{"early have beyond", 0, set(1 << 21), outcome.TooLarge},
		{"early donthave beyond", 0, unset(1 << 21), outcome.TooLarge},
		{"early bitfield", 0, put(1 << 18), outcome.OK},
		{"early bitfield beyond", 0, put(1<<18 + 1), outcome.TooLarge},
		{"resolved", 0, chain(set(10), put(2), resolve(11)), outcome.OK},
		{"resolved, all", 0, chain(set(10), (func(b *Bitfield) error { b.SetAll(); return nil }), resolve(11)), outcome.OK},
		{"resolved with a have beyond", 0, chain(set(11), resolve(11)), outcome.BadIndex},
		{"resolved with a have beyond before all", 0, chain(set(11), (func(b *Bitfield) error { b.SetAll(); return nil }), resolve(11)), outcome.BadIndex},
		{"resolved with a donthave beyond", 0, chain(unset(11), resolve(11)), outcome.BadIndex},
		{"resolved with a bitfield too long", 0, chain(put(3), resolve(11)), outcome.BadBitfield},
		{"resolved with two lengths", 0, chain(put(3), put(2), resolve(11)), outcome.BadBitfield},
		{"resolved with an empty bitfield", 0, chain(put(0), resolve(11)), outcome.BadBitfield},
		{"resolved twice", 11, resolve(11), outcome.OK},
		{"resolved to another number", 11, resolve(12), outcome.Error},
		{"resolved to nothing", 0, resolve(0), outcome.Error},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := NewBitfield(c.pieces)
			if err := c.do(b); outcome.Of(err) != c.want {
				t.Errorf("got %s (%v), want %s", outcome.Of(err), err, c.want)
			}
		})
	}
}

func set(i uint32) func(*Bitfield) error {
	return func(b *Bitfield) error { _, err := b.Set(i); return err }
}

func unset(i uint32) func(*Bitfield) error {
	return func(b *Bitfield) error { _, err := b.Clear(i); return err }
}

func put(n int) func(*Bitfield) error {
	return func(b *Bitfield) error { _, err := b.Load(make([]byte, n)); return err }
}

func resolve(pieces int) func(*Bitfield) error {
	return func(b *Bitfield) error { _, err := b.Resolve(pieces); return err }
}

func chain(steps ...func(*Bitfield) error) func(*Bitfield) error {
	return func(b *Bitfield) error {
		for _, step := range steps {
			if err := step(b); err != nil {
				return err
			}
		}
		return nil
	}
}

func TestSpareBits(t *testing.T) {
	b := new(Bitfield)
	if spare, err := b.Load([]byte{0xff, 0x30}); err != nil || spare {
		t.Errorf("early: spare %v, %v", spare, err)
	}
	if b.Known() || b.Len() != 0 || b.Count() != 10 || b.Bytes() != nil {
		t.Errorf("early: known %v, len %d, count %d, bytes %x", b.Known(), b.Len(), b.Count(), b.Bytes())
	}
	if spare, err := b.Resolve(11); err != nil || !spare || b.Count() != 9 || b.Len() != 11 {
		t.Errorf("resolved: spare %v, %v, count %d of %d, want true, 9 of 11", spare, err, b.Count(), b.Len())
	}
	b.Reset()
	if b.Count() != 0 || b.Len() != 11 || b.Has(0) {
		t.Errorf("reset: count %d of %d", b.Count(), b.Len())
	}
	b.SetAll()
	if got := b.Bytes(); !bytes.Equal(got, []byte{0xff, 0xe0}) || !b.Full() {
		t.Errorf("all: got %x", got)
	}
}

func TestEarlyMemoryIsBounded(t *testing.T) {
	b := new(Bitfield)
	for i := uint32(0); i < earlyPieces; i += 97 {
		if _, err := b.Set(i); err != nil {
			t.Fatal(err)
		}
	}
	if pages := len(b.early.pages); pages > earlyPieces/8/pageBytes {
		t.Errorf("got %d pages", pages)
	}
	b.SetAll()
	var err error
	for i := uint32(0); err == nil && i < earlyPieces; i++ {
		_, err = b.Clear(i)
	}
	if outcome.Of(err) != outcome.TooLarge || len(b.early.gone) > 4096 {
		t.Errorf("after have all: %d pieces taken back, %v", len(b.early.gone), err)
	}
}
