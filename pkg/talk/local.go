package talk

import (
	"net"
	"net/netip"

	"btkit/pkg/peerwire"
)

// Local is our side of a connection, not valid if unknown. Over a UDP socket of
// all addresses, only the port is known.
func Local(conn net.Conn) netip.AddrPort {
	var a netip.AddrPort
	switch local := conn.LocalAddr().(type) {
	case *net.TCPAddr:
		a = local.AddrPort()
	case *net.UDPAddr:
		a = local.AddrPort()
	}
	return netip.AddrPortFrom(a.Addr().Unmap(), a.Port())
}

// Ranked is our address and the canonical priority of a connection (BEP 40), for
// the visit; neither if our side is unknown.
func Ranked(ours, theirs netip.AddrPort) (netip.Addr, *int64) {
	if !ours.Addr().IsValid() || ours.Addr().IsUnspecified() {
		return netip.Addr{}, nil
	}
	rank := int64(peerwire.Priority(ours, theirs))
	return ours.Addr(), &rank
}
