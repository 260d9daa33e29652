package visit_test

import (
	"testing"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

func TestSuperSeed(t *testing.T) {
	tests := []struct {
		name   string
		pieces int64
		frames [][]byte
		want   bool
	}{
		{"have none, one have", 1000, [][]byte{haveNone(), have(17)}, true},
		{"have none, two haves", 1000, [][]byte{haveNone(), have(17, 400)}, true},
		{"no bitfield, one have", 1000, [][]byte{have(17)}, true},
		{"have none, three haves", 1000, [][]byte{haveNone(), have(17, 400, 5)}, false},
		{"have none alone", 1000, [][]byte{haveNone()}, false},
		{"bitfield of one piece", 1000, [][]byte{bitfield(1000, 1)}, false},
		{"empty bitfield, one have", 1000, [][]byte{bitfield(1000, 0), have(17)}, true},
		{"a have, and a bitfield without it", 1000, [][]byte{have(17), bitfield(1000, 0)}, true},
		{"a have, and a bitfield of another piece", 1000, [][]byte{have(17), bitfield(1000, 1)}, false},
		{"few pieces in all", 8, [][]byte{haveNone(), have(1)}, false},
		{"wants nothing", 1000, [][]byte{haveNone(), have(1), extHandshake(peerwire.ExtHandshake{UploadOnly: record.Bool(true)})}, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, tt.pieces).say(1, tt.frames...).wait(60)
			r, ok := s.c.Reading()
			if !ok || len(s.told) != 1 || s.told[0].SuperSeed != tt.want || r.SuperSeed != tt.want {
				t.Errorf("got %+v and %+v, want hiding: %v", r, s.told, tt.want)
			}
		})
	}
}

func TestSuperSeedThatShowsMore(t *testing.T) {
	s := play(t, 1000).say(1, haveNone(), have(1)).wait(4).say(70, have(2, 3, 4)).wait(130)
	last := s.told[len(s.told)-1]
	if r, _ := s.c.Reading(); last.SuperSeed || r.SuperSeed || last.Have != 4 {
		t.Errorf("got %+v, want 4 pieces that are not taken for hiding", last)
	}
}

func TestUploadOnly(t *testing.T) {
	yes, no := record.Bool(true), record.Bool(false)
	ext := func(v *bool) []byte { return extHandshake(peerwire.ExtHandshake{V: "x", UploadOnly: v}) }
	message := func(v bool) []byte { return peerwire.AppendUploadOnly(nil, visit.ExtUploadOnly, v) }
	tests := []struct {
		name   string
		frames [][]byte
		want   *bool
	}{
		{"never said", [][]byte{ext(nil)}, nil},
		{"in the handshake", [][]byte{ext(yes)}, yes},
		{"no in the handshake", [][]byte{ext(no)}, no},
		{"by message", [][]byte{ext(nil), message(true)}, yes},
		{"message changes it", [][]byte{ext(yes), message(false)}, no},
		{"a later handshake is silent about it", [][]byte{ext(yes), ext(nil)}, yes},
		{"an empty message", [][]byte{ext(yes), peerwire.AppendExtended(nil, visit.ExtUploadOnly, nil)}, yes},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, 100).say(1, bitfield(100, 50)).say(2, tt.frames...).wait(60)
			if len(s.told) != 1 || !same(s.told[0].UploadOnly, tt.want) {
				t.Errorf("got %+v (%v), want %v", s.told, s.err, tt.want)
			}
		})
	}
}

func same(a, b *bool) bool { return a == nil && b == nil || a != nil && b != nil && *a == *b }

func TestDontHave(t *testing.T) {
	s := play(t, 100).say(1, haveAll()).say(10, dontHave(99), dontHave(99), dontHave(5))
	s.wantStory("100@1 99@10 98@10")
	if s.err != nil {
		t.Errorf("got %v, want no error", s.err)
	}
}

