package dht

import (
	"context"
	"net/netip"
	"slices"
)

// Families lists those that are in use.
func (c *Client) Families() (families []Family) {
	for _, n := range c.nets {
		families = append(families, n.family)
	}
	return families
}

// Usable lists the families in which there is a node to start from. It may
// resolve the names of the bootstrap nodes.
func (c *Client) Usable(ctx context.Context) (families []Family) {
	for _, n := range c.nets {
		if n.hasStart(ctx) {
			families = append(families, n.family)
		}
	}
	return families
}

// worthAsking says whether a lookup in a family can begin. When no family has
// a node to start from, the first one is asked all the same, so that the
// record says why nothing is found.
func (c *Client) worthAsking(ctx context.Context, family Family) bool {
	usable := c.Usable(ctx)
	if len(usable) == 0 {
		return len(c.nets) > 0 && c.nets[0].family == family
	}
	return slices.Contains(usable, family)
}

func (n *network) hasStart(ctx context.Context) bool {
	if one := n.known.closest(n.guard.own, 1); len(one) > 0 {
		return n.reach(one[0].Addr)
	}
	addrs, _ := n.boot.addresses(ctx) // what did not resolve shows in the lookup
	return slices.ContainsFunc(addrs, func(a netip.AddrPort) bool {
		return familyOf(a.Addr()) == n.family && n.allow(a.Addr()) == nil && n.reach(a)
	})
}

// comeFrom makes queries of an address's family come from it, and says whether
// they do now: not if it is no address of this host, nor from a loopback address
// unless the nodes to begin with are on this host too, since it reaches no others.
func (c *Client) comeFrom(addr netip.Addr) bool {
	n := c.network(familyOf(addr))
	if n == nil || n.socket == nil || addr.IsLoopback() && !n.boot.onThisHost() {
		return false
	}
	return n.socket.move(addr) == nil
}
