package dht

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
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
			if !q.ro || !q.scrape || q.target != hash {
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

func TestOutcomesOfLookups(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*Config)
		silent bool
		want   outcome.Outcome
	}{
		"nobody has it":        {nil, false, outcome.NotFound},
		"nobody answers":       {nil, true, outcome.Timeout},
		"no node known":        {func(c *Config) { c.Bootstrap = nil }, false, outcome.Unreachable},
		"private nodes":        {func(c *Config) { c.Allow = nil }, false, outcome.Unreachable},
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

func TestLyingNodes(t *testing.T) {
	invented := somePeers(5000, 10)
	lies := func(_ fakeQuery, answer map[string]any) []byte {
		var values []string
		for _, p := range invented {
			values = append(values, string(appendPeer(nil, p)))
		}
		answer["r"].(map[string]any)["values"] = values
		return nil
	}
	for name, test := range map[string]struct {
		control bool
		spoil   func(n *fakeNode) func(fakeQuery, map[string]any) []byte
		refused string
	}{
		"another id than the listed one": {false, func(*fakeNode) func(fakeQuery, map[string]any) []byte {
			return func(q fakeQuery, answer map[string]any) []byte {
				id := q.target // a mirror of the target
				id[19] ^= 1
				lies(q, answer)
				answer["r"].(map[string]any)["id"] = string(id[:])
				return nil
			}
		}, "id-mismatch"},
		"invented peers for any torrent": {true, func(*fakeNode) func(fakeQuery, map[string]any) []byte { return lies }, "liar"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newFakeDHT(4, 150, public)
				hash := d.randomID()
				peers := somePeers(0, 20)
				d.announce(hash, 8, nil, peers)
				liars := d.closest(hash)[1:4]
				for _, n := range liars {
					if n != d.nodes[0] {
						n.spoil = test.spoil(n)
					}
				}
				c := d.client(t, func(c *Config) { c.Control = test.control })
				found, r := lookupOnce(t, c, hash)
				_ = c.Close()
				if n := missing(found, peers); n > 0 {
					t.Errorf("%d of %d true peers missing, want none (%+v)", n, len(peers), r)
				}
				if n := len(invented) - missing(found, invented); n > 0 {
					t.Errorf("%d invented peers reported, want none", n)
				}
				if r.Refused[test.refused] == 0 {
					t.Errorf("got refused %v, want some %s", r.Refused, test.refused)
				}
			})
		})
	}
}

func TestManyPortsOfOneAddress(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(5, 60, public)
		hash := d.randomID()
		var aimed []netip.AddrPort
		for port := range uint16(50) {
			aimed = append(aimed, netip.AddrPortFrom(netip.MustParseAddr("93.1.2.3"), 1000+port))
		}
		d.announce(hash, 8, nil, aimed)
		c := d.client(t, nil)
		found, r := lookupOnce(t, c, hash)
		_ = c.Close()
		if len(found) != maxPortsPerAddr || r.Refused["peer-ports"] == 0 {
			t.Errorf("got %d peers and refused %v, want %d and some peer-ports", len(found), r.Refused, maxPortsPerAddr)
		}
	})
}

func TestNodesOfOneNetworkAreLimited(t *testing.T) {
	c := newCandidates(ID{}, func(netip.Addr) error { return nil })
	for i := range 40 {
		c.add(Node{ID: ID{1, byte(i)}, Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{44, 1, byte(i / 2), byte(i)}), 6881)})
		c.add(Node{ID: ID{2, byte(i)}, Addr: netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 1, 1, byte(i)}), 6881)})
	}
	if got := c.refused["same-network"]; got != 20 {
		t.Errorf("got %d refused for their /24, want 20: every second one of 44.1.x, none of 127.x", got)
	}
	asked := 0
	for n := c.next(8, time.Time{}); n != nil && n.Addr.Addr().As4()[0] == 44; n = c.next(8, time.Time{}) {
		n.state = alive
		asked++
	}
	if asked != maxPerBigNet {
		t.Errorf("got %d nodes of one /16 among the closest, want %d", asked, maxPerBigNet)
	}
}

