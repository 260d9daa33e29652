package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"

	"btkit/pkg/outcome"
	"btkit/pkg/transport/utp"
)

// anywhere are the addresses of sockets that leave it to the system where they
// come from.
var anywhere = []netip.Addr{netip.IPv4Unspecified(), netip.IPv6Unspecified()}

// Open opens the sockets of uTP, if that is to be spoken, one for each of our
// addresses. It fails on an address that is not ours.
func (d *Dialer) Open(overUDP bool) error {
	locals := d.Locals
	if len(locals) == 0 {
		locals = anywhere
	}
	for _, local := range locals {
		conn, err := listen(netip.AddrPortFrom(local, 0))
		switch {
		case err != nil && len(d.Locals) > 0:
			return errors.Join(fmt.Errorf("come from %s: %w", local, err), d.Close())
		case err != nil: // a host without one of the families
			continue
		case !overUDP:
			conn.Close()
			continue
		}
		d.sockets = append(d.sockets, utp.Open(conn, d.utp()))
	}
	return nil
}

// listen opens a UDP socket of one family.
func listen(at netip.AddrPort) (net.PacketConn, error) {
	if at.Addr().Unmap().Is4() {
		return net.ListenPacket("udp4", at.String())
	}
	return net.ListenPacket("udp6", at.String())
}

// utp leaves conversations by RESET: after a FIN, libtorrent refuses the next
// visit for seconds.
func (d *Dialer) utp() utp.Options {
	return utp.Options{DialTimeout: d.Timeout, CloseByReset: true}
}

// Close closes the sockets of uTP. Conversations must have ended.
func (d *Dialer) Close() error {
	var err error
	for _, s := range d.sockets {
		err = errors.Join(err, s.Close())
	}
	d.sockets = nil
	return err
}

// UTP connects over uTP. Package outcome classifies the error.
func (d *Dialer) UTP(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	from, err := d.from(to)
	if err != nil {
		return nil, err
	}
	if s := d.socket(from, to.Addr()); s != nil {
		return s.Dial(ctx, to)
	}
	return nil, outcome.Fail(outcome.Unreachable, fmt.Errorf("no UDP socket for %s", to.Addr()))
}

// socket is the one that comes from an address, or from anywhere, and reaches
// the family of another.
func (d *Dialer) socket(from, to netip.Addr) *utp.Socket {
	for _, s := range d.sockets {
		local := addrOf(s).Addr()
		if from.IsValid() && local == from || !from.IsValid() && local.Is4() == to.Unmap().Is4() {
			return s
		}
	}
	return nil
}

func addrOf(s *utp.Socket) netip.AddrPort {
	addr, _ := netip.ParseAddrPort(s.Addr().String()) // of a UDP socket, always one
	return netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
}
