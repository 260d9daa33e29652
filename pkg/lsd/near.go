package lsd

import "net/netip"

// Near are the networks that our interfaces are in.
type Near []netip.Prefix

// Has says whether a sender is of the local network: it is on-link, or its
// address is one that no router of the internet carries. Multicast from
// elsewhere is not local discovery.
func (n Near) Has(a netip.Addr) bool {
	a = a.Unmap().WithZone("")
	if a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() {
		return true
	}
	for _, p := range n {
		if p.Contains(a) {
			return true
		}
	}
	return false
}
