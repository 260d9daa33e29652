//go:build !race

// The race runtime of Go 1.26 crashes in bubbles of fake time; the tests on
// loopback show races.

package utp

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/netip"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"btkit/pkg/outcome"
)

// bubble runs a test in fake time on a fake network.
func bubble(t *testing.T, w weather, test func(*testing.T, *fakeNet)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		n := newFakeNet(1, w)
		test(t, n)
		n.late.Wait()
	})
}

// Conversations in both directions over bad networks arrive whole, and sockets
// forget them.
func TestSocketsInWeather(t *testing.T) {
	for name, w := range weathers {
		if w.rate > 0 {
			continue // this network has no slow lines
		}
		t.Run(name, func(t *testing.T) {
			bubble(t, w, func(t *testing.T, n *fakeNet) {
				o := Options{Backlog: 50, Tries: 8, DialTimeout: time.Hour}
				a, b := Open(n.open("10.0.0.1:1"), o), Open(n.open("10.0.0.2:2"), o)
				var all, servers sync.WaitGroup
				for _, s := range [][2]*Socket{{a, b}, {b, a}} {
					servers.Go(func() { serveEcho(s[0], &servers) })
					for i := range 10 {
						all.Go(func() { exchange(t, s[0], addrOf(s[1]), content(30_000, byte(i))) })
					}
				}
				all.Wait()
				time.Sleep(longestFlush + time.Minute)
				if a.Conns() != 0 || b.Conns() != 0 {
					t.Errorf("%d and %d conversations left, want none", a.Conns(), b.Conns())
				}
				if left := a.limits.store.left.Load(); left != 256<<20 {
					t.Errorf("%d bytes left in store, want all", left)
				}
				a.Close()
				b.Close()
				servers.Wait()
			})
		})
	}
}

func serveEcho(s *Socket, all *sync.WaitGroup) {
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
}

func exchange(t *testing.T, s *Socket, to netip.AddrPort, want []byte) {
	// SYNs are sent three times only, which may not be enough here.
	c, err := s.Punch(context.Background(), to)
	if err != nil {
		t.Errorf("dial: %v", err)
		return
	}
	defer c.Close()
	var writer sync.WaitGroup
	writer.Go(func() { c.Write(want) })
	defer writer.Wait()
	got := make([]byte, len(want))
	if n, err := io.ReadFull(c, got); err != nil || !bytes.Equal(got, want) {
		t.Errorf("got %d bytes, %v; want the %d that were written", n, err, len(want))
	}
}

// A flood of SYNs with false sources costs little, one answer each, and keeps
// nobody out.
func TestSynFlood(t *testing.T) {
	bubble(t, weather{delay: time.Millisecond}, func(t *testing.T, n *fakeNet) {
		server, client := Open(n.open("10.0.0.1:1"), Options{Backlog: 1, MaxHalf: 100}), Open(n.open("10.0.0.2:2"), Options{})
		defer server.Close()
		defer client.Close()
		for i := range 1000 {
			from := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 9, byte(i >> 8), byte(i)}), 9)
			n.inject(from, server, Packet{Type: Syn, ConnectionID: uint16(i), Seq: 1})
		}
		synctest.Wait()
		time.Sleep(time.Second)
		c, err := client.Dial(context.Background(), addrOf(server))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Fprint(c, "hello")
		if _, err := server.Accept(); err != nil {
			t.Fatal(err)
		}
		if server.Conns() != 1 {
			t.Errorf("%d conversations, want the only real one", server.Conns())
		}
		if guests, order := len(server.half.guests), len(server.half.order); guests > 100 || order > 100 {
			t.Errorf("remembers %d strangers in %d places, want at most 100", guests, order)
		}
	})
}

// A SYN is answered once for each time it comes, always alike; who takes longer
// than ten seconds for the second packet is unknown again.
func TestHalfOpen(t *testing.T) {
	bubble(t, weather{}, func(t *testing.T, n *fakeNet) {
		peer, server := n.open("10.0.0.2:2"), Open(n.open("10.0.0.1:1"), Options{Backlog: 1})
		defer server.Close()
		syn := Packet{Type: Syn, ConnectionID: 8, Seq: 30, Timestamp: 5}
		n.inject(peer.at, server, syn)
		first := peer.next(t)
		n.inject(peer.at, server, syn)
		second := peer.next(t)
		if first.Type != State || first.ConnectionID != 8 || first.Ack != 30 || second.Seq != first.Seq {
			t.Errorf("answers %+v and %+v, want the same STATE twice", first, second)
		}
		peer.nothing(t, "after the answers")
		n.inject(peer.at, server, data(31, first.Seq-2, "guess"))
		time.Sleep(halfOpenLife)
		late := data(31, first.Seq-1, "late")
		late.ConnectionID = 9
		n.inject(peer.at, server, late)
		if got := peer.next(t); got.Type != Reset || got.Ack != 31 || server.Conns() != 0 {
			t.Errorf("answer to a late one: %+v, %d conversations; want RESET", got, server.Conns())
		}
	})
}

// Who waits for the number after our SYN-ACK gets it.
func TestSkewedDialler(t *testing.T) {
	for name, skew := range map[string]uint16{"as we count": 0, "one later": 1} {
		t.Run(name, func(t *testing.T) {
			bubble(t, weather{}, func(t *testing.T, n *fakeNet) {
				peer, server := n.open("10.0.0.2:2"), Open(n.open("10.0.0.1:1"), Options{Backlog: 1})
				defer server.Close()
				n.inject(peer.at, server, Packet{Type: Syn, ConnectionID: 65535, Seq: 30})
				answer := peer.next(t)
				hello := data(31, answer.Seq-1+skew, "hello")
				hello.ConnectionID, hello.Window = 0, 1<<16
				n.inject(peer.at, server, hello)
				c, err := server.Accept()
				if err != nil {
					t.Fatal(err)
				}
				peer.next(t) // the ack
				fmt.Fprint(c, "hi")
				if got := peer.next(t); got.Type != Data || got.Seq != answer.Seq+skew || got.ConnectionID != 65535 || got.Ack != 31 {
					t.Errorf("first data is %+v, want number %d", got, answer.Seq+skew)
				}
			})
		})
	}
}

