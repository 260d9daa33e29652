package dht

import (
	"context"
	"net"
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

// hasRoute says whether this host could send to an address, without sending.
// Many hosts have an IPv6 stack and no way out.
func hasRoute(to netip.AddrPort) bool {
	conn, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}
