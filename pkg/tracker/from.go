package tracker

import (
	"context"
	"net"
	"net/netip"
)

type fromAddress struct{}

// comingFrom makes connections under the context come from an address of this
// host; one that is not valid leaves it to the system. Package net/http lets
// nothing but the context through to its dialer.
func comingFrom(ctx context.Context, from netip.Addr) context.Context {
	if !from.IsValid() {
		return ctx
	}
	return context.WithValue(ctx, fromAddress{}, from)
}

// origin is the address that comingFrom has set, or none.
func origin(ctx context.Context) netip.Addr {
	from, _ := ctx.Value(fromAddress{}).(netip.Addr)
	return from
}

// localTCP is the address to dial from; nil is the system's choice.
func localTCP(from netip.Addr) net.Addr {
	if !from.IsValid() {
		return nil
	}
	return net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
}

// localUDP is localTCP for UDP.
func localUDP(from netip.Addr) *net.UDPAddr {
	if !from.IsValid() {
		return nil
	}
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
}
