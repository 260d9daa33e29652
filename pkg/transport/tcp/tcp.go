// Package tcp opens byte streams over TCP, IPv4 and IPv6 (BEP 3). What is said
// over them, and whom to call, is left to others.
package tcp

import (
	"context"
	"net"
	"net/netip"
	"time"
)

// Dialer opens connections. The zero value has no time limit of its own.
type Dialer struct {
	Timeout time.Duration
	// Local is the address to come from; not valid leaves it to the system.
	Local netip.Addr
}

// Dial connects to a peer. Errors are *net.OpError, which package outcome
// classifies.
func (d Dialer) Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	if to.Addr().Zone() != "" {
		return d.dialAny(ctx, to)
	}
	return d.dial(ctx, to)
}

// dialAny leaves it to the net package.
func (d Dialer) dialAny(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	dialer := net.Dialer{Timeout: d.Timeout, KeepAlive: -1}
	if d.Local.IsValid() {
		dialer.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(d.Local, 0))
	}
	return dialer.DialContext(ctx, "tcp", to.String())
}
