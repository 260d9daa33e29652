package utp

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"time"
)

const network = "utp"

// Conn is one conversation, a net.Conn. Its methods may be called from several
// goroutines.
type Conn struct {
	socket *Socket
	peer   netip.AddrPort

	// Those of the timers, behind their lock.
	at   time.Duration
	slot int

	mu      sync.Mutex
	changed sync.Cond // something that Read, Write or Dial may wait for
	stream  *stream
	ended   bool          // Close or Abort was called
	gone    bool          // no longer in the table
	readBy  time.Duration // deadlines, 0 without
	writeBy time.Duration
}

func (s *Socket) newConn(peer netip.AddrPort) *Conn {
	c := &Conn{socket: s, peer: peer}
	c.changed.L = &c.mu
	return c
}

// send is how the conversation's packets leave.
func (c *Conn) send(b []byte) error {
	return c.socket.wire.write(b, c.peer)
}

// feed takes a packet of the peer.
func (c *Conn) feed(p *Packet) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stream.Feed(c.socket.now(), p)
	c.arrange()
}

// tick does what is due.
func (c *Conn) tick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stream.Tick(c.socket.now())
	c.arrange()
}

func (c *Conn) signal() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed.Broadcast()
}

// arrange follows every change: who waits looks again, and the next look of
// the timers is set.
func (c *Conn) arrange() {
	c.changed.Broadcast()
	if c.stream.phase == dead && !c.gone {
		c.gone = true
		c.socket.remove(key{c.peer, c.stream.recvID})
	}
	now, due := c.socket.now(), c.stream.Due()
	for _, by := range []time.Duration{c.readBy, c.writeBy} {
		if by > now && (due == 0 || by < due) {
			due = by
		}
	}
	c.socket.timers.set(c, due)
}

func (c *Conn) Read(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for {
		now := c.socket.now()
		switch s := c.stream; {
		case c.ended:
			return 0, c.fail("read", net.ErrClosed)
		case c.readBy != 0 && now >= c.readBy:
			return 0, c.fail("read", os.ErrDeadlineExceeded)
		case len(b) == 0:
			return 0, nil
		case len(s.unread) > 0:
			return s.Read(now, b), nil
		case s.eof:
			return 0, io.EOF
		case s.phase == dead:
			return 0, c.fail("read", s.err)
		}
		c.changed.Wait()
	}
}

func (c *Conn) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for done := 0; ; {
		now := c.socket.now()
		switch s := c.stream; {
		case c.ended:
			return done, c.fail("write", net.ErrClosed)
		case s.phase == dead:
			return done, c.fail("write", s.err)
		case c.writeBy != 0 && now >= c.writeBy:
			return done, c.fail("write", os.ErrDeadlineExceeded)
		}
		if n := c.stream.Write(now, b[done:]); n > 0 {
			done += n
			c.arrange()
		}
		if done == len(b) {
			return done, nil
		}
		c.changed.Wait()
	}
}

// Close sends what was written and then FIN, without waiting for it. The socket
// keeps the conversation for some seconds more, to answer its peer. See
// Options.CloseByReset.
func (c *Conn) Close() error {
	return c.finish((*stream).Close)
}

// Abort ends the conversation at once by RESET, so that the peer forgets it: after
// a Close some clients refuse the next conversation for seconds.
func (c *Conn) Abort() error {
	return c.finish((*stream).Abort)
}

func (c *Conn) finish(how func(*stream, time.Duration)) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return c.fail("close", net.ErrClosed)
	}
	c.ended = true
	how(c.stream, c.socket.now())
	c.stream.forgetUnread()
	c.readBy, c.writeBy = 0, 0
	c.arrange()
	return nil
}

// end is Abort with another word to those who wait.
func (c *Conn) end(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stream.phase != dead {
		c.stream.Abort(c.socket.now())
		c.stream.err = err
	}
	c.arrange()
}

// fail dresses an error as those of package net.
func (c *Conn) fail(op string, err error) error {
	if err == nil {
		err = net.ErrClosed
	}
	if errors.Is(err, io.EOF) {
		return err
	}
	return &net.OpError{Op: op, Net: network, Source: c.LocalAddr(), Addr: c.RemoteAddr(), Err: err}
}

func (c *Conn) LocalAddr() net.Addr { return c.socket.Addr() }

func (c *Conn) RemoteAddr() net.Addr { return net.UDPAddrFromAddrPort(c.peer) }

// RoundTrip is the estimated time to the peer and back, 0 if unknown.
func (c *Conn) RoundTrip() time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stream.trip.mean
}

// Skewed says whether the peer numbers its first data one higher than others do.
func (c *Conn) Skewed() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stream.skewed
}

func (c *Conn) SetDeadline(t time.Time) error {
	return c.setDeadlines(func(by time.Duration) { c.readBy, c.writeBy = by, by }, t)
}

func (c *Conn) SetReadDeadline(t time.Time) error {
	return c.setDeadlines(func(by time.Duration) { c.readBy = by }, t)
}

func (c *Conn) SetWriteDeadline(t time.Time) error {
	return c.setDeadlines(func(by time.Duration) { c.writeBy = by }, t)
}

func (c *Conn) setDeadlines(set func(time.Duration), t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return c.fail("set", net.ErrClosed)
	}
	by := time.Duration(0)
	if !t.IsZero() {
		// A time long ago must not mean none.
		by = max(t.Sub(c.socket.start), 1)
	}
	set(by)
	c.arrange()
	return nil
}