func TestNodesThatAreNotAsked(t *testing.T) {
	target := ID{1, 2, 3, 4, 5, 6}
	near := target
	near[10] ^= 1
	for name, test := range map[string]struct {
		node Node
		want string
	}{
		"denied address":  {Node{ID: ID{9}, Addr: netip.MustParseAddrPort("10.0.0.1:6881")}, "address"},
		"system port":     {Node{ID: ID{9}, Addr: netip.MustParseAddrPort("44.0.0.1:53")}, "port"},
		"the target":      {Node{ID: target, Addr: netip.MustParseAddrPort("44.0.0.1:6881")}, "too-close"},
		"an unlikely id":  {Node{ID: near, Addr: netip.MustParseAddrPort("44.0.0.1:6881")}, "too-close"},
		"an honest node":  {Node{ID: ID{1, 2, 9}, Addr: netip.MustParseAddrPort("44.0.0.1:6881")}, ""},
		"an IPv6 address": {Node{ID: ID{1, 2, 9}, Addr: netip.MustParseAddrPort("[2606::1]:6881")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c := newCandidates(target, publicOnly)
			if got := c.why(test.node); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
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

func TestScrape(t *testing.T) {
	for name, test := range map[string]struct {
		seeds, others int
		change        func(*fakeDHT, []*fakeNode)
		wantSeeds     [2]float64
		wantOthers    [2]float64
		oddity        string
	}{
		"80 seeds, 200 others": {80, 200, nil, [2]float64{75, 85}, [2]float64{190, 210}, ""},
		"no seed":              {0, 50, nil, [2]float64{0, 0}, [2]float64{47, 53}, ""},
		"half know no filters": {30, 60, func(_ *fakeDHT, near []*fakeNode) {
			for _, n := range near[:4] {
				n.noFilters = true
			}
		}, [2]float64{28, 32}, [2]float64{56, 64}, ""},
		"one filter is full": {30, 60, func(_ *fakeDHT, near []*fakeNode) {
			near[1].spoil = func(_ fakeQuery, answer map[string]any) []byte {
				full := strings.Repeat("\xff", filterBytes)
				r := answer["r"].(map[string]any)
				r["BFsd"], r["BFpe"] = full, full
				return nil
			}
		}, [2]float64{28, 32}, [2]float64{56, 64}, "filter-outlier"},
		"peers in no filter": {30, 60, func(_ *fakeDHT, near []*fakeNode) {
			near[1].spoil = func(_ fakeQuery, answer map[string]any) []byte {
				r := answer["r"].(map[string]any)
				delete(r, "BFsd")
				r["BFpe"] = strings.Repeat("\x00", filterBytes)
				return nil
			}
		}, [2]float64{28, 32}, [2]float64{56, 64}, "filter-mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newFakeDHT(9, 100, public)
				hash := d.randomID()
				d.announce(hash, 8, somePeers(0, test.seeds), somePeers(test.seeds, test.others))
				if test.change != nil {
					test.change(d, d.closest(hash))
				}
				c := d.client(t, nil)
				_, r := lookupOnce(t, c, hash)
				_ = c.Close()
				if !r.Scraped || r.Seeds < test.wantSeeds[0] || r.Seeds > test.wantSeeds[1] {
					t.Errorf("got %.1f seeds, want %v", r.Seeds, test.wantSeeds)
				}
				if r.Leechers < test.wantOthers[0] || r.Leechers > test.wantOthers[1] {
					t.Errorf("got %.1f others, want %v", r.Leechers, test.wantOthers)
				}
				if test.oddity != "" && !strings.Contains(fmt.Sprint(r.Oddities), test.oddity) {
					t.Errorf("got oddities %v, want %s", r.Oddities, test.oddity)
				}
			})
		})
	}
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
