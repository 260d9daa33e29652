package talk

import (
	"net"
	"net/netip"
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
