package peerwire

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"slices"
	"testing"

	"btkit/pkg/outcome"
)

func TestMessageVectors(t *testing.T) {
	for _, v := range load(t).Messages {
		t.Run(v.Name, func(t *testing.T) {
			got, err := decode(v.Bytes)
			if err != nil || len(got) != 1 {
				t.Fatalf("got %v, %v, want one message", got, err)
			}
			m := got[0]
			if m.ID.String() != v.Name || v.ID != nil && m.ID != *v.ID {
				t.Errorf("id: got %s, want %s", m.ID, v.Name)
			}
			length := v.Length
			if m.ID == Piece {
				length = uint32(len(v.Data))
			}
			if m.Index != v.Index || m.Begin != v.Begin || m.Length != length || m.Port != v.Port {
				t.Errorf("got %+v, want %+v", m, v)
			}
			if v.PiecesRoot != nil && !bytes.Equal(m.Payload[:32], v.PiecesRoot) {
				t.Errorf("pieces root: got %x, want %x", m.Payload[:32], v.PiecesRoot)
			}
			if m.ID == BitfieldID {
				checkPieces(t, m.Payload, v.Pieces, v.Have)
			}
			if again := encode(m, v.Data); !bytes.Equal(again, v.Bytes) {
				t.Errorf("encode: got %x, want %x", again, v.Bytes)
			}
		})
	}
}

func checkPieces(t *testing.T, raw []byte, pieces int, want []uint32) {
	t.Helper()
	b := NewBitfield(pieces)
	if spare, err := b.Load(raw); err != nil || spare {
		t.Fatalf("load: %v, spare %v", err, spare)
	}
	for i := range uint32(pieces) {
		if b.Has(i) != slices.Contains(want, i) {
			t.Errorf("piece %d: got %v", i, b.Has(i))
		}
	}
}

// encode writes a decoded message again with the Append functions.
func encode(m Message, block []byte) []byte {
	bare := map[ID]func([]byte) []byte{KeepAlive: AppendKeepAlive, Choke: AppendChoke, Unchoke: AppendUnchoke,
		Interested: AppendInterested, NotInterested: AppendNotInterested, HaveAll: AppendHaveAll, HaveNone: AppendHaveNone}
	index := map[ID]func([]byte, uint32) []byte{Have: AppendHave, SuggestPiece: AppendSuggestPiece, AllowedFast: AppendAllowedFast}
	request := map[ID]func([]byte, uint32, uint32, uint32) []byte{Request: AppendRequest, Cancel: AppendCancel, RejectRequest: AppendRejectRequest}
	switch {
	case bare[m.ID] != nil:
		return bare[m.ID](nil)
	case index[m.ID] != nil:
		return index[m.ID](nil, m.Index)
	case request[m.ID] != nil:
		return request[m.ID](nil, m.Index, m.Begin, m.Length)
	}
	switch m.ID {
	case Piece:
		return AppendPiece(nil, m.Index, m.Begin, block)
	case Port:
		return AppendPort(nil, m.Port)
	case BitfieldID:
		return AppendBitfield(nil, m.Payload)
	case HashReject:
		return AppendHashReject(nil, m.Payload)
	}
	return append(appendHead(nil, m.ID, len(m.Payload)), m.Payload...)
}

func TestFramePolicy(t *testing.T) {
	cases := load(t).FramePolicy
	for i, want := range []outcome.Outcome{outcome.TooLarge, outcome.TooLarge, outcome.Malformed, outcome.BadIndex,
		outcome.BadBitfield, outcome.OK, outcome.OK, outcome.OK} {
		v := cases[i]
		t.Run(v.Why, func(t *testing.T) {
			pieces := NewBitfield(11)
			d := Decoder{MaxFrame: FrameCap(11)}
			var spare bool
			var seen []ID
			err := d.Feed(v.Bytes, func(m Message) (err error) {
				seen = append(seen, m.ID)
				switch m.ID {
				case Have:
					_, err = pieces.Set(m.Index)
				case BitfieldID:
					spare, err = pieces.Load(m.Payload)
				}
				return err
			})
			if got := outcome.Of(err); got != want {
				t.Errorf("got %s (%v), want %s: %s", got, err, want, v.Action)
			}
			switch i {
			case 5:
				if !spare || pieces.Count() != 9 || !bytes.Equal(pieces.Bytes(), []byte{0xff, 0x20}) {
					t.Errorf("got spare %v, count %d, bits %x, want true, 9, ff20", spare, pieces.Count(), pieces.Bytes())
				}
			case 6:
				if len(seen) != 1 || seen[0].Known() || seen[0].String() != "unknown_99" {
					t.Errorf("got %v, want unknown_99", seen)
				}
			case 7:
				if len(seen) != 1 || !seen[0].Fast() {
					t.Errorf("got %v, want a message of the fast extension", seen)
				}
			}
		})
	}
}

// mixed is a stream with every kind of frame, long and unknown ones included.
func mixed() []byte {
	b := AppendHaveNone(AppendKeepAlive(nil))
	b = AppendBitfield(b, bytes.Repeat([]byte{0xa5}, 300))
	b = AppendPiece(b, 7, 16384, make([]byte, 500))
	b = append(appendHead(b, 99, 200), make([]byte, 200)...)
	b = append(appendHead(b, Hashes, 48+64), bytes.Repeat([]byte{3}, 48+64)...)
	b = AppendExtended(b, 3, bytes.Repeat([]byte("x"), 100))
	b = AppendExtended(b, 3, nil)
	b = append(appendHead(b, ID(255), 0), 0, 0, 0, 0)
	return AppendPort(AppendHave(b, 5), 6881)
}

