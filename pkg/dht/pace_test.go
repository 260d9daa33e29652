package dht

import (
	"net/netip"
	"testing"
	"time"
)

func TestRatesPerNode(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := newPaceBook(DefaultNodeQuota)
	to := netip.MustParseAddrPort("44.1.1.1:6881")
	other := netip.MustParseAddrPort("44.1.1.1:6882")
	if wait := p.take(to, start); wait != 0 {
		t.Fatalf("got wait %v for the first query, want none", wait)
	}
	if wait := p.take(other, start.Add(300*time.Millisecond)); wait != 700*time.Millisecond {
		t.Errorf("got wait %v for another port of the address, want 700ms", wait)
	}
	now := start
	for range DefaultNodeQuota - 1 {
		now = now.Add(nodeGap)
		if wait := p.take(to, now); wait != 0 {
			t.Fatalf("got wait %v a second later, want none", wait)
		}
	}
	now = now.Add(nodeGap)
	if wait, want := p.take(to, now), start.Add(nodeWindow).Sub(now); wait != want {
		t.Errorf("got wait %v past the quota, want %v", wait, want)
	}
	if wait := p.take(to, start.Add(nodeWindow)); wait != 0 {
		t.Errorf("got wait %v when the first query is ten minutes old, want none", wait)
	}
	lab := netip.MustParseAddrPort("127.0.0.1:1000")
	_ = p.take(lab, now)
	if wait := p.take(netip.MustParseAddrPort("127.0.0.1:1001"), now); wait != 0 {
		t.Errorf("got wait %v for another node of the same host in the lab, want none", wait)
	}
	for i := range 2 * DefaultNodeQuota {
		if wait := p.take(lab, now.Add(time.Duration(i+1)*localGap)); wait != 0 {
			t.Errorf("got wait %v for query number %d in the lab, want none", wait, i+2)
		}
	}
	if wait := p.take(lab, now.Add(2*DefaultNodeQuota*localGap+localGap/2)); wait != localGap/2 {
		t.Errorf("got wait %v half a gap later in the lab, want %v", wait, localGap/2)
	}
}

func TestRatesAreBookedInOrderOfAsking(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := newPaceBook(-1)
	to := netip.MustParseAddrPort("44.1.1.1:6881")
	_ = p.take(to, start.Add(2*time.Second))
	if wait := p.take(to, start); wait != 3*time.Second {
		t.Errorf("got wait %v before a query that is booked, want 3s", wait)
	}
}

func TestPaceBookIsBounded(t *testing.T) {
	start := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	p := newPaceBook(DefaultNodeQuota)
	for i := range maxPaced + 1000 {
		_ = p.take(netip.AddrPortFrom(netip.AddrFrom4([4]byte{44, byte(i >> 16), byte(i >> 8), byte(i)}), 1), start)
	}
	if got := len(p.sent); got > maxPaced {
		t.Errorf("got %d addresses remembered, want at most %d", got, maxPaced)
	}
}

// Many torrents at once: the total rate and the rates per node hold, whatever
// the lookups want.
func TestRatesOfManyLookups(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(12, 150, public)
		c := d.client(t, func(c *Config) { c.Rate, c.NodeQuota = 50, DefaultNodeQuota })
		out := &memory{}
		s := NewSource(c, out)
		s.Once = true
		for range 60 {
			hash := d.randomID()
			d.announce(hash, 8, nil, somePeers(0, 3))
			s.hear(t, hash)
		}
		s.EOF()
		if err := s.Run(t.Context()); err != nil {
			t.Fatalf("run: %v", err)
		}
		_ = c.Close()
		log := d.log()
		perNode := map[netip.AddrPort][]time.Time{}
		for i, q := range log {
			perNode[q.to] = append(perNode[q.to], q.at)
			const burst = 5
			if k := i + 50 + burst; k < len(log) && log[k].at.Sub(q.at) < time.Second {
				t.Fatalf("more than %d queries within a second of %v", 50+burst, q.at)
			}
		}
		for node, times := range perNode {
			for i, at := range times {
				if i > 0 && at.Sub(times[i-1]) < nodeGap {
					t.Errorf("node %v asked again after %v, want at least %v", node, at.Sub(times[i-1]), nodeGap)
				}
				if k := i + DefaultNodeQuota; k < len(times) && times[k].Sub(at) < nodeWindow {
					t.Errorf("node %v asked more than %d times in ten minutes", node, DefaultNodeQuota)
				}
			}
		}
		if got := len(out.requests()); got != 60 {
			t.Errorf("got %d request records, want 60", got)
		}
	})
}
