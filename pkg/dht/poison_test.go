package dht

import (
	"net/netip"
	"testing"
	"time"
)

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
		all     func(n *fakeNode)
		spoil   func(n *fakeNode) func(fakeQuery, map[string]any) []byte
		refused string
	}{
		"another id than the listed one": {false, nil, func(*fakeNode) func(fakeQuery, map[string]any) []byte {
			return func(q fakeQuery, answer map[string]any) []byte {
				id := q.target // a mirror of the target
				id[19] ^= 1
				lies(q, answer)
				answer["r"].(map[string]any)["id"] = string(id[:])
				return nil
			}
		}, "id-mismatch"},
		"invented peers for any torrent": {true, nil, func(*fakeNode) func(fakeQuery, map[string]any) []byte { return lies }, "liar"},
		"the same among nodes that answer a scrape with filters alone": {true, func(n *fakeNode) { n.filtersOnly = true },
			func(*fakeNode) func(fakeQuery, map[string]any) []byte {
				return func(q fakeQuery, answer map[string]any) []byte {
					if q.scrape {
						return nil
					}
					return lies(q, answer)
				}
			}, "liar"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newFakeDHT(4, 150, public)
				hash := d.randomID()
				peers := somePeers(0, 20)
				d.announce(hash, 8, nil, peers)
				for _, n := range d.nodes {
					if test.all != nil {
						test.all(n)
					}
				}
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