func TestAnyCuttingGivesTheSameMessages(t *testing.T) {
	stream := mixed()
	want, err := decode(stream)
	if err != nil || len(want) != 12 {
		t.Fatalf("got %d messages, %v, want 12", len(want), err)
	}
	for size := 1; size <= len(stream); size++ {
		var got []Message
		var d Decoder
		for at := 0; at < len(stream); at += size {
			if err := d.Feed(stream[at:min(at+size, len(stream))], keep(&got)); err != nil {
				t.Fatalf("cut by %d: %v", size, err)
			}
		}
		if !reflect.DeepEqual(got, want) {
			t.Fatalf("cut by %d: got %v, want %v", size, got, want)
		}
	}
}

func TestLengths(t *testing.T) {
	known := FrameCap(11)
	for _, c := range []struct {
		name     string
		maxFrame int
		id       ID
		length   uint32
		want     outcome.Outcome
	}{
		{"bitfield before metadata", 0, BitfieldID, 1 + 1<<18, outcome.OK},
		{"bitfield before metadata, one more", 0, BitfieldID, 2 + 1<<18, outcome.TooLarge},
		{"extended", 0, Extended, 64<<10 + 2, outcome.OK},
		{"extended, one more", 0, Extended, 64<<10 + 3, outcome.TooLarge},
		{"extended without its id", 0, Extended, 1, outcome.Malformed},
		{"piece over the bound", 0, Piece, 1 << 17, outcome.TooLarge},
		{"piece without a block", 0, Piece, 9, outcome.OK},
		{"piece too short", 0, Piece, 8, outcome.Malformed},
		{"unknown over the bound", 0, 99, 1 << 17, outcome.TooLarge},
		{"bitfield after metadata", known, BitfieldID, 64<<10 + 3, outcome.TooLarge},
		{"bitfield of many pieces", FrameCap(16 << 20), BitfieldID, 2 << 20, outcome.OK},
		{"bitfield beyond all bounds", FrameCap(1 << 30), BitfieldID, 2<<20 + 1, outcome.TooLarge},
		{"hashes", 0, Hashes, 49 + 32, outcome.OK},
		{"hashes with half a hash", 0, Hashes, 49 + 16, outcome.Malformed},
		{"choke with a payload", 0, Choke, 2, outcome.Malformed},
		{"port of 3 bytes", 0, Port, 4, outcome.Malformed},
		{"request of 8 bytes", 0, Request, 9, outcome.Malformed},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := Decoder{MaxFrame: c.maxFrame}
			head := append(binary.BigEndian.AppendUint32(nil, c.length), byte(c.id))
			if got := outcome.Of(d.Feed(head, keep(new([]Message)))); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
			if d.Pending() > len(head) {
				t.Errorf("keeps %d bytes of %d", d.Pending(), len(head))
			}
		})
	}
}

func TestMemoryFollowsTheBytes(t *testing.T) {
	var d Decoder
	none := keep(new([]Message))
	head := append(binary.BigEndian.AppendUint32(nil, 1<<18), byte(BitfieldID), 1, 2, 3)
	if err := d.Feed(head, none); err != nil || cap(d.kept) > 64 {
		t.Errorf("after 8 bytes of a long frame: capacity %d, %v", cap(d.kept), err)
	}
	if err := d.Feed(make([]byte, 1<<18-4), none); err != nil || cap(d.kept) > 64 {
		t.Errorf("after the frame: capacity %d, %v", cap(d.kept), err)
	}
	body := AppendPiece(nil, 0, 0, make([]byte, 16384))
	for _, c := range body {
		if err := d.Feed([]byte{c}, none); err != nil || d.Pending() > 13 {
			t.Fatalf("within a piece: keeps %d bytes, %v", d.Pending(), err)
		}
	}
}

func TestDecoderStaysFailed(t *testing.T) {
	var d Decoder
	stop := errors.New("enough")
	calls := 0
	feed := func() error {
		return d.Feed(AppendChoke(AppendChoke(nil)), func(Message) error { calls++; return stop })
	}
	if err := feed(); err != stop {
		t.Errorf("got %v, want the caller's error", err)
	}
	if err := feed(); err != stop || calls != 1 {
		t.Errorf("fed again: got %v after %d calls, want the same error after 1", err, calls)
	}
}

func TestWholeMessagesAllocateNothing(t *testing.T) {
	stream := AppendHave(AppendHaveAll(AppendHave(nil, 1)), 2)
	var d Decoder
	count := 0
	f := func(Message) error { count++; return nil }
	if n := testing.AllocsPerRun(100, func() { _ = d.Feed(stream, f) }); n != 0 {
		t.Errorf("got %v allocations, want 0", n)
	}
	if count == 0 {
		t.Error("no messages")
	}
}

func BenchmarkDecoderHaves(b *testing.B) {
	var stream []byte
	for i := range uint32(1000) {
		stream = AppendHave(stream, i)
	}
	pieces := NewBitfield(1000)
	f := func(m Message) error {
		_, err := pieces.Set(m.Index)
		return err
	}
	var d Decoder
	b.SetBytes(int64(len(stream)))
	b.ReportAllocs()
	for b.Loop() {
		if err := d.Feed(stream, f); err != nil {
			b.Fatal(err)
		}
	}
}
