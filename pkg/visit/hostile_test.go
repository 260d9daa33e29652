package visit_test

import (
	"encoding/json"
	"fmt"
	"runtime"
	"strings"
	"testing"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

// A peer that goes up and down, or changes its mind, for ever is told of so
// often and then at every sample: what it costs us is bounded, and its crossing
// is told all the same.
func TestFlippingPeers(t *testing.T) {
	const flips = 3000
	tests := []struct {
		name string
		a, b []byte // turn by turn
		end  int64
	}{
		{"have all and donthave", dontHave(5), haveAll(), 1000},
		{"bitfields", bitfield(1000, 3), bitfield(1000, 1000), 1000},
		{"across the threshold and back", dontHave(0), bitfield(1000, 980), 980},
		{"wants nothing, wants more", wants(true), wants(false), 500},
		{"have none and bitfield", haveNone(), bitfield(1000, 990), 990},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, 1000).say(0, bitfield(1000, 500)).wait(3)
			for range flips {
				s.say(10, tt.a, tt.b)
			}
			if n := len(s.told); n > 200 {
				t.Errorf("got %d records of %d flips within a moment, want at most 200", n, flips)
			}
			s.say(11, bitfield(1000, 500)).wait(80).say(90, haveAll(), wants(true))
			if last := s.told[len(s.told)-1]; last.Have != 1000 {
				t.Errorf("got %d pieces told last, want all: %s", last.Have, s.err)
			}
		})
	}
}

// A peer that changes its mind for ever does not keep its reading in question:
// after a few times it counts as what it says.
func TestFlippingPeerIsExactInTheEnd(t *testing.T) {
	s := play(t, 1000).say(0, bitfield(1000, 500)).wait(3)
	inQuestion := 0
	for i := range 50 {
		s.say(10+float64(2*i), wants(true))
		if r, _ := s.c.Reading(); !r.Exact {
			inQuestion++
		}
		s.say(11+float64(2*i), wants(false))
	}
	if inQuestion != 4 {
		t.Errorf("got a reading in question %d times of 50, want 4", inQuestion)
	}
}

// What was not told for the flood is told at the next sample, or at the end.
func TestFlippingPeerThatStops(t *testing.T) {
	for _, closed := range []bool{false, true} {
		s := play(t, 1000).say(0, bitfield(1000, 500)).wait(3)
		for range 100 {
			s.say(10, wants(true), wants(false))
		}
		s.say(20, wants(true)).wait(23)
		due := s.c.Due()
		if closed {
			s.end(24, outcome.Closed)
		} else {
			s.wait(s.c.Due().Sub(start).Seconds())
		}
		last := s.told[len(s.told)-1]
		if !last.PartialSeed || !due.After(second(23)) || due.After(second(83)) {
			t.Errorf("closed %v: got %+v, due at %v, want a partial seed within the sample time", closed, last, due.Sub(start))
		}
	}
}

// A second bitfield that is broken ends the conversation and takes nothing
// back.
func TestBrokenSecondBitfieldTakesNothingBack(t *testing.T) {
	s := play(t, 100).say(0, bitfield(100, 50)).wait(3).say(10, peerwire.AppendBitfield(nil, make([]byte, 14)))
	v := s.end(11, outcome.Of(s.err))
	s.wantStory("50@3")
	if v.Have == nil || *v.Have != 50 || v.Outcome != string(outcome.BadBitfield) {
		t.Errorf("got %v pieces, %s, want 50 and a bad bitfield", v.Have, v.Outcome)
	}
}

// Whatever a peer floods us with, what is kept of it is bounded and the visit
// fits its line.
func TestFloodsKeepLittle(t *testing.T) {
	const messages = 4000
	names := map[string]uint8{}
	for i := range 200 {
		names[fmt.Sprintf("extension_%d_%s", i, strings.Repeat("x", 40))] = uint8(i)
	}
	many := make([]peerwire.PexPeer, 200)
	for i := range many {
		many[i].Addr = testAddr(i)
	}
	tests := []struct {
		name  string
		frame func(i int) []byte
		want  outcome.Outcome
	}{
		{"haves", func(i int) []byte { return have(uint32(i % 1000)) }, outcome.TooLarge},
		{"keep-alives", func(int) []byte { return keepAlive() }, outcome.OK},
		{"unknown messages", func(i int) []byte { return []byte{0, 0, 0, 2, byte(100 + i%100), 1} }, outcome.OK},
		{"bitfields", func(i int) []byte { return bitfield(1000, i%1000) }, outcome.OK},
		{"have all", func(int) []byte { return haveAll() }, outcome.OK},
		{"extension handshakes", func(i int) []byte {
			return extHandshake(peerwire.ExtHandshake{M: names, V: strings.Repeat(fmt.Sprint(i), 30), MetadataSize: int64(i + 1)})
		}, outcome.OK},
		{"broken extension handshakes", func(int) []byte { return peerwire.AppendExtended(nil, 0, []byte("d1:md")) }, outcome.OK},
		{"peer exchange", func(int) []byte { return peerwire.AppendPex(nil, visit.ExtPex, many, nil) }, outcome.OK},
		{"lt_donthave", func(i int) []byte { return dontHave(uint32(i % 1000)) }, outcome.OK},
		{"allowed fast", func(i int) []byte { return []byte{0, 0, 0, 5, 17, 0, 0, 0, byte(i)} }, outcome.OK},
		{"choke and unchoke", func(i int) []byte { return []byte{0, 0, 0, 1, byte(i % 2)} }, outcome.OK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, 1000)
			before := liveHeap()
			for i := 0; i < messages && s.err == nil; i++ {
				s.say(1, tt.frame(i))
				s.told = nil
			}
			if kept := liveHeap() - before; kept > 256<<10 {
				t.Errorf("got %d bytes kept of %d messages, want at most 256 KiB", kept, messages)
			}
			if got := outcome.Of(s.err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			line := record.Append(nil, s.end(2, outcome.Of(s.err)))
			if len(line) > 4096 || !json.Valid(line) {
				t.Errorf("got a line of %d bytes, want one of at most 4096", len(line))
			}
		})
	}
}

// liveHeap is what is in use after a collection.
func liveHeap() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
