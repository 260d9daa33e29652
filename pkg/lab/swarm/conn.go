package swarm

import (
	"net"
	"net/netip"
	"sync"
	"time"

	"btkit/pkg/lab/budget"
	"btkit/pkg/peerwire"
)

// Bounds of a conversation with a visitor.
const (
	handshakeTime = 10 * time.Second
	writeTime     = 30 * time.Second
	// bytes that may wait for a visitor who does not read
	maxWaiting = 1 << 20
	readBuffer = 2048
)

// conn is one conversation of a peer with a visitor. What is below the line is
// guarded by the peer's lock; it only grows, so the visitor hears of every piece
// once.
type conn struct {
	peer   *peer
	net    net.Conn
	remote netip.AddrPort
	out    outbox
	// Who opened it, by which transport, and whether it began encrypted.
	dialled, utp, encrypted bool
	// There is no slot for it: it ends after the handshakes.
	full bool
	// ----
	tally  *budget.Conversation
	theirs peerwire.Handshake
	open   bool // handshakes exchanged and greeting sent
	fast   bool
	// Keeps HAVEs back until the visitor's first message.
	awaits bool
	// Pieces, in the peer's order, that the visitor has been told of, those
	// held back left out.
	told int
	// Message numbers that the visitor asked for (BEP 10), 0 if it did not.
	metadataID, pexID, uploadOnlyID, dontHaveID, holepunchID, texID uint8
	interested, texSent                                             bool
	since                                                           time.Time
	pexSent                                                         map[netip.AddrPort]bool
	// Where the visitor listens, if it says so.
	contact netip.AddrPort
}

// outbox takes what is to be sent, so that nobody waits for a visitor who does
// not read.
type outbox struct {
	mu      sync.Mutex
	waiting []byte
	closed  bool
	// It closes when nothing waits any more.
	last bool
	// wake has room for one: the writer takes everything at once.
	wake chan struct{}
}

func newConn(p *peer, nc net.Conn) *conn {
	c := &conn{peer: p, net: nc, out: outbox{wake: make(chan struct{}, 1)}}
	if a, err := netip.ParseAddrPort(nc.RemoteAddr().String()); err == nil {
		c.remote = a
	}
	return c
}

// send queues bytes; it closes the conversation when too many wait.
func (c *conn) send(b []byte) {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	if c.out.closed || len(b) == 0 {
		return
	}
	if len(c.out.waiting)+len(b) > maxWaiting {
		c.shut()
		return
	}
	c.out.waiting = append(c.out.waiting, b...)
	c.out.nudge()
}

func (o *outbox) nudge() {
	select {
	case o.wake <- struct{}{}:
	default:
	}
}

// close ends the conversation; its goroutines notice. May be called twice.
func (c *conn) close() {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	c.shut()
}

// finish ends the conversation once everything has been sent.
func (c *conn) finish() {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	c.out.last = true
	c.out.nudge()
}

func (c *conn) isClosed() bool {
	c.out.mu.Lock()
	defer c.out.mu.Unlock()
	return c.out.closed
}

func (c *conn) shut() {
	if !c.out.closed {
		c.out.closed = true
		_ = c.net.Close()
		c.out.nudge()
	}
}

// write sends what waits until the conversation is closed.
func (c *conn) write() {
	for range c.out.wake {
		c.out.mu.Lock()
		to, b, closed, last := c.net, c.out.waiting, c.out.closed, c.out.last
		c.out.waiting = nil
		c.out.mu.Unlock()
		if closed {
			return
		}
		if writeAll(to, b) != nil || last {
			c.close()
			return
		}
	}
}

func writeAll(to net.Conn, b []byte) error {
	if len(b) == 0 {
		return nil
	}
	if err := to.SetWriteDeadline(time.Now().Add(writeTime)); err != nil {
		return err
	}
	_, err := to.Write(b)
	return err
}

// read feeds the visitor's messages to the peer until one of them has enough.
func (c *conn) read(rest []byte) {
	d := peerwire.Decoder{MaxFrame: peerwire.FrameCap(c.peer.torrent.Pieces)}
	buf := make([]byte, readBuffer)
	if d.Feed(rest, c.hear) != nil {
		return
	}
	for {
		if c.net.SetReadDeadline(time.Now().Add(c.peer.plan.Client.Silence)) != nil {
			return
		}
		n, err := c.net.Read(buf)
		if n > 0 && d.Feed(buf[:n], c.hear) != nil || err != nil {
			return
		}
	}
}
