package peerwire

import (
	"bytes"
	"net/netip"
	"reflect"
	"testing"
)

// Property: however the bytes are cut, the same messages come out with the same
// error, and what is kept never exceeds what came.
func FuzzDecoder(f *testing.F) {
	v := load(f)
	for _, m := range v.Messages {
		f.Add([]byte(m.Bytes), uint8(3))
	}
	for _, p := range v.FramePolicy {
		f.Add([]byte(p.Bytes), uint8(1))
	}
	f.Add(mixed(), uint8(7))
	f.Fuzz(func(t *testing.T, stream []byte, cut uint8) {
		want, wantErr := decode(stream)
		var got []Message
		var d Decoder
		var err error
		size := int(cut)%16 + 1
		for at := 0; at < len(stream) && err == nil; at += size {
			fed := min(at+size, len(stream))
			err = d.Feed(stream[at:fed], keep(&got))
			if len(d.kept) > fed || cap(d.kept) > 64+4*fed {
				t.Fatalf("keeps %d bytes in %d after %d", len(d.kept), cap(d.kept), fed)
			}
		}
		if !reflect.DeepEqual(got, want) || (err == nil) != (wantErr == nil) {
			t.Fatalf("cut by %d: got %v, %v, want %v, %v", size, got, err, want, wantErr)
		}
	})
}

// Property: byte by byte gives the result of all at once, nothing is lost, and
// a handshake that is accepted encodes to the bytes it came from.
func FuzzHandshake(f *testing.F) {
	v := load(f)
	for _, h := range v.Handshakes {
		f.Add([]byte(h.Bytes))
	}
	for _, h := range v.HandshakeBad {
		f.Add([]byte(h.Bytes))
	}
	f.Fuzz(func(t *testing.T, stream []byte) {
		var whole, single HandshakeDecoder
		rest, err := whole.Feed(stream)
		var left []byte
		for i := range stream {
			more, _ := single.Feed(stream[i : i+1])
			left = append(left, more...)
		}
		a, okA := whole.Handshake()
		b, okB := single.Handshake()
		if a != b || okA != okB || single.err != err {
			t.Fatalf("got %v %v %v, byte by byte %v %v %v", a, okA, err, b, okB, single.err)
		}
		if !bytes.Equal(append(whole.Bytes(), rest...), stream) || !bytes.Equal(append(single.Bytes(), left...), stream) {
			t.Fatal("bytes are lost")
		}
		if okA && !bytes.Equal(a.Append(nil), stream[:HandshakeLen]) {
			t.Fatalf("got %x of %x", a.Append(nil), stream)
		}
	})
}

// Property: what is accepted is within its bounds and reads the same after it
// has been written again.
func FuzzExtHandshake(f *testing.F) {
	v := load(f)
	for _, h := range v.ExtHandshake {
		f.Add([]byte(h.Bytes[6:]))
	}
	f.Add([]byte(v.Tex.Handshake[6:]))
	f.Fuzz(func(t *testing.T, payload []byte) {
		e, err := ParseExtHandshake(payload)
		if err != nil {
			return
		}
		if len(e.M) > extNames || len(e.VRaw) > extV || e.MetadataSize < 0 || e.MetadataSize > MaxMetadata {
			t.Fatalf("out of bounds: %+v", e)
		}
		if e.VRaw != nil {
			e.V, e.VRaw = "", nil
		}
		e.Oddities = nil
		again, err := ParseExtHandshake(AppendExtHandshake(nil, e)[6:])
		if err != nil || !reflect.DeepEqual(again, e) {
			t.Fatalf("got %+v, %v, want %+v", again, err, e)
		}
	})
}

// Property: piece numbers are never negative, the block is the end of the
// payload, and a block fits only where a block of that length belongs.
func FuzzMetadata(f *testing.F) {
	v := load(f).Metadata
	for _, b := range [][]byte{v.Request0, v.Request2, v.DataSmall, v.Reject1} {
		f.Add(b[6:], int64(126))
	}
	for _, h := range v.Hostile {
		if h.Bytes != nil {
			f.Add([]byte(h.Bytes[6:]), int64(126))
		}
	}
	f.Fuzz(func(t *testing.T, payload []byte, size int64) {
		m, err := ParseMetadata(payload)
		if err != nil {
			return
		}
		if m.Piece < 0 || m.Kind < 0 || !bytes.HasSuffix(payload, m.Block) {
			t.Fatalf("got %+v of %q", m, payload)
		}
		size %= 1 << 40
		if m.Fits(size) && int64(m.Piece)*MetadataBlock+int64(len(m.Block)) > size {
			t.Fatalf("a block of %d bytes fits as number %d of %d bytes", len(m.Block), m.Piece, size)
		}
	})
}

// Property: no list is longer than its bound or repeats a peer, no port is 0, no
// address was refused, and what was read reads the same after it has been
// written again.
func FuzzPex(f *testing.F) {
	v := load(f).Pex
	f.Add([]byte(v.Bytes[6:]))
	for _, h := range v.Hostile {
		f.Add([]byte(h.Bytes[6:]))
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		p, err := ParsePex(payload, nil)
		if err != nil {
			return
		}
		for _, list := range [][]PexPeer{p.Added, p.Dropped} {
			seen := map[netip.AddrPort]bool{}
			for _, peer := range list {
				if seen[peer.Addr] || peer.Addr.Port() == 0 || !Routable(peer.Addr.Addr()) {
					t.Fatalf("kept %v", peer)
				}
				seen[peer.Addr] = true
			}
			if len(list) > pexMax {
				t.Fatalf("kept %d peers", len(list))
			}
		}
		again, err := ParsePex(AppendPex(nil, 1, p.Added, p.Dropped)[6:], nil)
		if err != nil || again.Refused != 0 || len(again.Added) != len(p.Added) || len(again.Dropped) != len(p.Dropped) {
			t.Fatalf("got %+v, %v, want %+v", again, err, p)
		}
	})
}

// Property: what is accepted reads the same after it has been written again.
func FuzzHolepunch(f *testing.F) {
	v := load(f).Holepunch
	for _, b := range [][]byte{v.Full, v.Short, v.Connect6, v.Error} {
		f.Add(b[6:])
	}
	f.Fuzz(func(t *testing.T, payload []byte) {
		h, err := ParseHolepunch(payload)
		if err != nil {
			return
		}
		again, err := ParseHolepunch(AppendHolepunch(nil, 4, h)[6:])
		if err != nil || again != h {
			t.Fatalf("got %+v, %v, want %+v", again, err, h)
		}
	})
}
