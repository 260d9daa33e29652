package utp

import (
	"bytes"
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"
)

// fakeNet carries datagrams between sockets that are only here, through
// weather.
type fakeNet struct {
	weather
	mu     sync.Mutex
	random *rand.Rand
	socks  map[netip.AddrPort]*fakeConn
	late   sync.WaitGroup
}

func newFakeNet(seed uint64, w weather) *fakeNet {
	return &fakeNet{weather: w, random: rand.New(rand.NewPCG(seed, 1)), socks: map[netip.AddrPort]*fakeConn{}}
}

type fakeDatagram struct {
	from netip.AddrPort
	b    []byte
}

// fakeConn is one socket of a fakeNet.
type fakeConn struct {
	net.PacketConn // nothing: the methods that are not here are not used
	net            *fakeNet
	at             netip.AddrPort
	// in is as long as a small buffer of a real socket; what does not fit is lost.
	in   chan fakeDatagram
	done chan struct{}
	once sync.Once
}

func (n *fakeNet) open(at string) *fakeConn {
	c := &fakeConn{net: n, at: netip.MustParseAddrPort(at), in: make(chan fakeDatagram, 2000), done: make(chan struct{})}
	n.mu.Lock()
	defer n.mu.Unlock()
	n.socks[c.at] = c
	return c
}

func (c *fakeConn) LocalAddr() net.Addr { return net.UDPAddrFromAddrPort(c.at) }

func (c *fakeConn) Close() error {
	c.once.Do(func() { close(c.done) })
	return nil
}

func (c *fakeConn) ReadFrom(b []byte) (int, net.Addr, error) {
	select {
	case d := <-c.in:
		return copy(b, d.b), net.UDPAddrFromAddrPort(d.from), nil
	case <-c.done:
		return 0, nil, net.ErrClosed
	}
}

func (c *fakeConn) WriteTo(b []byte, to net.Addr) (int, error) {
	c.net.carry(c.at, addrPort(to), b)
	return len(b), nil
}

func (n *fakeNet) carry(from, to netip.AddrPort, b []byte) {
	n.mu.Lock()
	defer n.mu.Unlock()
	target := n.socks[to]
	if target == nil {
		return
	}
	d := fakeDatagram{from, bytes.Clone(b)}
	for copies := 1; copies > 0; copies-- {
		if n.random.Float64() < n.copies {
			copies++
		}
		if n.random.Float64() < n.loss {
			continue
		}
		n.late.Add(1)
		time.AfterFunc(n.delay+time.Duration(n.random.Float64()*float64(n.jitter)), func() {
			defer n.late.Done()
			select {
			case target.in <- d:
			default:
			}
		})
	}
}

// inject delivers a packet with any source.
func (n *fakeNet) inject(from netip.AddrPort, to *Socket, p Packet) {
	n.carry(from, to.Addr().(*net.UDPAddr).AddrPort(), p.Append(nil))
}

// listen answers with what came to an address that is no Socket.
func (c *fakeConn) next(t *testing.T) Packet {
	t.Helper()
	select {
	case d := <-c.in:
		p, err := Decode(d.b)
		if err != nil {
			t.Fatal(err)
		}
		return p
	case <-time.After(time.Minute):
		t.Fatal("nothing comes")
		return Packet{}
	}
}

// nothing says that nothing comes for a while.
func (c *fakeConn) nothing(t *testing.T, what string) {
	t.Helper()
	select {
	case d := <-c.in:
		t.Errorf("%s: got %x, want nothing", what, d.b)
	case <-time.After(2 * time.Second):
	}
}
