package utp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"sync"
	"testing"
	"time"

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

// A peer answers, or says no, or its host does, or nobody does.
func TestDialOutcomes(t *testing.T) {
	client, nobody := onLoopback(t, "127.0.0.1:0", Options{DialTimeout: 300 * time.Millisecond}), onLoopback(t, "127.0.0.1:0", Options{})
	open := onLoopback(t, "127.0.0.1:0", Options{Backlog: 9})
	gone, silent := udp(t), udp(t)
	gone.Close()
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	soon, cancel := context.WithTimeout(context.Background(), 20*time.Millisecond)
	defer cancel()
	for name, c := range map[string]struct {
		ctx  context.Context
		to   netip.AddrPort
		want outcome.Outcome
	}{
		"answers":                  {context.Background(), addrOf(open), outcome.OK},
		"IPv4 in IPv6 clothes":     {context.Background(), netip.AddrPortFrom(netip.AddrFrom16(addrOf(open).Addr().As16()), addrOf(open).Port()), outcome.OK},
		"closed port":              {context.Background(), local(gone), outcome.Refused},
		"accepts nobody":           {context.Background(), addrOf(nobody), outcome.Refused},
		"silent":                   {context.Background(), local(silent), outcome.Timeout},
		"silent, context ends":     {soon, local(silent), outcome.Timeout},
		"canceled":                 {canceled, addrOf(open), outcome.Canceled},
		"IPv6 from an IPv4 socket": {context.Background(), netip.MustParseAddrPort("[::1]:9"), outcome.Unreachable},
		"no port":                  {context.Background(), netip.MustParseAddrPort("127.0.0.1:0"), outcome.Unreachable},
	} {
		t.Run(name, func(t *testing.T) {
			conn, err := client.Dial(c.ctx, c.to)
			if err == nil {
				conn.Close()
			}
			if got := outcome.Of(err); got != c.want {
				t.Errorf("outcome of %v is %q, want %q", err, got, c.want)
			}
			var op *net.OpError
			if err != nil && (!errors.As(err, &op) || op.Op != "dial") {
				t.Errorf("error is a %T, want a *net.OpError of dial", err)
			}
		})
	}
}

func udp(t testing.TB) net.PacketConn {
	t.Helper()
	c, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func local(c net.PacketConn) netip.AddrPort { return c.LocalAddr().(*net.UDPAddr).AddrPort() }

// pair is both ends of one conversation; the acceptor has read "hello".
func pair(t *testing.T, o Options) (dialled, accepted *Conn) {
	t.Helper()
	o.Backlog = 1
	server, client := onLoopback(t, "127.0.0.1:0", o), onLoopback(t, "127.0.0.1:0", o)
	a := dial(t, client, addrOf(server))
	if _, err := a.Write([]byte("hello")); err != nil {
		t.Fatal(err)
	}
	b, err := server.Accept()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(b, make([]byte, 5)); err != nil {
		t.Fatal(err)
	}
	return a, b.(*Conn)
}

// A conversation ends for its reader as the other side has ended it.
func TestEnds(t *testing.T) {
	for name, c := range map[string]struct {
		end  func(a, b *Conn) error
		want outcome.Outcome
	}{
		"closed":            {func(a, b *Conn) error { return a.Close() }, outcome.Closed},
		"aborted":           {func(a, b *Conn) error { return a.Abort() }, outcome.Reset},
		"its socket closed": {func(a, b *Conn) error { return a.socket.Close() }, outcome.Reset},
		"own end closed":    {func(a, b *Conn) error { return b.Close() }, outcome.Canceled},
		"own socket closed": {func(a, b *Conn) error { return b.socket.Close() }, outcome.Canceled},
		"deadline from elsewhere": {func(a, b *Conn) error {
			return b.SetReadDeadline(time.Unix(1, 0))
		}, outcome.Timeout},
		"deadline to come": {func(a, b *Conn) error {
			return b.SetReadDeadline(time.Now().Add(20 * time.Millisecond))
		}, outcome.Timeout},
	} {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t, Options{})
			ended := make(chan error, 1)
			go func() {
				_, err := b.Read(make([]byte, 1))
				ended <- err
			}()
			if err := c.end(a, b); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; outcome.Of(err) != c.want {
				t.Errorf("read ends with %v, want outcome %q", err, c.want)
			}
		})
	}
}

// What came before the end is read before the end.
func TestLastWords(t *testing.T) {
	for name, end := range map[string]func(*Conn) error{"closed": (*Conn).Close, "aborted": (*Conn).Abort} {
		t.Run(name, func(t *testing.T) {
			a, b := pair(t, Options{})
			if _, err := a.Write([]byte("bye")); err != nil {
				t.Fatal(err)
			}
			if err := end(a); err != nil {
				t.Fatal(err)
			}
			got, err := io.ReadAll(b)
			if string(got) != "bye" || name == "closed" && err != nil {
				t.Errorf("read %q, %v; want the last words", got, err)
			}
			if _, err := a.Write([]byte("x")); !errors.Is(err, net.ErrClosed) {
				t.Errorf("writes after the end: %v", err)
			}
			if err := a.Close(); !errors.Is(err, net.ErrClosed) {
				t.Errorf("closes twice: %v", err)
			}
		})
	}
}

