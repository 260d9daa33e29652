package dial

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/transport/utp"
)

// Punch connects over uTP to a peer that does the same at the same time,
// because another one has introduced us (BEP 55). from is our side of the connection
// with that one: the peer knows us by it, so we must come from there. Over
// uTP that is a socket of ours; over TCP the port of the same number is opened
// for as long as somebody whom we came to from there talks to us.
func (d *Dialer) Punch(ctx context.Context, from, to netip.AddrPort) (net.Conn, error) {
	for _, s := range d.sockets {
		if addrOf(s).Port() == from.Port() && addrOf(s).Addr().Is4() == from.Addr().Unmap().Is4() {
			return punch(ctx, s, to)
		}
	}
	s, err := d.borrow(from)
	if err != nil {
		return nil, err
	}
	stream, err := punch(ctx, s, to)
	if err != nil {
		return nil, errors.Join(err, d.giveBack(from))
	}
	return &punched{Conn: stream, dialer: d, from: from}, nil
}

// punchDelay is how long the peer's own call may come first. It leads nowhere, and
// opens the peer's NAT for ours; libtorrent closes a call that it takes while its
// own is under way.
const punchDelay = 3500 * time.Millisecond

func punch(ctx context.Context, s *utp.Socket, to netip.AddrPort) (net.Conn, error) {
	select {
	case <-time.After(punchDelay):
	case <-ctx.Done():
	}
	return s.Punch(ctx, to)
}

// lent is a socket that several connections share.
type lent struct {
	socket *utp.Socket
	users  int
}

func (d *Dialer) borrow(from netip.AddrPort) (*utp.Socket, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if l := d.lent[from]; l != nil {
		l.users++
		return l.socket, nil
	}
	conn, err := listen(from)
	if err != nil {
		return nil, outcome.Fail(outcome.LocalError, fmt.Errorf("come from %s: %w", from, err))
	}
	if d.lent == nil {
		d.lent = map[netip.AddrPort]*lent{}
	}
	l := &lent{socket: utp.Open(conn, d.utp()), users: 1}
	d.lent[from] = l
	return l.socket, nil
}

func (d *Dialer) giveBack(from netip.AddrPort) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	l := d.lent[from]
	if l.users--; l.users > 0 {
		return nil
	}
	delete(d.lent, from)
	return l.socket.Close()
}

// punched is a connection over a socket that was borrowed for it.
type punched struct {
	net.Conn
	dialer *Dialer
	from   netip.AddrPort
	once   sync.Once
}

// Close may be called more than once.
func (p *punched) Close() (err error) {
	p.once.Do(func() { err = errors.Join(p.Conn.Close(), p.dialer.giveBack(p.from)) })
	return err
}
