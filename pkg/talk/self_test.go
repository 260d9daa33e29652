package talk

import (
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/visit"
)

func TestOurHandshake(t *testing.T) {
	m := open(t, scene{})
	got := m.hello(theirHandshake())
	want := peerwire.Handshake{Reserved: [8]byte{0, 0, 0, 0, 0, 0x10, 0, 4}, InfoHash: m.c.Visit.Torrent().InfoHash, PeerID: us.PeerID}
	if got != want {
		t.Errorf("got %x, want %x", got, want)
	}
}

// bits are the reserved bits of a peer in a readable form.
func bits(fast, ext bool) (b uint64) {
	if fast {
		b |= peerwire.BitFast
	}
	if ext {
		b |= peerwire.BitExt
	}
	return b
}

// TestOurMessages holds the promise of what we say and what we never say: no
// bitfield, no have-all, no upload_only, no request, whatever the peer does.
func TestOurMessages(t *testing.T) {
	tests := []struct {
		name      string
		fast, ext bool
		id        string
		want      string
	}{
		{"fast and extensions", true, true, "-TR4050-abcdefghijkl", "extended have_none"},
		{"fast alone", true, false, "-TR4050-abcdefghijkl", "have_none"},
		{"extensions alone", false, true, "-UT3550-abcdefghijkl", "extended keep_alive"},
		{"neither", false, false, "-lt0D80-abcdefghijkl", "keep_alive"},
		{"aria2", true, true, "A2-1-36-0-abcdefghij", "extended have_none interested"},
		{"aria2 without fast", false, true, "-aria2-abcdefghijklm", "extended keep_alive interested"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := open(t, scene{})
			h := theirHandshake()
			h.Reserved, h.PeerID = peerwire.Reserved(bits(tt.fast, tt.ext)), [20]byte([]byte(tt.id))
			m.hello(h)
			m.send(bitfield(100, 50), peerwire.AppendUnchoke(nil), peerwire.AppendInterested(nil), peerwire.AppendHave(nil, 60),
				peerwire.AppendSuggestPiece(nil, 1), peerwire.AppendAllowedFast(nil, 1), peerwire.AppendKeepAlive(nil), peerwire.AppendPort(nil, 6881))
			wait(t, "the reading", m.told)
			m.c.Leave()
			var got []string
			for _, msg := range m.rest() {
				got = append(got, msg.ID.String())
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			m.wantEnd(outcome.OK)
		})
	}
}

func TestOurExtensionHandshake(t *testing.T) {
	tests := []struct {
		name string
		self Self
		port uint16
		v    string
	}{
		{"with a listener", us, 6881, Client},
		{"without a listener", Self{PeerID: us.PeerID}, 0, Client},
		{"with a name of its own", Self{PeerID: us.PeerID, Client: "survey; mail@example.org"}, 0, "survey; mail@example.org"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := open(t, scene{self: tt.self})
			m.hello(theirHandshake())
			msg := m.next()
			if msg.ID != peerwire.Extended || msg.Ext != 0 {
				t.Fatalf("got %+v, want an extension handshake first", msg)
			}
			got, err := peerwire.ParseExtHandshake(msg.Payload)
			if err != nil {
				t.Fatal(err)
			}
			ids := map[string]uint8{"ut_pex": visit.ExtPex, "ut_metadata": visit.ExtMetadata, "upload_only": visit.ExtUploadOnly, "lt_donthave": visit.ExtDontHave,
				"ut_holepunch": visit.ExtHolepunch, "lt_tex": visit.ExtTex}
			if !maps.Equal(got.M, ids) || got.P != tt.port || got.V != tt.v || got.Reqq != 250 {
				t.Errorf("got %+v, want ids %v, port %d, name %q, reqq 250", got, ids, tt.port, tt.v)
			}
			if got.UploadOnly != nil || got.MetadataSize != 0 || len(got.Oddities) > 0 {
				t.Errorf("got %+v, want no upload_only, no metadata_size, nothing odd", got)
			}
			if strings.Contains(string(msg.Payload), "1:pi0e") {
				t.Errorf("got port 0 in %q, want no port at all", msg.Payload)
			}
		})
	}
}

func TestKeepAlive(t *testing.T) {
	m := open(t, scene{manner: Manner{KeepAlive: 5 * time.Millisecond}})
	m.hello(theirHandshake())
	m.send(bitfield(100, 50))
	for range 2 { // the greeting
		m.next()
	}
	for i := range 3 {
		if got := m.next(); got.ID != peerwire.KeepAlive {
			t.Errorf("message %d: got %v, want a keep-alive", i, got.ID)
		}
	}
}

// A program that counts keep-alives gets no more than it bears, whatever we were
// told.
func TestKeepAliveOfAProgramThatCounts(t *testing.T) {
	for id, want := range map[string]time.Duration{"-BI3500-abcdefghijkl": 10 * time.Second, "-TR4050-abcdefghijkl": time.Second} {
		m := open(t, scene{manner: Manner{KeepAlive: time.Second}})
		h := theirHandshake()
		copy(h.PeerID[:], id)
		m.hello(h)
		m.greeting()
		m.c.Leave()
		m.wantEnd(outcome.OK)
		if got := m.c.manner.KeepAlive; got != want {
			t.Errorf("%s: got a keep-alive every %v, want every %v", id, got, want)
		}
	}
}

func TestRequestsAreRefused(t *testing.T) {
	tests := []struct {
		name string
		fast bool
		ask  int
		want int
	}{
		{"one", true, 1, 1}, {"three", true, 3, 3}, {"without the fast extension", false, 3, 0}, {"too many", true, maxRejects + 50, maxRejects},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := open(t, scene{})
			h := theirHandshake()
			h.Reserved = peerwire.Reserved(bits(tt.fast, false))
			m.hello(h)
			m.next()
			var want []peerwire.Message
			for i := range uint32(tt.ask) {
				m.send(peerwire.AppendRequest(nil, i, 16384*i, 16384))
				want = append(want, peerwire.Message{ID: peerwire.RejectRequest, Index: i, Begin: 16384 * i, Length: 16384})
			}
			m.send(bitfield(100, 50))
			wait(t, "the reading", m.told)
			m.c.Leave()
			got := m.rest()
			same := slices.EqualFunc(got, want[:tt.want], func(a, b peerwire.Message) bool { return fmt.Sprint(a) == fmt.Sprint(b) })
			if !same {
				t.Errorf("got %+v, want %d refusals", got, tt.want)
			}
		})
	}
}

func TestBytesAreCounted(t *testing.T) {
	for _, together := range []bool{true, false} {
		t.Run(fmt.Sprintf("handshake and bitfield in one piece: %v", together), func(t *testing.T) {
			m := open(t, scene{})
			m.readHandshake()
			first := theirHandshake().Append(nil)
			if together {
				m.send(append(first, bitfield(100, 50)...))
			} else {
				m.send(first, bitfield(100, 50))
			}
			wait(t, "the reading", m.told)
			m.c.Leave()
			m.rest()
			v := m.wantEnd(outcome.OK)
			if v.RxBytes != m.tx || v.TxBytes != m.rx {
				t.Errorf("got %d received and %d sent, want %d and %d as the peer counts", v.RxBytes, v.TxBytes, m.tx, m.rx)
			}
		})
	}
}

func TestInfohashOfTheTests(t *testing.T) {
	if h := theirHandshake(); hex.EncodeToString(h.InfoHash[:]) != infohash {
		t.Errorf("got %x, want %s", h.InfoHash, infohash)
	}
}
