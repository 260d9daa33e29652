package dht

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"testing"
	"time"

	"btkit/pkg/outcome"
)

func missing(found map[netip.AddrPort]int, want []netip.AddrPort) (n int) {
	for _, p := range want {
		if found[p] == 0 {
			n++
		}
	}
	return n
}

func TestLookupFindsAllPeers(t *testing.T) {
	for name, test := range map[string]struct {
		nodes  int
		addr   func(int) netip.AddrPort
		change func(i int, n *fakeNode)
	}{
		"loopback, 60 nodes":  {60, loopback, nil},
		"loopback, 200 nodes": {200, loopback, nil},
		"public, 200 nodes":   {200, public, nil},
		"one node":            {1, loopback, nil},
		"40 % silent": {200, public, func(i int, n *fakeNode) {
			n.silent = i > 0 && i%5 < 2
		}},
		"filters without values": {100, public, func(_ int, n *fakeNode) { n.filtersOnly = true }},
		"no filters":             {100, public, func(_ int, n *fakeNode) { n.noFilters = true }},
		"slow nodes":             {100, public, func(_ int, n *fakeNode) { n.rtt = 1500 * time.Millisecond }},
		"very late answers of a third": {100, public, func(i int, n *fakeNode) {
			if i%3 == 1 {
				n.rtt = 5 * time.Second
			}
		}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newFakeDHT(7, test.nodes, test.addr)
				hash := d.randomID()
				seeds, others := somePeers(0, 5), somePeers(5, 15)
				d.announce(hash, min(closestK, test.nodes), seeds, others)
				for i, n := range d.nodes {
					if test.change != nil {
						test.change(i, n)
					}
				}
				c := d.client(t, nil)
				found, r := lookupOnce(t, c, hash)
				if err := c.Close(); err != nil {
					t.Errorf("close: %v", err)
				}
				if n := missing(found, append(seeds, others...)); n > 0 || r.Outcome != outcome.OK {
					t.Errorf("got outcome %s and %d of 20 peers missing (%+v), want ok and none", r.Outcome, n, r)
				}
				for p, n := range found {
					if n != 1 {
						t.Errorf("peer %v was reported %d times, want once", p, n)
					}
				}
				if r.Queried > 100 {
					t.Errorf("got %d nodes queried, want at most 100", r.Queried)
				}
			})
		})
	}
}

func TestQueriesAreReadOnlyAndUnguessable(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(1, 60, loopback)
		hash := d.randomID()
		c := d.client(t, nil)
		lookupOnce(t, c, hash)
		_ = c.Close()
		seen := map[string]bool{}
		for _, q := range d.log() {
			if !q.ro || q.method == "get_peers" && (!q.scrape || q.target != hash) {
				t.Errorf("got query %+v, want ro, scrape and the torrent", q)
			}
			if len(q.tid) != 4 || seen[q.tid] {
				t.Errorf("got transaction id %x, want 4 fresh bytes", q.tid)
			}
			seen[q.tid] = true
		}
		if len(seen) < closestK {
			t.Errorf("got %d queries, want at least %d", len(seen), closestK)
		}
	})
}

// Each query asks for nodes of the family that it travels over and no others
// (BEP 32).
func TestNodesOfTheFamilyAreAskedFor(t *testing.T) {
	for want, addr := range map[string]func(int) netip.AddrPort{"n4": public, "n6": publicIPv6} {
		t.Run(want, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newFakeDHT(3, 40, addr)
				hash := d.randomID()
				d.announce(hash, 8, nil, []netip.AddrPort{addr(500)})
				c := d.client(t, nil)
				found, _ := lookupOnce(t, c, hash)
				_ = c.Close()
				for _, q := range d.log() {
					if !slices.Equal(q.want, []string{want}) {
						t.Errorf("got want %v, want %s alone", q.want, want)
					}
				}
				if found[addr(500)] != 1 || len(d.log()) < closestK {
					t.Errorf("got peers %v by %d queries, want %v by at least %d", found, len(d.log()), addr(500), closestK)
				}
			})
		})
	}
}

