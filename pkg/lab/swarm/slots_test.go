package swarm

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"btkit/pkg/lab/script"
	"btkit/pkg/peerwire"
)

// fullUp makes a peer full for ever.
func fullUp(p *script.Peer) { p.Slots = script.Slots{Share: 1, Block: time.Hour, Seed: p.Seed} }

func TestNoSlot(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		client string
		bytes  int // that a newcomer gets before the end
	}{
		"Transmission": {"-TR3000-", 0},
		"aria2":        {"A2-1-36-0-", 0},
		"rTorrent":     {"-lt0D60-", peerwire.HandshakeLen},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := solo(t, c.client, fullUp)
			l := act(t, s)
			nc, err := net.Dial("tcp4", l.where(t, 0).String())
			if err != nil {
				t.Fatal(err)
			}
			defer nc.Close()
			h := peerwire.Handshake{InfoHash: s.Torrents[0].InfoHash, PeerID: [20]byte([]byte(ourID))}
			nc.Write(h.Append(nil))
			nc.SetDeadline(time.Now().Add(patience))
			if c.client == "A2-1-36-0-" {
				// It says nothing, and does not hang up either.
				nc.SetDeadline(time.Now().Add(300 * time.Millisecond))
			}
			got, err := io.ReadAll(nc)
			if len(got) != c.bytes {
				t.Errorf("%d bytes (%v), want %d", len(got), err, c.bytes)
			}
			for end := time.Now().Add(patience); l.Stats().Refused != 1 && time.Now().Before(end); {
				time.Sleep(time.Millisecond)
			}
			nc.Close()
			l.Close()
			if truth := l.Truth()[0]; truth.Refused != 1 || truth.Met || *truth.FreeAboveMS != 0 || truth.FreeBelowMS != nil {
				t.Errorf("truth %+v, want one refused", truth)
			}
		})
	}
}

// Who is full and sorts by rank takes a newcomer of high rank and sends away
// one of low rank.
func TestRankDecides(t *testing.T) {
	t.Parallel()
	us := netip.MustParseAddrPort("127.0.0.1:0")
	for i := range byte(200) {
		ip := netip.AddrFrom4([4]byte{127, 81, 7, i + 1})
		rank := float64(peerwire.Priority(netip.AddrPortFrom(ip, 1), us)) / (1 << 32)
		s := solo(t, "-LT20B0-", func(p *script.Peer) { fullUp(p); p.IP = ip })
		bar := s.Peers[0].Slots.Bar(0)
		if i > 3 && rank < bar {
			continue // enough of those
		}
		l := act(t, s)
		v := visit(t, l.where(t, 0), s.Torrents[0].InfoHash, all)
		if got := v != nil; got != (rank > bar) {
			t.Errorf("taken with rank %.3f and bar %.3f: %v", rank, bar, got)
		}
		if v != nil {
			return
		}
	}
	t.Error("no rank is high enough")
}

// When the slots fill up, those without payload have to go.
func TestSlotsFillUp(t *testing.T) {
	t.Parallel()
	for name, client := range map[string]string{"low rank": "-LT20B0-", "idle": "-TR3000-"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := solo(t, client, func(p *script.Peer) {
				p.Client.IdleFull /= 1000
				for n := byte(1); peerwire.Priority(netip.AddrPortFrom(p.IP, 1), netip.MustParseAddrPort("127.0.0.1:0"))>>28 > 7; n++ {
					p.IP = netip.AddrFrom4([4]byte{127, 82, 7, n})
				}
			})
			l := act(t, s)
			v := visit(t, l.where(t, 0), s.Torrents[0].InfoHash, all)
			v.until("state", func(got []heard) bool { return has(got, 100) == 100 })
			p := l.peers[0]
			p.mu.Lock()
			fullUp(p.plan)
			p.mu.Unlock()
			p.turn()
			v.over()
		})
	}
}

func TestManners(t *testing.T) {
	t.Parallel()
	s := solo(t, "-BI3500-", func(*script.Peer) {})
	l := act(t, s)
	v := visit(t, l.where(t, 0), s.Torrents[0].InfoHash, all)
	for range 8 {
		v.send(peerwire.AppendKeepAlive(nil))
	}
	v.send(peerwire.AppendExtended(nil, 3, []byte("d8:msg_typei0e5:piecei0ee")))
	v.send(hello(""))
	v.until("greeting", func(got []heard) bool { return first(got, peerwire.Extended) != nil })
	v.net.Close()
	for end := time.Now().Add(patience); l.Stats().Conns != 0 && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	visit(t, l.where(t, 0), s.Torrents[0].InfoHash, all)
	l.Close()
	truth := l.Truth()[0]
	if truth.KeepAlives != 8 || truth.Connects != 2 || truth.Breaches["keep-alives"] != 2 || truth.Breaches["pause"] != 1 || len(truth.Breaches) != 2 {
		t.Errorf("%d keep-alives, %d connections, breaches %v; want 8, 2, two of keep-alives and one pause",
			truth.KeepAlives, truth.Connects, truth.Breaches)
	}
}
