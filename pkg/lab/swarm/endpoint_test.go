package swarm

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"btkit/pkg/transport/mse"
	"btkit/pkg/transport/utp"
)

// endpoint is a visitor with TCP and uTP on one port.
type endpoint struct {
	t   *testing.T
	tcp net.Listener
	udp *utp.Socket
}

func listen(t *testing.T) endpoint {
	t.Helper()
	for range 100 {
		tcp, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		socket, err := net.ListenPacket("udp4", tcp.Addr().String())
		if err != nil {
			tcp.Close()
			continue
		}
		udp := utp.Open(socket, utp.Options{Backlog: 16})
		t.Cleanup(func() { tcp.Close(); udp.Close() })
		return endpoint{t, tcp, udp}
	}
	t.Fatal("no port that is free for both")
	return endpoint{}
}

func (e endpoint) addr() netip.AddrPort { return e.tcp.Addr().(*net.TCPAddr).AddrPort() }

// dial opens a stream to a peer; nil if nobody answers.
func (e endpoint) dial(to netip.AddrPort, w way) net.Conn {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if w.utp {
		if nc, err := e.udp.Dial(ctx, to); err == nil {
			return nc
		}
		return nil
	}
	nc, err := new(net.Dialer).DialContext(ctx, "tcp4", to.String())
	if err != nil {
		return nil
	}
	return nc
}

// visit dials and exchanges handshakes; nil if that fails.
func (e endpoint) visit(to netip.AddrPort, hash [20]byte, w way) *visitor {
	nc := e.dial(to, w)
	if nc == nil {
		return nil
	}
	if w.encrypted {
		on, _, err := mse.Initiate(nc, hash, nil, mse.Options{})
		if err != nil {
			nc.Close()
			return nil
		}
		nc = on
	}
	return meet(e.t, nc, hash, all)
}

// taken is a connection that a peer has opened, and how.
type taken struct {
	net.Conn
	way
	v *visitor
}

// accepts takes the next connection by either transport, plain or encrypted.
func (e endpoint) accepts(hash [20]byte) taken {
	e.t.Helper()
	// One for each transport.
	came := make(chan taken, 2)
	for _, l := range []interface{ Accept() (net.Conn, error) }{e.tcp, e.udp} {
		go func() {
			if nc, err := l.Accept(); err == nil {
				_, overUTP := nc.(*utp.Conn)
				came <- taken{Conn: nc, way: way{utp: overUTP}}
			}
		}()
	}
	select {
	case got := <-came:
		got.greeted(e.t, hash)
		return got
	case <-time.After(patience):
		e.t.Fatal("nobody dials")
		return taken{}
	}
}

// greeted takes the handshake of one who dialled.
func (c *taken) greeted(t *testing.T, hash [20]byte) {
	t.Helper()
	var keys mse.Keys
	keys.Add(hash)
	c.SetDeadline(time.Now().Add(patience))
	first := make([]byte, 20)
	n, err := c.Read(first)
	if err != nil {
		t.Fatalf("the one who dialled says nothing: %v", err)
	}
	rest := net.Conn(&pushback{c.Conn, first[:n]})
	if first[0] != 19 {
		c.encrypted = true
		if rest, _, err = mse.NewReceiver(&keys, mse.Options{}).Accept(c.Conn, first[:n]); err != nil {
			t.Fatalf("encrypted handshake: %v", err)
		}
	}
	c.v = meet(t, rest, hash, all)
}

// pushback reads some bytes again.
type pushback struct {
	net.Conn
	first []byte
}

func (c *pushback) Read(b []byte) (int, error) {
	if len(c.first) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.first)
	c.first = c.first[n:]
	return n, nil
}
