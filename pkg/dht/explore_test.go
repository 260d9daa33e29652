package dht

import (
	"net/netip"
	"testing"
)

// Nodes near a torrent list each other and nobody farther out. All the same a
// lookup reaches nearly all of the closest nodes that its plan names, also when
// it starts among them.
func TestLookupReachesTheRegion(t *testing.T) {
	for name, test := range map[string]struct {
		exhaustive bool
		want       int
	}{
		"plain":      {false, plainPlan.width - 3},
		"exhaustive": {true, exhaustivePlan.width - 24},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newFakeDHT(12, 1500, public)
				hash := d.randomID()
				c := d.client(t, func(c *Config) { c.Exhaustive = test.exhaustive })
				width := c.plan.width
				for i, n := range d.closest(hash)[:width] { // everybody has a peer of its own
					n.store[hash] = &fakeStore{others: somePeers(i, 1)}
				}
				for _, start := range []string{"from far", "from near"} {
					found, r := lookupOnce(t, c, hash)
					if len(found) < test.want {
						t.Errorf("%s: got %d of the %d closest nodes (%+v), want at least %d", start, len(found), width, r, test.want)
					}
				}
				_ = c.Close()
			})
		})
	}
}

func TestPointNear(t *testing.T) {
	target := RandomID()
	for _, bits := range []int{0, 1, 7, 8, 20, 160, 200} {
		if got := sharedBits(target, pointNear(target, bits)); got < min(bits, 160) {
			t.Errorf("got %d shared bits, want at least %d", got, min(bits, 160))
		}
	}
}

func TestRegionBits(t *testing.T) {
	var d8 ID
	d8[1] = 0x80 // 2^-9 of the space: about 3584 nodes
	for n, want := range map[int]int{20: 7, 64: 5, 10_000: 0} {
		if got := regionBits(d8, n); got != want {
			t.Errorf("got %d bits for the closest %d, want %d", got, n, want)
		}
	}
}

func TestFewNodesAreNotExplored(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(13, closestK-1, loopback)
		c := d.client(t, nil)
		_, r := lookupOnce(t, c, d.randomID())
		_ = c.Close()
		if asked := map[netip.AddrPort]int{}; r.Queries != closestK-1 {
			for _, q := range d.log() {
				asked[q.to]++
			}
			t.Errorf("got %d queries to 7 nodes (%v), want one each", r.Queries, asked)
		}
	})
}