// Packets of unknown conversations are answered by RESET, once a second; a
// RESET never is.
func TestUnknown(t *testing.T) {
	bubble(t, weather{}, func(t *testing.T, n *fakeNet) {
		peer, s := n.open("10.0.0.2:2"), Open(n.open("10.0.0.1:1"), Options{})
		defer s.Close()
		time.Sleep(time.Second)
		n.inject(peer.at, s, Packet{Type: Reset, ConnectionID: 5, Seq: 6})
		peer.nothing(t, "after RESET")
		for range 10 {
			n.inject(peer.at, s, Packet{Type: Fin, ConnectionID: 5, Seq: 6})
		}
		if got := peer.next(t); got.Type != Reset || got.ConnectionID != 5 || got.Ack != 6 {
			t.Errorf("answer is %+v, want RESET", got)
		}
		peer.nothing(t, "within the second")
		for i := range 1000 {
			from := n.open(fmt.Sprintf("10.1.%d.%d:3", i>>8, i&255))
			n.inject(from.at, s, Packet{Type: State, ConnectionID: 5, Seq: 6})
		}
		synctest.Wait()
		if s.resets.sent > resetsASecond {
			t.Errorf("%d answers, want at most %d a second", s.resets.sent, resetsASecond)
		}
	})
}

// There are never more conversations than allowed.
func TestMaxConns(t *testing.T) {
	bubble(t, weather{delay: time.Millisecond}, func(t *testing.T, n *fakeNet) {
		server, client := Open(n.open("10.0.0.1:1"), Options{Backlog: 9, MaxConns: 2}), Open(n.open("10.0.0.2:2"), Options{MaxConns: 3})
		defer server.Close()
		defer client.Close()
		for i, want := range []outcome.Outcome{outcome.OK, outcome.OK, outcome.Timeout} {
			_, err := client.Dial(context.Background(), addrOf(server))
			if outcome.Of(err) != want {
				t.Errorf("dial %d: %v, want %s", i, err, want)
			}
			time.Sleep(time.Second)
		}
		if _, err := client.begin(addrOf(server), false); err != nil {
			t.Error(err)
		}
		if _, err := client.Dial(context.Background(), addrOf(server)); outcome.Of(err) != outcome.LocalError {
			t.Errorf("one too many: %v, want a local error", err)
		}
	})
}

// A hole in two NATs: the first SYNs of each side are lost, as they were sent
// before the other side had opened its box.
func TestPunch(t *testing.T) {
	bubble(t, weather{delay: 20 * time.Millisecond}, func(t *testing.T, n *fakeNet) {
		n.loss = 1
		o := Options{Backlog: 1, SynInterval: time.Second, Expect: func(from netip.AddrPort) bool { return from.Addr().Is4() }}
		a, b := Open(n.open("10.0.0.1:1"), o), Open(n.open("10.0.0.2:2"), o)
		defer a.Close()
		defer b.Close()
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
		time.Sleep(500 * time.Millisecond)
		n.mu.Lock()
		n.loss = 0
		n.mu.Unlock()
		both.Wait()
		for _, s := range []*Socket{a, b} {
			if _, err := s.Accept(); err != nil {
				t.Error(err)
			}
		}
	})
}

// Strangers who have no part in a conversation cannot end or change it.
func TestStrangers(t *testing.T) {
	bubble(t, weather{}, func(t *testing.T, n *fakeNet) {
		server, client := Open(n.open("10.0.0.1:1"), Options{Backlog: 1}), Open(n.open("10.0.0.2:2"), Options{})
		defer server.Close()
		defer client.Close()
		conn, err := client.Dial(context.Background(), addrOf(server))
		if err != nil {
			t.Fatal(err)
		}
		c := conn.(*Conn)
		fmt.Fprint(c, "hello")
		synctest.Wait()
		time.Sleep(time.Second)
		s := c.stream
		for _, p := range []Packet{
			{Type: Reset, ConnectionID: s.recvID, Ack: s.next() + 9},
			{Type: Reset, ConnectionID: s.recvID + 7, Ack: s.next() - 1},
			{Type: Data, ConnectionID: s.recvID, Seq: s.ack + 1, Ack: s.next() + 5, Payload: []byte("x")},
			{Type: Syn, ConnectionID: s.recvID, Seq: s.ack + 1},
			{Type: Syn, ConnectionID: s.recvID - 1, Seq: s.ack + 1},
		} {
			n.inject(addrOf(server), client, p)
		}
		n.inject(netip.MustParseAddrPort("10.0.0.3:1"), client, Packet{Type: Reset, ConnectionID: s.recvID, Ack: s.next() - 1})
		synctest.Wait()
		time.Sleep(time.Second)
		if s.phase != open || len(s.unread) > 0 || client.Conns() != 1 {
			t.Errorf("phase %d, %d packets to read, %d conversations; want nothing changed", s.phase, len(s.unread), client.Conns())
		}
		// With the id that we send with, a RESET counts as well.
		n.inject(addrOf(server), client, Packet{Type: Reset, ConnectionID: s.sendID, Ack: s.next() - 1})
		synctest.Wait()
		time.Sleep(time.Second)
		if s.phase != dead || client.Conns() != 0 {
			t.Errorf("phase %d, %d conversations; want the end", s.phase, client.Conns())
		}
	})
}
