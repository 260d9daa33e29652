package manners

import (
	"fmt"
	"net"
	"net/netip"

	"go4.org/netipx"

	"btkit/pkg/outcome"
)

// Policy decides whether an address may be contacted. Its zero value forbids
// everything that is not on the public internet, so that a tracker or a
// stranger cannot aim the toolkit at a local network. A Policy must not be
// changed once in use; it is then safe for concurrent use.
type Policy struct {
	// AllowPrivate lifts the rules about private networks and about our own
	// addresses, for the lab and for closed networks. Addresses at which no
	// peer can be (multicast, broadcast, unspecified, reserved) stay forbidden,
	// and so does what the block list names.
	AllowPrivate bool
	// Deny is the block list, nil for none.
	Deny *netipx.IPSet
	// Own are the addresses of this host, nil for none.
	Own *netipx.IPSet
}

// Allow returns nil if addr may be contacted, and else an error with the
// outcome "denied" that says why. An IPv4 address in IPv6 clothes is judged as
// the IPv4 address that it reaches.
func (p *Policy) Allow(addr netip.Addr) error {
	if why := p.why(addr); why != "" {
		return outcome.Fail(outcome.Denied, fmt.Errorf("address %v: %s", addr, why))
	}
	return nil
}

func (p *Policy) why(addr netip.Addr) string {
	if !addr.IsValid() {
		return "not an address"
	}
	for _, a := range faces(addr) {
		if why := p.whyOne(a); why != "" {
			return why
		}
	}
	return ""
}

func (p *Policy) whyOne(addr netip.Addr) string {
	r, special := rangeOf(addr)
	switch {
	case special && r.never:
		return r.name
	case p.Deny != nil && p.Deny.Contains(addr):
		return "in the block list"
	case p.AllowPrivate:
		return ""
	case special:
		return r.name
	case p.Own != nil && p.Own.Contains(addr):
		return "our own"
	}
	return ""
}

// OwnAddresses returns the addresses of this host's interfaces, for
// [Policy.Own].
func OwnAddresses() (*netipx.IPSet, error) {
	addrs, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list the addresses of this host: %w", err)
	}
	return setOf(addrs)
}

func setOf(addrs []net.Addr) (*netipx.IPSet, error) {
	var b netipx.IPSetBuilder
	for _, a := range addrs {
		if n, ok := a.(*net.IPNet); ok {
			if ip, ok := netip.AddrFromSlice(n.IP); ok {
				b.Add(ip.Unmap())
			}
		}
	}
	set, err := b.IPSet()
	if err != nil {
		return nil, fmt.Errorf("list the addresses of this host: %w", err)
	}
	return set, nil
}
