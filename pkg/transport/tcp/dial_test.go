package tcp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"btkit/pkg/outcome"
)

func listen(t *testing.T, addr string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", addr)
	if err != nil {
		if addr == "[::1]:0" {
			t.Skipf("this host has no IPv6: %v", err)
		}
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

func addrOf(l net.Listener) netip.AddrPort { return l.Addr().(*net.TCPAddr).AddrPort() }

// What is written comes back, and then the end.
func TestEcho(t *testing.T) {
	for name, addr := range map[string]string{"IPv4": "127.0.0.1:0", "IPv6": "[::1]:0"} {
		t.Run(name, func(t *testing.T) {
			l := listen(t, addr)
			from := make(chan net.Addr, 1)
			go func() {
				c, err := l.Accept()
				if err != nil {
					return
				}
				defer c.Close()
				from <- c.RemoteAddr()
				io.CopyN(c, c, 5)
			}()
			c, err := Dialer{Timeout: 10 * time.Second}.Dial(context.Background(), addrOf(l))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			if _, err := c.Write([]byte("hello")); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(c)
			if err != nil || string(got) != "hello" {
				t.Errorf("read %q, %v; want \"hello\"", got, err)
			}
			if got, want := c.LocalAddr().String(), (<-from).String(); got != want {
				t.Errorf("our address is %s, the peer sees %s", got, want)
			}
			if got, want := c.RemoteAddr().String(), l.Addr().String(); got != want {
				t.Errorf("the peer's address is %s, want %s", got, want)
			}
		})
	}
}

// An IPv4 address in IPv6 clothes is reached as what it is.
func TestMapped(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	to := addrOf(l)
	c, err := Dialer{}.Dial(context.Background(), netip.AddrPortFrom(netip.AddrFrom16(to.Addr().As16()), to.Port()))
	if err != nil {
		t.Fatal(err)
	}
	c.Close()
}

func TestNoAnswer(t *testing.T) {
	full := fullListener(t)
	soon, cancelSoon := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancelSoon()
	for name, c := range map[string]struct {
		ctx     context.Context
		to      netip.AddrPort
		timeout time.Duration
		want    outcome.Outcome
	}{
		"silent, own limit":     {context.Background(), full, 50 * time.Millisecond, outcome.Timeout},
		"silent, context ends":  {soon, full, 0, outcome.Timeout},
		"no way to a multicast": {context.Background(), netip.MustParseAddrPort("224.0.0.1:9"), time.Second, outcome.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := Dialer{Timeout: c.timeout}.Dial(c.ctx, c.to)
			if err == nil {
				conn.Close()
				t.Fatal("no error")
			}
			if got := outcome.Of(err); got != c.want {
				t.Errorf("outcome of %v is %q, want %q", err, got, c.want)
			}
			var op *net.OpError
			if !errors.As(err, &op) || op.Op != "dial" {
				t.Errorf("error is a %T, want a *net.OpError of dial", err)
			}
		})
	}
}

// A read that waits ends when its deadline is moved up from elsewhere: so a
// conversation is told to leave.
func TestDeadlineFromElsewhere(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	c, err := Dialer{}.Dial(context.Background(), addrOf(l))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ended := make(chan error, 1)
	go func() {
		_, err := c.Read(make([]byte, 1))
		ended <- err
	}()
	if err := c.SetReadDeadline(time.Now()); err != nil {
		t.Fatal(err)
	}
	if err := <-ended; outcome.Of(err) != outcome.Timeout {
		t.Errorf("read ended with %v, want a timeout", err)
	}
}
