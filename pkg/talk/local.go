package talk

import (
	"net"
	"net/netip"

	"btkit/pkg/peerwire"
)

// Local is our side of a connection, not valid if unknown.
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

// Rank is the canonical priority of a connection (BEP 40), nil if our side is
// unknown.
func Rank(ours, theirs netip.AddrPort) *int64 {
	if !ours.IsValid() || !ours.Addr().IsValid() {
		return nil
	}
	rank := int64(peerwire.Priority(ours, theirs))
	return &rank
}
