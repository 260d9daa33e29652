// Package tcp opens byte streams over TCP, IPv4 and IPv6 (BEP 3).
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
}

// Dial connects to a peer. Errors are those of the net package, which package
// outcome classifies.
func (d Dialer) Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	dialer := net.Dialer{Timeout: d.Timeout, KeepAlive: -1}
	return dialer.DialContext(ctx, "tcp", to.String())
}
