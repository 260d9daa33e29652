package manners

import "net/netip"

// A specialRange is a part of the address space where no stranger's peer is.
type specialRange struct {
	prefix netip.Prefix
	name   string
	// never: no peer can be there, not even in a lab.
	never bool
}

// Special ranges after the IANA registries of special-purpose addresses
// (RFC 6890). The documentation ranges are left out on purpose: nobody routes
// them, and test vectors use them as ordinary addresses.
var specialRanges = []specialRange{
	{netip.MustParsePrefix("0.0.0.0/8"), "unspecified", true},
	{netip.MustParsePrefix("10.0.0.0/8"), "private", false},
	{netip.MustParsePrefix("100.64.0.0/10"), "private (carrier-grade NAT)", false},
	{netip.MustParsePrefix("127.0.0.0/8"), "loopback", false},
	{netip.MustParsePrefix("169.254.0.0/16"), "link-local", false},
	{netip.MustParsePrefix("172.16.0.0/12"), "private", false},
	{netip.MustParsePrefix("192.0.0.0/24"), "private (protocol assignments)", false},
	{netip.MustParsePrefix("192.168.0.0/16"), "private", false},
	{netip.MustParsePrefix("198.18.0.0/15"), "private (benchmarks)", false},
	{netip.MustParsePrefix("224.0.0.0/4"), "multicast", true},
	{netip.MustParsePrefix("255.255.255.255/32"), "broadcast", true},
	{netip.MustParsePrefix("240.0.0.0/4"), "reserved", true},
	{netip.MustParsePrefix("::/128"), "unspecified", true},
	{netip.MustParsePrefix("::1/128"), "loopback", false},
	{netip.MustParsePrefix("::/96"), "reserved", true},
	{netip.MustParsePrefix("64:ff9b:1::/48"), "private (local NAT64)", false},
	{netip.MustParsePrefix("100::/64"), "reserved (discard)", true},
	{netip.MustParsePrefix("fc00::/7"), "private (unique local)", false},
	{netip.MustParsePrefix("fe80::/10"), "link-local", false},
	{netip.MustParsePrefix("fec0::/10"), "private (site-local)", false},
	{netip.MustParsePrefix("ff00::/8"), "multicast", true},
}

// rangeOf finds the first special range that holds addr.
func rangeOf(addr netip.Addr) (specialRange, bool) {
	for _, r := range specialRanges {
		if r.prefix.Contains(addr) {
			return r, true
		}
	}
	return specialRange{}, false
}

// Translations that carry an IPv4 address inside an IPv6 one.
var (
	nat64  = netip.MustParsePrefix("64:ff9b::/96") // RFC 6052
	sixTo4 = netip.MustParsePrefix("2002::/16")    // RFC 3056
	teredo = netip.MustParsePrefix("2001::/32")    // RFC 4380, the client's address inverted
)

// faces lists the addresses that a packet to addr may reach: addr itself,
// without zone and IPv4 clothes, and the IPv4 address translated from it.
func faces(addr netip.Addr) []netip.Addr {
	addr = addr.Unmap().WithZone("")
	b := addr.As16()
	switch {
	case nat64.Contains(addr):
		return []netip.Addr{addr, v4(b[12:])}
	case sixTo4.Contains(addr):
		return []netip.Addr{addr, v4(b[2:])}
	case teredo.Contains(addr):
		return []netip.Addr{addr, v4([]byte{^b[12], ^b[13], ^b[14], ^b[15]})}
	}
	return []netip.Addr{addr}
}

func v4(b []byte) netip.Addr { return netip.AddrFrom4([4]byte(b[:4])) }