// A peer that does not read holds up its writer, whose deadline ends that.
func TestWriteDeadline(t *testing.T) {
	a, _ := pair(t, Options{Window: 4 << 10, SendBuffer: 8 << 10})
	if err := a.SetWriteDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	n, err := a.Write(make([]byte, 1<<20))
	if outcome.Of(err) != outcome.Timeout || n < 8<<10 || n == 1<<20 {
		t.Errorf("wrote %d, %v; want a timeout after some", n, err)
	}
	if _, err := a.Read(nil); err != nil {
		t.Errorf("the reader suffers too: %v", err)
	}
}

// Both sides dial each other at once, as for a hole in a NAT: each gets what
// it dialled and accepts the other.
func TestSimultaneousOpen(t *testing.T) {
	a, b := onLoopback(t, "127.0.0.1:0", Options{Backlog: 1}), onLoopback(t, "127.0.0.1:0", Options{Backlog: 1})
	var both sync.WaitGroup
	for _, s := range [][2]*Socket{{a, b}, {b, a}} {
		both.Go(func() {
			c, err := s[0].Punch(context.Background(), addrOf(s[1]))
			if err != nil {
				t.Errorf("punch: %v", err)
				return
			}
			fmt.Fprint(c, "hello")
		})
	}
	both.Wait()
	for _, s := range []*Socket{a, b} {
		c, err := s.Accept()
		if err != nil {
			t.Fatal(err)
		}
		got := make([]byte, 5)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
			t.Errorf("read %q, %v", got, err)
		}
	}
}

// Only those who are expected get an answer.
func TestExpect(t *testing.T) {
	friend, stranger := onLoopback(t, "127.0.0.1:0", Options{}), onLoopback(t, "127.0.0.1:0", Options{DialTimeout: 200 * time.Millisecond})
	server := onLoopback(t, "127.0.0.1:0", Options{Backlog: 1, Expect: func(from netip.AddrPort) bool { return from == addrOf(friend) }})
	dial(t, friend, addrOf(server))
	if _, err := stranger.Dial(context.Background(), addrOf(server)); outcome.Of(err) != outcome.Timeout {
		t.Errorf("the stranger gets %v, want silence", err)
	}
}

// Datagrams of other protocols go elsewhere.
func TestOther(t *testing.T) {
	// One is enough for one datagram.
	heard := make(chan string, 1)
	s := onLoopback(t, "127.0.0.1:0", Options{Other: func(b []byte, from netip.AddrPort) { heard <- fmt.Sprint(from, " ", string(b)) }})
	c := udp(t)
	c.WriteTo([]byte("d1:ad2:id"), s.Addr())
	if got, want := <-heard, fmt.Sprint(c.LocalAddr(), " d1:ad2:id"); got != want {
		t.Errorf("heard %q, want %q", got, want)
	}
	if err := s.Send([]byte("e"), local(c)); err != nil {
		t.Fatal(err)
	}
	b := make([]byte, 9)
	if n, _, err := c.ReadFrom(b); err != nil || string(b[:n]) != "e" {
		t.Errorf("got %q, %v", b[:n], err)
	}
}

// Five hundred conversations at once over two sockets don't disturb each other.
func TestMany(t *testing.T) {
	const many = 500
	server, client := onLoopback(t, "127.0.0.1:0", Options{Backlog: many}), onLoopback(t, "127.0.0.1:0", Options{Tries: 8})
	echo(t, server)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			c, err := client.Dial(context.Background(), addrOf(server))
			if err != nil {
				t.Errorf("conversation %d: %v", i, err)
				return
			}
			defer c.Close()
			c.SetDeadline(time.Now().Add(time.Minute))
			want := content(10_000, byte(i))
			all.Go(func() { c.Write(want) })
			got := make([]byte, len(want))
			if _, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
				t.Errorf("conversation %d: %v, the same %v", i, err, bytes.Equal(got, want))
			}
		})
	}
	all.Wait()
}

// A socket of both families talks to peers of both.
func TestBothFamilies(t *testing.T) {
	both := onLoopback(t, "[::]:0", Options{Backlog: 2})
	echo(t, both)
	for _, where := range []string{"127.0.0.1:0", "[::1]:0"} {
		client := onLoopback(t, where, Options{Backlog: 1})
		to := netip.AddrPortFrom(addrOf(client).Addr(), addrOf(both).Port())
		c := dial(t, client, to)
		fmt.Fprint(c, "hello")
		got := make([]byte, 5)
		if _, err := io.ReadFull(c, got); err != nil || string(got) != "hello" {
			t.Errorf("%s: read %q, %v", where, got, err)
		}
		back := dial(t, both, addrOf(client))
		if got := back.RemoteAddr().String(); got != addrOf(client).String() {
			t.Errorf("remote address is %s, want %s", got, addrOf(client))
		}
		gone := netip.AddrPortFrom(addrOf(client).Addr(), 9)
		if _, err := both.Dial(context.Background(), gone); outcome.Of(err) != outcome.Refused {
			t.Errorf("closed port: %v, want refused", err)
		}
	}
}
