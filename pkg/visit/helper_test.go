package visit_test

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

var start = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// second is a time on the tests' clock.
func second(s float64) time.Time { return start.Add(time.Duration(s * float64(time.Second))) }

// scene is a conversation whose other side follows a script. After each message
// it asks what is to be told, as package talk does.
type scene struct {
	t       *testing.T
	c       *visit.Conversation
	torrent *visit.Torrent
	decoder peerwire.Decoder
	told    []*record.Progress
	err     error // of the first message that ended the conversation
}

const infohash = "0123456789abcdef0123456789abcdef01234567"

// play begins a conversation about a torrent of so many pieces, 0 for not
// known, which the peer has greeted at second 0.
func play(t *testing.T, pieces int64) *scene {
	t.Helper()
	return playAs(t, pieces, visit.Start{}, peerwire.BitFast|peerwire.BitExt)
}

func playAs(t *testing.T, pieces int64, s visit.Start, bits uint64) *scene {
	t.Helper()
	torrent, err := visit.NewTorrent(&record.Torrent{InfoHash: infohash, Pieces: pieces, PieceBytes: 1 << 18})
	if err != nil {
		t.Fatal(err)
	}
	s.Torrent, s.Addr, s.Session, s.At = torrent, netip.MustParseAddrPort("192.0.2.1:6881"), 7, start
	if s.Direction == "" {
		s.Direction = visit.Out
	}
	if s.Rules == (visit.Rules{}) {
		s.Rules = visit.DefaultRules()
	}
	x := &scene{t: t, c: visit.New(s), torrent: torrent}
	x.greet(bits, peerID)
	return x
}

func (s *scene) greet(bits uint64, id [20]byte) {
	s.c.Connected(start)
	s.c.Greeted(start, peerwire.Handshake{Reserved: peerwire.Reserved(bits), InfoHash: s.torrent.InfoHash, PeerID: id})
}

// peerID is that of a client of which nothing is known.
var peerID = [20]byte([]byte("-XX3000-abcdefghijkl"))

// say is what the peer sends at a time: whole frames.
func (s *scene) say(at float64, frames ...[]byte) *scene {
	for _, frame := range frames {
		err := s.decoder.Feed(frame, func(m peerwire.Message) error {
			if err := s.c.Hear(second(at), m); err != nil {
				return err
			}
			s.wait(at)
			return nil
		})
		if s.err == nil {
			s.err = err
		}
	}
	return s
}

// wait asks what is to be told at a time.
func (s *scene) wait(at float64) *scene {
	s.told = append(s.told, s.c.Progress(second(at))...)
	return s
}

// end closes the conversation.
func (s *scene) end(at float64, how outcome.Outcome) *record.Visit {
	last, v := s.c.End(second(at), how)
	s.told = append(s.told, last...)
	return v
}

// story is what was told: "pieces@second" each.
func (s *scene) story() string {
	var all []string
	for _, p := range s.told {
		all = append(all, fmt.Sprintf("%d@%v", p.Have, p.TS.Sub(start).Seconds()))
	}
	return strings.Join(all, " ")
}

func (s *scene) wantStory(want string) {
	s.t.Helper()
	if got := s.story(); got != want {
		s.t.Errorf("got told %q, want %q", got, want)
	}
}

// wantOdd compares the oddities, in order.
func (s *scene) wantOdd(want ...string) {
	s.t.Helper()
	_, v := s.c.End(second(1e6), outcome.OK)
	if got := strings.Join(v.Oddities, " "); got != strings.Join(want, " ") {
		s.t.Errorf("got oddities %q, want %q", got, want)
	}
}

// bitfield is the message of a peer that has the first n pieces, spare bits
// zero.
func bitfield(pieces, n int) []byte {
	b := peerwire.NewBitfield(pieces)
	for i := range n {
		b.Set(uint32(i))
	}
	return peerwire.AppendBitfield(nil, b.Bytes())
}

func have(indexes ...uint32) (b []byte) {
	for _, i := range indexes {
		b = peerwire.AppendHave(b, i)
	}
	return b
}

// from lists so many indexes from first on.
func from(first uint32, n int) (all []uint32) {
	for i := range uint32(n) {
		all = append(all, first+i)
	}
	return all
}

func haveAll() []byte   { return peerwire.AppendHaveAll(nil) }
func haveNone() []byte  { return peerwire.AppendHaveNone(nil) }
func unchoke() []byte   { return peerwire.AppendUnchoke(nil) }
func keepAlive() []byte { return peerwire.AppendKeepAlive(nil) }

func extHandshake(e peerwire.ExtHandshake) []byte { return peerwire.AppendExtHandshake(nil, e) }

func unhex(t *testing.T, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// testAddr is one of 65,536 addresses for tests (RFC 2544).
func testAddr(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}), 6881)
}
