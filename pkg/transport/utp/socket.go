package utp

import (
	"errors"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"
)

// Socket is one UDP socket with all conversations over it. It is a
// net.Listener.
type Socket struct {
	conn    net.PacketConn
	wire    wire
	options Options
	limits  limits
	start   time.Time
	timers  timers
	// backlog holds what Accept has not taken, Options.Backlog at most.
	backlog chan *Conn
	done    chan struct{}
	workers sync.WaitGroup
	// trouble is set when a write has failed: ICMP may have said something.
	trouble atomic.Bool

	mu     sync.RWMutex
	conns  map[key]*Conn
	closed bool

	// Only the reader uses these.
	half   halfOpen
	resets resetLimit
}

// key tells conversations apart: by the peer and the id that its packets carry.
type key struct {
	peer netip.AddrPort
	id   uint16
}

// Open takes over a UDP socket, IPv4, IPv6 or both. Close ends it.
func Open(conn net.PacketConn, o Options) *Socket {
	s := newSocket(conn, o)
	s.workers.Go(s.read)
	s.workers.Go(s.keepTime)
	return s
}

func newSocket(conn net.PacketConn, o Options) *Socket {
	s := &Socket{
		conn: conn, options: o, limits: o.limits(),
		// Times begin above 0, which means none.
		start: time.Now().Add(-time.Second), timers: newTimers(),
		backlog: make(chan *Conn, o.Backlog), done: make(chan struct{}),
		conns: map[key]*Conn{},
		half:  newHalfOpen(or(o.MaxHalf, 4096)),
	}
	s.wire = wireOf(conn, s.troubled)
	return s
}

// troubled sends the keeper of the time to hear errors. Who writes cannot do
// that: they are about conversations of others, whose locks are not his to take.
func (s *Socket) troubled() {
	s.trouble.Store(true)
	s.timers.nudge()
}

// now is the time on the clock of all conversations.
func (s *Socket) now() time.Duration { return time.Since(s.start) }

// Addr is our address, a *net.UDPAddr.
func (s *Socket) Addr() net.Addr { return s.conn.LocalAddr() }

// Conns counts the conversations, those that are closing included.
func (s *Socket) Conns() int {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.conns)
}

// Send sends a datagram of another protocol. Errors are those of the socket.
func (s *Socket) Send(b []byte, to netip.AddrPort) error {
	return s.wire.write(b, plain(to))
}

// Accept waits for the next conversation that a peer has opened, a *Conn. It
// fails when the Socket is closed.
func (s *Socket) Accept() (net.Conn, error) {
	select {
	case c := <-s.backlog:
		return c, nil
	case <-s.done:
		return nil, &net.OpError{Op: "accept", Net: network, Addr: s.Addr(), Err: net.ErrClosed}
	}
}

// Close ends all conversations at once, tells their peers, and closes the
// socket. Conversations that should end in order are closed before.
func (s *Socket) Close() error {
	s.shut()
	err := s.conn.Close()
	s.workers.Wait()
	return err
}

// shut ends everything but the socket.
func (s *Socket) shut() {
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return
	}
	s.closed = true
	var all []*Conn
	for _, c := range s.conns {
		all = append(all, c)
	}
	s.mu.Unlock()
	for _, c := range all {
		c.end(net.ErrClosed)
	}
	close(s.done)
}

// maxDatagram is longer than any datagram of the protocols we know.
const maxDatagram = 8 << 10

// read takes datagrams until the socket is closed.
func (s *Socket) read() {
	b := make([]byte, maxDatagram)
	for {
		n, from, err := s.wire.read(b)
		switch {
		case errors.Is(err, net.ErrClosed):
			s.shut()
			return
		case err != nil:
			if s.hearErrors() == 0 {
				s.pause()
			}
		case from.IsValid() && n < len(b): // what fills it all may have been cut
			s.handle(b[:n], from)
		}
	}
}

// pause keeps a socket that fails again and again from using up the machine.
func (s *Socket) pause() {
	select {
	case <-s.done:
	case <-time.After(time.Millisecond):
	}
}

// keepTime looks after conversations when they are due.
func (s *Socket) keepTime() {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		select {
		case <-s.done:
			return
		case <-timer.C:
		case <-s.timers.wake:
		}
		if s.trouble.Swap(false) {
			s.hearErrors()
		}
		for {
			c, wait := s.timers.due(s.now())
			if c == nil {
				timer.Reset(wait)
				break
			}
			c.tick()
		}
	}
}
