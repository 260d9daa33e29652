package dht

import (
	"errors"
	"net/netip"
)

// Family of the network: "ipv4" or "ipv6", two networks apart (BEP 32).
type Family string

// The families.
const (
	IPv4 Family = "ipv4"
	IPv6 Family = "ipv6"
)

func familyOf(addr netip.Addr) Family {
	if addr.Is4() {
		return IPv4
	}
	return IPv6
}

var errNotPublic = errors.New("not a public address")

// publicOnly is the address rule when the caller gives none.
func publicOnly(addr netip.Addr) error {
	if !addr.IsGlobalUnicast() || isLocal(addr) {
		return errNotPublic
	}
	return nil
}

// isLocal says whether an address belongs to a private network. Nodes there
// share hosts and networks by nature, so limits per network do not apply.
func isLocal(addr netip.Addr) bool {
	return addr.IsPrivate() || addr.IsLoopback() || addr.IsLinkLocalUnicast()
}

// smallNet is the network of which one node may be a candidate: /24 or /64.
func smallNet(addr netip.Addr) netip.Prefix { return network4or6(addr, 24, 64) }

// bigNet is the network of which two nodes may be among the closest: /16 or /48.
func bigNet(addr netip.Addr) netip.Prefix { return network4or6(addr, 16, 48) }

func network4or6(addr netip.Addr, bits4, bits6 int) netip.Prefix {
	bits := bits6
	if addr.Is4() {
		bits = bits4
	}
	p, _ := addr.Prefix(bits)
	return p
}