// Widening ends when it brings nothing.
func TestLookupOfNothingStopsEarly(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(14, 200, loopback)
		hash := d.randomID()
		c := d.client(t, func(c *Config) { c.Exhaustive = true })
		lookupOnce(t, c, hash)
		_ = c.Close()
		asked := map[netip.AddrPort]bool{}
		for _, q := range d.log() {
			asked[q.to] = true
		}
		near := 0
		for _, n := range d.closest(hash)[:exhaustivePlan.width] {
			if asked[n.addr] {
				near++
			}
		}
		if least, most := closestK, closestK+exhaustivePlan.patience+2*alpha; near < least || near > most {
			t.Errorf("got %d of the %d closest nodes asked, want %d to %d", near, exhaustivePlan.width, least, most)
		}
	})
}

// Four queries are open at once among quick nodes, up to eight among slow
// ones.
func TestQueriesAtOnce(t *testing.T) {
	for name, test := range map[string]struct {
		rtt  time.Duration
		want int
	}{
		"quick": {500 * time.Millisecond, alpha},
		"slow":  {2500 * time.Millisecond, maxAlpha},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newFakeDHT(15, 100, loopback)
				for _, n := range d.nodes {
					n.rtt = test.rtt
				}
				c := d.client(t, nil)
				lookupOnce(t, c, d.randomID())
				_ = c.Close()
				log, most := d.log(), 0
				for i, q := range log {
					open := 1
					for _, before := range log[:i] {
						if q.at.Sub(before.at) < test.rtt {
							open++
						}
					}
					most = max(most, open)
				}
				if most != test.want {
					t.Errorf("got %d queries open at once, want %d", most, test.want)
				}
			})
		})
	}
}

func TestOutcomesOfLookups(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Config)
		silent bool
		want   outcome.Outcome
	}{
		"nobody has it":        {nil, false, outcome.NotFound},
		"nobody answers":       {nil, true, outcome.Timeout},
		"no node known":        {func(c *Config) { c.Bootstrap = nil }, false, outcome.Unreachable},
		"private nodes":        {func(c *Config) { c.Allow = nil }, false, outcome.Denied},
		"name is not resolved": {func(c *Config) { c.Bootstrap, c.Resolve = []string{"none.invalid:1"}, noName }, false, outcome.DNS},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newFakeDHT(2, 20, loopback)
				for _, n := range d.nodes {
					n.silent = test.silent
				}
				c := d.client(t, test.change)
				found, r := lookupOnce(t, c, d.randomID())
				_ = c.Close()
				if r.Outcome != test.want || len(found) > 0 {
					t.Errorf("got %s with %d peers (%s), want %s with none", r.Outcome, len(found), r.Message, test.want)
				}
			})
		})
	}
}

func noName(context.Context, string) ([]netip.Addr, error) {
	return nil, &net.DNSError{Err: "no such host", IsNotFound: true}
}

func TestLookupIsBrokenOff(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(3, 60, loopback)
		for _, n := range d.nodes {
			n.rtt = 2 * time.Second
		}
		c := d.client(t, nil)
		ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
		defer cancel()
		r := c.Lookup(ctx, IPv4, d.randomID(), func(Found) {})
		_ = c.Close()
		if r.Outcome != outcome.Canceled {
			t.Errorf("got %s, want canceled", r.Outcome)
		}
	})
}

