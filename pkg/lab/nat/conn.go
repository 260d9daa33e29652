package nat

import (
	"net"
	"net/netip"
	"sync"
	"time"
)

// Hold is how long a box remembers where something was sent; RFC 4787 wants two
// minutes at least.
const Hold = 2 * time.Minute

// maxHoles bounds the memory of a box; when it is full those of the past go, and
// if there are none the new one is not remembered.
const maxHoles = 1024

// Conn is a socket behind a box. It is used like the socket itself.
type Conn struct {
	net.PacketConn
	now   func() time.Time
	mu    sync.Mutex
	holes map[netip.AddrPort]time.Time // when something was last sent there
}

// Hide puts a socket behind a box; now is its clock.
func Hide(socket net.PacketConn, now func() time.Time) *Conn {
	return &Conn{PacketConn: socket, now: now, holes: map[netip.AddrPort]time.Time{}}
}

// ReadFrom gives the next datagram that the box lets in.
func (c *Conn) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		n, from, err := c.PacketConn.ReadFrom(b)
		if err != nil || c.open(address(from)) {
			return n, from, err
		}
	}
}

// WriteTo sends a datagram and opens a hole for the answers.
func (c *Conn) WriteTo(b []byte, to net.Addr) (int, error) {
	c.punch(address(to))
	return c.PacketConn.WriteTo(b, to)
}

func address(a net.Addr) netip.AddrPort {
	if u, ok := a.(*net.UDPAddr); ok {
		p := u.AddrPort()
		return netip.AddrPortFrom(p.Addr().Unmap(), p.Port())
	}
	return netip.AddrPort{}
}

func (c *Conn) open(from netip.AddrPort) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	sent, ok := c.holes[from]
	return ok && c.now().Sub(sent) < Hold
}

func (c *Conn) punch(to netip.AddrPort) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.now()
	if _, known := c.holes[to]; !known && len(c.holes) >= maxHoles {
		for a, sent := range c.holes {
			if now.Sub(sent) >= Hold {
				delete(c.holes, a)
			}
		}
		if len(c.holes) >= maxHoles {
			return
		}
	}
	c.holes[to] = now
}
