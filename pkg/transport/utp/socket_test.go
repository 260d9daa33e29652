package utp

import (
	"bytes"
	"context"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"

	"btkit/pkg/outcome"
)

// onLoopback opens a socket for one test.
func onLoopback(t testing.TB, where string, o Options) *Socket {
	t.Helper()
	conn, err := net.ListenPacket("udp", where)
	if err != nil {
		t.Skipf("this host cannot listen on %s", where)
	}
	s := Open(conn, o)
	t.Cleanup(func() { s.Close() })
	return s
}

func addrOf(s *Socket) netip.AddrPort { return s.Addr().(*net.UDPAddr).AddrPort() }

// echo answers every conversation with what it says.
func echo(t testing.TB, s *Socket) {
	var all sync.WaitGroup
	all.Go(func() {
		for {
			c, err := s.Accept()
			if err != nil {
				return // the test is over
			}
			all.Go(func() {
				io.Copy(c, c)
				c.Close()
			})
		}
	})
	t.Cleanup(func() {
		s.Close()
		all.Wait()
	})
}

func dial(t testing.TB, s *Socket, to netip.AddrPort) *Conn {
	t.Helper()
	c, err := s.Dial(context.Background(), to)
	if err != nil {
		t.Fatal(err)
	}
	return c.(*Conn)
}

// What is written comes back, and then the end.
func TestEcho(t *testing.T) {
	for name, where := range map[string]string{"IPv4": "127.0.0.1:0", "IPv6": "[::1]:0"} {
		t.Run(name, func(t *testing.T) {
			server, client := onLoopback(t, where, Options{Backlog: 4}), onLoopback(t, where, Options{})
			echo(t, server)
			c := dial(t, client, addrOf(server))
			want := bytes.Repeat([]byte("hello "), 20000)
			go func() {
				c.Write(want)
			}()
			got := make([]byte, len(want))
			if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
				t.Errorf("read %d bytes back, %v; want the %d that were written", len(got), err, len(want))
			}
			if err := c.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
		})
	}
}

// A closed port is refused at once, and so is a socket that accepts nobody.
func TestDialOutcomes(t *testing.T) {
	client, nobody := onLoopback(t, "127.0.0.1:0", Options{}), onLoopback(t, "127.0.0.1:0", Options{})
	gone, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	for name, c := range map[string]struct {
		to   netip.AddrPort
		want outcome.Outcome
	}{
		"closed port":    {gone.LocalAddr().(*net.UDPAddr).AddrPort(), outcome.Refused},
		"accepts nobody": {addrOf(nobody), outcome.Refused},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := client.Dial(context.Background(), c.to)
			if got := outcome.Of(err); got != c.want {
				t.Errorf("outcome of %v is %q, want %q", err, got, c.want)
			}
		})
	}
}