func TestExhaustiveCollectsWhatIsCut(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(6, 150, loopback)
		hash := d.randomID()
		peers := somePeers(0, 400)
		d.announce(hash, 12, nil, peers)
		for _, n := range d.nodes {
			n.most, n.noFilters = 100, true
		}
		c := d.client(t, nil)
		_, plain := lookupOnce(t, c, hash)
		_ = c.Close()
		before := len(d.log())
		c = d.client(t, func(c *Config) { c.Exhaustive = true })
		found, r := lookupOnce(t, c, hash)
		_ = c.Close()
		if n := missing(found, peers); n > 4 {
			t.Errorf("%d of 400 peers missing, want at most 1 %% (%+v)", n, r)
		}
		if r.Queried < 12+exhaustivePlan.patience-closestK || r.Queried <= plain.Queried {
			t.Errorf("got %d nodes queried, %d in the plain lookup, want more, and the patience past those that store", r.Queried, plain.Queried)
		}
		last := map[netip.AddrPort]time.Time{}
		for _, q := range d.log()[before:] {
			if q.method != "get_peers" {
				continue
			}
			if gap := q.at.Sub(last[q.to]); gap < repeatGap {
				t.Errorf("node %v asked again after %v, want at least %v", q.to, gap, repeatGap)
			}
			last[q.to] = q.at
		}
	})
}

func TestQueryLimit(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(8, 60, public)
		// Every node lists eight new ones, ever closer, that never answer.
		for _, n := range d.nodes {
			n.spoil = func(q fakeQuery, answer map[string]any) []byte {
				var nodes []byte
				for range 60 {
					id := d.randomID()
					copy(id[:2], q.target[:2])
					nodes = append(nodes, id[:]...)
					nodes = appendPeer(nodes, public(60+d.chance.IntN(20_000)))
				}
				answer["r"].(map[string]any)["nodes"] = string(nodes)
				return nil
			}
		}
		c := d.client(t, nil)
		started := time.Now()
		_, r := lookupOnce(t, c, d.randomID())
		_ = c.Close()
		if r.Queries > plainPlan.queries || time.Since(started) > plainPlan.limit+time.Second {
			t.Errorf("got %d queries in %v, want at most %d in %v", r.Queries, time.Since(started), plainPlan.queries, plainPlan.limit)
		}
	})
}

func TestSocketErrorsDoNotEndTheClient(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(10, 60, loopback)
		hash := d.randomID()
		d.announce(hash, 8, nil, somePeers(0, 5))
		conn := d.socket()
		c := d.client(t, func(c *Config) { c.Listen = func(Family) (net.PacketConn, error) { return conn, nil } })
		for range 10 {
			conn.errs <- errors.New("no buffer space")
		}
		found, _ := lookupOnce(t, c, hash)
		if err := c.Close(); err != nil || len(found) != 5 {
			t.Errorf("got %d peers and error %v, want 5 and none", len(found), err)
		}
		if got := c.Stats().Dropped.ReadErrors; got < 10 {
			t.Errorf("got %d read errors counted, want at least 10", got)
		}
	})
}

// Hundreds of torrents in a network where many nodes are silent and many keep
// their peers back from a scrape.
func TestManyTorrents(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(13, 1500, public)
		for i, n := range d.nodes {
			n.silent = i%5 == 3 || i%5 == 4
			n.rtt = time.Duration(50+i%200) * time.Millisecond
			n.filtersOnly = i%2 == 0
		}
		c := d.client(t, func(c *Config) { c.NodeQuota = DefaultNodeQuota })
		out := &memory{}
		s := NewSource(c, out)
		s.Once = true
		for range 100 {
			hash := d.randomID()
			stored := 0
			for _, n := range d.closest(hash) {
				if !n.silent && stored < closestK {
					stored++
					n.store[hash] = &fakeStore{seeds: somePeers(0, 10), others: somePeers(10, 20)}
				}
			}
			s.hear(t, hash)
		}
		s.EOF()
		if err := s.Run(t.Context()); err != nil {
			t.Fatalf("run: %v", err)
		}
		_ = c.Close()
		if got := len(out.peers()); got < 2970 {
			t.Errorf("got %d peers, want at least 99 %% of 3000", got)
		}
		if perLookup := len(d.log()) / 100; perLookup > 60 {
			t.Errorf("got %d queries per lookup, want at most 60", perLookup)
		}
	})
}
