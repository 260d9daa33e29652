//go:build !linux

package tcp

import (
	"context"
	"net"
	"net/netip"
)

func (d Dialer) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	return d.dialAny(ctx, to)
}
