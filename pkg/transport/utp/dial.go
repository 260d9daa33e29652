package utp

import (
	"context"
	"math/rand/v2"
	"net"
	"net/netip"
	"syscall"
)

// Dial opens a conversation with a peer, a *Conn. Errors are *net.OpError,
// which package outcome classifies: refused if the peer or its host said no,
// timeout if nobody did.
func (s *Socket) Dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	return s.dial(ctx, to, false)
}

// Punch is Dial for a peer behind NAT that dials us in the same moment (BEP 55):
// SYNs are repeated at equal distance, and go on when the network says that
// nobody is there. The SYN of the peer is an incoming conversation of its own.
func (s *Socket) Punch(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	return s.dial(ctx, to, true)
}

func (s *Socket) dial(ctx context.Context, to netip.AddrPort, stubborn bool) (net.Conn, error) {
	to = plain(to)
	c, err := s.connect(ctx, to, stubborn)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: network, Source: s.Addr(), Addr: net.UDPAddrFromAddrPort(to), Err: err}
	}
	return c, nil
}

func (s *Socket) connect(ctx context.Context, to netip.AddrPort, stubborn bool) (*Conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	if !to.IsValid() || to.Port() == 0 {
		return nil, syscall.EINVAL
	}
	c, err := s.begin(to, stubborn)
	if err != nil {
		return nil, err
	}
	// The broadcast comes after the context has ended, so the wait sees it.
	stop := context.AfterFunc(ctx, c.signal)
	defer stop()
	return c, c.await(ctx)
}

// idTries is how often a taken id is drawn again.
const idTries = 16

// begin enters a new conversation into the table and sends its SYN.
func (s *Socket) begin(to netip.AddrPort, stubborn bool) (*Conn, error) {
	c := s.newConn(to)
	c.mu.Lock()
	defer c.mu.Unlock()
	for range idTries {
		id := uint16(rand.Uint32())
		now := s.now()
		c.stream = dialled(now, s.limits, id, uint16(rand.Uint32()), c.send)
		c.stream.stubborn = stubborn
		if s.add(key{to, id}, c) {
			c.arrange()
			return c, nil
		}
	}
	if s.isClosed() {
		return nil, net.ErrClosed
	}
	return nil, syscall.ENOBUFS
}

func (s *Socket) isClosed() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.closed
}

// await waits until the peer has answered.
func (c *Conn) await(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	for c.stream.phase == opening && ctx.Err() == nil {
		c.changed.Wait()
	}
	switch {
	case c.stream.phase == open:
		return nil
	case c.stream.phase == opening:
		c.stream.die(ctx.Err())
		c.arrange()
	}
	return c.stream.err
}
