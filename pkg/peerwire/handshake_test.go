package peerwire

import (
	"bytes"
	"errors"
	"testing"

	"btkit/pkg/outcome"
)

func TestHandshakeVectors(t *testing.T) {
	for _, v := range load(t).Handshakes {
		t.Run(v.Name, func(t *testing.T) {
			h, err := ParseHandshake(v.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]bool{"fast": h.Fast(), "ext": h.Ext(), "dht": h.DHT(), "v2": h.V2()}
			for name, on := range got {
				if on != v.Flags[name] {
					t.Errorf("%s: got %v, want %v", name, on, v.Flags[name])
				}
			}
			if !bytes.Equal(h.InfoHash[:], v.InfoHash) || !bytes.Equal(h.PeerID[:], v.PeerID) || !bytes.Equal(h.Reserved[:], v.Reserved) {
				t.Errorf("got %x", h)
			}
			if again := h.Append(nil); !bytes.Equal(again, v.Bytes) {
				t.Errorf("append: got %x, want %x", again, v.Bytes)
			}
		})
	}
}

func TestHandshakeInAnyCutting(t *testing.T) {
	want := Handshake{Reserved: Reserved(BitExt | BitDHT | BitAzureus), InfoHash: [20]byte{1, 2, 3}, PeerID: [20]byte{9}}
	stream := append(want.Append(nil), "more"...)
	for size := 1; size <= len(stream); size++ {
		var d HandshakeDecoder
		var rest []byte
		for at := 0; at < len(stream); at += size {
			left, err := d.Feed(stream[at:min(at+size, len(stream))])
			if err != nil {
				t.Fatalf("cut by %d at %d: %v", size, at, err)
			}
			rest = append(rest, left...)
			fed := min(at+size, len(stream))
			if _, ok := d.InfoHash(); ok != (fed >= 48) {
				t.Errorf("cut by %d: info-hash there after %d bytes: %v", size, fed, ok)
			}
		}
		if h, ok := d.Handshake(); !ok || h != want || string(rest) != "more" {
			t.Errorf("cut by %d: got %v %v, rest %q", size, h, ok, rest)
		}
	}
}

func TestHandshakeBad(t *testing.T) {
	want := map[string]struct {
		feed error
		end  outcome.Outcome
	}{
		"pstrlen 18":                  {ErrNotPlain, outcome.Encrypted},
		"different pstr of length 19": {ErrNotBitTorrent, outcome.NotBitTorrent},
		"HTTP client":                 {ErrNotBitTorrent, outcome.NotBitTorrent},
		"first byte is not 0x13: candidate for MSE":                       {ErrNotPlain, outcome.Encrypted},
		"truncated after the info-hash (keep waiting until the deadline)": {nil, outcome.Closed},
	}
	cases := load(t).HandshakeBad
	if len(cases) != len(want) {
		t.Fatalf("vectors: got %d, want %d", len(cases), len(want))
	}
	for _, v := range cases {
		t.Run(v.Why, func(t *testing.T) {
			var d HandshakeDecoder
			rest, err := d.Feed(v.Bytes)
			if !errors.Is(err, want[v.Why].feed) {
				t.Errorf("feed: got %v, want %v", err, want[v.Why].feed)
			}
			if got := outcome.Of(d.End()); got != want[v.Why].end {
				t.Errorf("end: got %s, want %s", got, want[v.Why].end)
			}
			if all := append(d.Bytes(), rest...); !bytes.Equal(all, v.Bytes) {
				t.Errorf("bytes and rest: got %x, want %x", all, v.Bytes)
			}
			if _, ok := d.Handshake(); ok {
				t.Error("got a handshake")
			}
		})
	}
}

func TestFirstBytes(t *testing.T) {
	for _, c := range []struct {
		name, bytes string
		feed        error
		end         outcome.Outcome
	}{
		{"nothing", "", nil, outcome.ClosedEarly},
		{"half a protocol name", "\x13BitTorr", nil, outcome.Closed},
		{"three letters", "GET", nil, outcome.NotBitTorrent},
		{"web server", "HTTP/1.1 400", ErrNotBitTorrent, outcome.NotBitTorrent},
		{"TLS hello", "\x16\x03\x01\x02\x00\x01", ErrNotBitTorrent, outcome.NotBitTorrent},
		{"SSH server", "SSH-2.0-x\r\n", ErrNotBitTorrent, outcome.NotBitTorrent},
		{"other text", "what do you want from me?\r\n", ErrNotBitTorrent, outcome.NotBitTorrent},
		{"key that starts like ours", "\x13BitTorrent protoco\xff", ErrNotPlain, outcome.Encrypted},
		{"19 random bytes", "\x80\x81\x82\x83\x84\x85\x86\x87\x88\x89\x80\x81\x82\x83\x84\x85\x86\x87\x88", nil, outcome.NotBitTorrent},
	} {
		t.Run(c.name, func(t *testing.T) {
			var whole, single HandshakeDecoder
			_, err := whole.Feed([]byte(c.bytes))
			for i := range c.bytes {
				single.Feed([]byte(c.bytes[i : i+1]))
			}
			if !errors.Is(err, c.feed) || !errors.Is(single.err, c.feed) {
				t.Errorf("feed: got %v and byte by byte %v, want %v", err, single.err, c.feed)
			}
			if got := outcome.Of(whole.End()); got != c.end {
				t.Errorf("end: got %s, want %s", got, c.end)
			}
		})
	}
}