func TestWhatEndsAConversation(t *testing.T) {
	tests := []struct {
		name   string
		pieces int64
		frames [][]byte
		want   outcome.Outcome
	}{
		{"have beyond the last piece", 100, [][]byte{have(100)}, outcome.BadIndex},
		{"have of the last piece", 100, [][]byte{have(99)}, outcome.OK},
		{"have far beyond", 100, [][]byte{have(1<<32 - 1)}, outcome.BadIndex},
		{"donthave beyond the last piece", 100, [][]byte{haveAll(), dontHave(100)}, outcome.BadIndex},
		{"donthave of a wrong length", 100, [][]byte{haveAll(), peerwire.AppendExtended(nil, visit.ExtDontHave, []byte{1})}, outcome.Malformed},
		{"bitfield too short", 100, [][]byte{peerwire.AppendBitfield(nil, make([]byte, 12))}, outcome.BadBitfield},
		{"bitfield too long", 100, [][]byte{peerwire.AppendBitfield(nil, make([]byte, 14))}, outcome.BadBitfield},
		{"second bitfield of a wrong length", 100, [][]byte{bitfield(100, 1), peerwire.AppendBitfield(nil, make([]byte, 14))}, outcome.BadBitfield},
		{"a piece that nobody asked for", 100, [][]byte{peerwire.AppendPiece(nil, 1, 0, []byte("x"))}, outcome.BadPayload},
		{"have far beyond, size not known", 0, [][]byte{have(1 << 21)}, outcome.TooLarge},
		{"a request is the peer's right", 100, [][]byte{peerwire.AppendRequest(nil, 1, 0, 16384)}, outcome.OK},
		{"a bad extension handshake", 100, [][]byte{peerwire.AppendExtended(nil, 0, []byte("li1ee"))}, outcome.OK},
		{"an extension that we did not offer", 100, [][]byte{peerwire.AppendExtended(nil, 99, []byte("hello"))}, outcome.OK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := outcome.Of(play(t, tt.pieces).say(1, tt.frames...).err); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestTooManyHaves(t *testing.T) {
	s := play(t, 10)
	const most = 2*10 + 1024
	for range most {
		s.say(1, have(3))
	}
	if s.err != nil {
		t.Fatalf("got %v after %d haves, want none", s.err, most)
	}
	if got := outcome.Of(s.say(1, have(3)).err); got != outcome.TooLarge {
		t.Errorf("got %q after one more, want %q", got, outcome.TooLarge)
	}
}

func TestBadExtensionHandshakeIsAnOddity(t *testing.T) {
	s := play(t, 100).say(1, peerwire.AppendExtended(nil, 0, []byte("li1ee")), peerwire.AppendExtended(nil, 0, []byte("x")))
	s.wantOdd("bad-extension-handshake")
}

func TestOnlyFourExtensionHandshakesAreRead(t *testing.T) {
	s := play(t, 100)
	for _, name := range []string{"a", "b", "c", "d", "e"} {
		s.say(1, extHandshake(peerwire.ExtHandshake{V: name}))
	}
	if got := s.c.Client(); got != "d" {
		t.Errorf("got client %q, want that of the fourth handshake, %q", got, "d")
	}
}

func TestExtensionHandshakesAreMerged(t *testing.T) {
	s := play(t, 100).say(1, extHandshake(peerwire.ExtHandshake{M: map[string]uint8{"ut_metadata": 3}, P: 51413, MetadataSize: 1234}),
		extHandshake(peerwire.ExtHandshake{M: map[string]uint8{"ut_pex": 1}, V: "x"}))
	if got := s.c.Ext(); got.ListenPort != 51413 || got.MetadataSize != 1234 || got.MetadataID != 3 {
		t.Errorf("got %+v, want port 51413, 1234 bytes by id 3", got)
	}
	s.say(2, extHandshake(peerwire.ExtHandshake{M: map[string]uint8{"ut_metadata": 0}}))
	if got := s.c.Ext(); got.MetadataID != 0 {
		t.Errorf("got id %d after it was switched off, want 0", got.MetadataID)
	}
}

func TestOdditiesAreBounded(t *testing.T) {
	s := play(t, 100)
	for i := range 100 {
		s.c.Odd(string(rune('a'+i%26)) + string(rune('a'+i/26)))
		s.c.Odd("again")
	}
	_, v := s.c.End(second(1), outcome.OK)
	if len(v.Oddities) != 16 {
		t.Errorf("got %d oddities, want 16", len(v.Oddities))
	}
}
