package dial

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/transport/mse"
	"btkit/pkg/transport/utp"
)

const patience = 20 * time.Second

// taker answers every connection by sending back what it got first.
func taker(t *testing.T, l net.Listener) netip.AddrPort {
	t.Helper()
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			go func() {
				defer c.Close()
				c.SetDeadline(time.Now().Add(patience))
				b := make([]byte, 5)
				if _, err := io.ReadFull(c, b); err == nil {
					c.Write(b)
					c.Read(b) // until the other side has closed
				}
			}()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	addr := netip.MustParseAddrPort(l.Addr().String())
	return addr
}

func overTCP(t *testing.T, at string) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", at)
	if err != nil {
		t.Skipf("this host has no %s: %v", at, err)
	}
	return taker(t, l)
}

func overUDP(t *testing.T, at string) netip.AddrPort {
	t.Helper()
	conn, err := net.ListenPacket("udp", at)
	if err != nil {
		t.Skipf("this host has no %s: %v", at, err)
	}
	return taker(t, utp.Open(conn, utp.Options{Backlog: 8}))
}

func opened(t *testing.T, locals ...string) *Dialer {
	t.Helper()
	d := &Dialer{Timeout: patience}
	for _, l := range locals {
		d.Locals = append(d.Locals, netip.MustParseAddr(l))
	}
	if err := d.Open(true); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// echoes says something and wants it back.
func echoes(t *testing.T, c net.Conn, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	c.SetDeadline(time.Now().Add(patience))
	b := make([]byte, 5)
	if _, err := c.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(c, b); err != nil || !bytes.Equal(b, []byte("hello")) {
		t.Fatalf("got %q, %v, want what was said", b, err)
	}
}

func TestTransports(t *testing.T) {
	ctx := context.Background()
	for _, at := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(at, func(t *testing.T) {
			d := opened(t)
			c, err := d.TCP(ctx, overTCP(t, at))
			echoes(t, c, err)
			c.Close()
			c, err = d.UTP(ctx, overUDP(t, at))
			echoes(t, c, err)
			c.Close()
		})
	}
}

// Both transports come from the address of best rank towards each peer.
func TestBind(t *testing.T) {
	d := opened(t, "127.4.4.4", "127.5.5.5", "::1")
	tcp, udp := overTCP(t, "127.0.0.1:0"), overUDP(t, "127.0.0.1:0")
	for _, to := range []netip.AddrPort{tcp, udp} {
		dial := d.TCP
		if to == udp {
			dial = d.UTP
		}
		c, err := dial(context.Background(), to)
		echoes(t, c, err)
		want, _ := peerwire.BestLocal(d.Locals, 0, to)
		if got := netip.MustParseAddrPort(c.LocalAddr().String()).Addr(); got != want {
			t.Errorf("got %v, want %v, which has the best rank", got, want)
		}
		c.Close()
	}
}

func TestNoAddressOfTheFamily(t *testing.T) {
	d := opened(t, "127.4.4.4")
	six := netip.MustParseAddrPort("[::1]:7")
	if _, err := d.TCP(context.Background(), six); outcome.Of(err) != outcome.Denied {
		t.Errorf("TCP: got %v, want denied: it is our choice", err)
	}
	if _, err := d.UTP(context.Background(), six); outcome.Of(err) != outcome.Denied {
		t.Errorf("uTP: got %v, want denied: it is our choice", err)
	}
}

func TestBindToAStrangeAddress(t *testing.T) {
	for _, overUDP := range []bool{true, false} {
		d := &Dialer{Locals: []netip.Addr{netip.MustParseAddr("127.0.0.1"), netip.MustParseAddr("192.0.2.1")}}
		if err := d.Open(overUDP); err == nil {
			t.Errorf("over UDP %v: got no error for an address that is not ours", overUDP)
			d.Close()
		}
	}
}

func TestWithoutUTP(t *testing.T) {
	d := &Dialer{Timeout: patience}
	if err := d.Open(false); err != nil {
		t.Fatal(err)
	}
	if _, err := d.UTP(context.Background(), netip.MustParseAddrPort("127.0.0.1:7")); outcome.Of(err) != outcome.Unreachable {
		t.Errorf("got %v, want unreachable without a UDP socket", err)
	}
}

// A hole is punched from our side of the connection with the one who
// introduces us: by a socket of its own when that is none of ours.
func TestPunch(t *testing.T) {
	d := opened(t)
	to := overUDP(t, "127.0.0.1:0")
	ours := netip.MustParseAddrPort(d.sockets[0].Addr().String()).Port()
	free, err := net.ListenPacket("udp", "127.6.6.6:0")
	if err != nil {
		t.Fatal(err)
	}
	other := netip.MustParseAddrPort(free.LocalAddr().String())
	free.Close()
	for name, from := range map[string]netip.AddrPort{
		"the socket of all conversations": netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), ours),
		"a port of TCP":                   other,
	} {
		c, err := d.Punch(context.Background(), from, to)
		echoes(t, c, err)
		if got := netip.MustParseAddrPort(c.LocalAddr().String()).Port(); got != from.Port() {
			t.Errorf("%s: got port %d, want %d", name, got, from.Port())
		}
		c.Close()
	}
	// Two peers whom one relay introduces share its port.
	one, err := d.Punch(context.Background(), other, to)
	echoes(t, one, err)
	two, err := d.Punch(context.Background(), other, overUDP(t, "127.0.0.1:0"))
	echoes(t, two, err)
	for _, c := range []net.Conn{one, one, two} {
		c.Close()
	}
	again, err := net.ListenPacket("udp", other.String())
	if err != nil {
		t.Fatalf("the port of a punched connection is not free again: %v", err)
	}
	again.Close()
	if _, err := d.Punch(context.Background(), netip.MustParseAddrPort("192.0.2.1:7"), to); outcome.Of(err) != outcome.LocalError {
		t.Errorf("from an address that is not ours: got %v, want a local error", err)
	}
}

func TestEncrypt(t *testing.T) {
	var keys mse.Keys
	infohash := [20]byte{1, 2, 3}
	keys.Add(infohash)
	for name, tt := range map[string]struct {
		asks [20]byte
		want outcome.Outcome
	}{"right torrent": {infohash, outcome.OK}, "other torrent": {[20]byte{9}, outcome.Closed}} {
		t.Run(name, func(t *testing.T) {
			ours, theirs := net.Pipe()
			heard := make(chan string, 1)
			go func() {
				defer theirs.Close()
				stream, _, err := mse.NewReceiver(&keys, mse.Options{}).Accept(theirs, nil)
				if err != nil {
					heard <- err.Error()
					return
				}
				b := make([]byte, 5)
				io.ReadFull(stream, b)
				heard <- string(b)
				io.Copy(io.Discard, stream) // until the other side has closed
			}()
			var rx, tx int
			d := &Dialer{Timeout: patience}
			_, crypto, err := d.Encrypt(ours, tt.asks, []byte("hello"), func(r, s int) { rx, tx = rx+r, tx+s })
			if outcome.Of(err) != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			got := <-heard
			ours.Close()
			if err == nil && (got != "hello" || crypto != "mse-plain") {
				t.Errorf("got %q over %q, want hello to go along", got, crypto)
			}
			if rx < 96 || tx < 96 {
				t.Errorf("got %d bytes received and %d sent, want the keys counted", rx, tx)
			}
		})
	}
}
