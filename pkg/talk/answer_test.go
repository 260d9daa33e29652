package talk

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
)

func addr(s string) netip.AddrPort { return netip.MustParseAddrPort(s) }

// answer begins a conversation that the peer began: its handshake and rest have
// been read before.
func answer(t *testing.T, s scene, h peerwire.Handshake, rest []byte) *meeting {
	t.Helper()
	m := set(t, s)
	m.tx = peerwire.HandshakeLen + int64(len(rest))
	m.begin(func() outcome.Outcome { return m.c.Answer(h, rest) })
	return m
}

func TestAnswer(t *testing.T) {
	m := answer(t, scene{}, theirHandshake(), bitfield(100, 30))
	got := m.readHandshake()
	if got.PeerID != us.PeerID || got.InfoHash != theirHandshake().InfoHash {
		t.Errorf("got %x, want our peer id and the torrent that was asked for", got)
	}
	if p := wait(t, "the reading", m.told); p.Have != 30 {
		t.Errorf("got %d pieces, want the 30 behind the handshake", p.Have)
	}
	m.c.Leave()
	m.rest()
	v := m.wantEnd(outcome.OK)
	if v.RxBytes != m.tx || v.TxBytes != m.rx {
		t.Errorf("got %d received and %d sent, want %d and %d as the peer counts", v.RxBytes, v.TxBytes, m.tx, m.rx)
	}
}

func TestAnswerToOurselves(t *testing.T) {
	h := theirHandshake()
	h.PeerID = us.PeerID
	m := answer(t, scene{}, h, nil)
	if got := m.readHandshake(); got.PeerID != us.PeerID {
		t.Errorf("got peer id %q, want our own, so that the dialling side knows", got.PeerID)
	}
	if got := m.rest(); len(got) != 0 {
		t.Errorf("got %d messages behind the handshake, want none", len(got))
	}
	m.wantEnd(outcome.Self)
}

func TestAnswerUnderTheHashThatWasAskedFor(t *testing.T) {
	h := theirHandshake()
	copy(h.InfoHash[:], bytes.Repeat([]byte{0xcd}, 20))
	m := answer(t, scene{v2: strings.Repeat("cd", 32)}, h, peerwire.AppendHaveAll(nil))
	if got := m.readHandshake(); got.InfoHash != h.InfoHash {
		t.Errorf("got %x, want the hash of the question, %x", got.InfoHash, h.InfoHash)
	}
	m.wantEnd(outcome.OK)
}

func TestReadHandshake(t *testing.T) {
	h := theirHandshake()
	tests := []struct {
		name string
		sent []byte
		want outcome.Outcome
		rest string
	}{
		{"alone", h.Append(nil), outcome.OK, ""},
		{"with something behind it", append(h.Append(nil), "more"...), outcome.OK, "more"},
		{"nothing", nil, outcome.ClosedEarly, ""},
		{"half of it", h.Append(nil)[:30], outcome.Closed, ""},
		{"a web browser", []byte("GET / HTTP/1.1\r\n\r\n"), outcome.NotBitTorrent, ""},
		{"something encrypted", bytes.Repeat([]byte{0x99}, 96), outcome.Encrypted, strings.Repeat("\x99", 96)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			ours, theirs := pair(t)
			if _, err := theirs.Write(tt.sent); err != nil {
				t.Fatal(err)
			}
			theirs.Close()
			got, rest, err := ReadHandshake(ours, patience)
			if outcome.Of(err) != tt.want || string(rest) != tt.rest || err == nil && got != h {
				t.Errorf("got %x, rest %q, %v, want %q and rest %q", got, rest, err, tt.want, tt.rest)
			}
		})
	}
}
