//go:build interop

package interop

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"
)

// What is counted on the wire is what was sent: the instrument of the budgets
// is right.
func TestWire(t *testing.T) {
	t.Parallel()
	onStage(t, func(t *testing.T, stage *Stage) {
		if !stage.Namespace {
			t.Skip("the wire is read in a network namespace, which this system does not allow")
		}
		m := &Matrix{Stage: stage}
		untap, err := m.tapping()
		if err != nil {
			t.Fatal(err)
		}
		from, to := stage.Addr(placeVisitors), stage.Addr(placeRows)
		speakTCP(t, from, to, 3)
		speakUTP(t, from, to)
		time.Sleep(500 * time.Millisecond) // the reader is behind us
		untap()
		got := m.wire.between(from, to)
		if len(got.opened) != 3+1 || len(got.keepAlives) != 3+1 {
			t.Errorf("got %d connections and %d keep-alives, want 4 and 4", len(got.opened), len(got.keepAlives))
		}
		if back := m.wire.between(to, from); len(back.opened) != 0 || len(back.keepAlives) != 1 {
			t.Errorf("got %d connections and %d keep-alives back, want 0 and 1", len(back.opened), len(back.keepAlives))
		}
		if most := mostPerMinute(got.opened); most != 4 {
			t.Errorf("got %d in a minute, want 4", most)
		}
	})
}

// speakTCP opens n connections and sends one keep-alive over each, and one
// more message; the other side sends one keep-alive over the last.
func speakTCP(t *testing.T, from, to netip.Addr, n int) {
	t.Helper()
	listener, err := net.Listen("tcp", netip.AddrPortFrom(to, peerPort).String())
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	dialer := net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(from, 0))}
	for i := range n {
		conn, err := dialer.Dial("tcp", listener.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		other, err := listener.Accept()
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		var text [9]byte
		for _, message := range [][]byte{make([]byte, 4), {0, 0, 0, 1, msgHaveNone}} {
			conn.Write(message)
			if _, err := io.ReadFull(other, text[:len(message)]); err != nil {
				t.Fatal(err)
			}
		}
		if i == n-1 {
			other.Write(make([]byte, 4))
			io.ReadFull(conn, text[:4])
		}
	}
}

// speakUTP sends a SYN twice, as one that was not answered, and a packet of
// four bytes; then one of DHT, which is none of its business.
func speakUTP(t *testing.T, from, to netip.Addr) {
	t.Helper()
	conn, err := net.DialUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, visitorPort)), net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, peerPort)))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	syn, data := make([]byte, 20), make([]byte, 24)
	syn[0], syn[3], data[0] = 0x41, 7, 0x01
	for _, packet := range [][]byte{syn, syn, data, []byte("d1:ad2:id20:aaaaaaaaaaaaaaaaaaaae1:q4:ping1:t2:aa1:y1:qe")} {
		conn.Write(packet) // refused or not: nobody listens
	}
}

// Most per minute looks at every minute, not at whole ones of a clock.
func TestMostPerMinute(t *testing.T) {
	start := time.Unix(0, 0)
	for _, c := range []struct {
		name  string
		after []int // seconds
		want  int
	}{
		{"none", nil, 0},
		{"one", []int{5}, 1},
		{"just a minute apart", []int{0, 60, 120}, 1},
		{"across the full minute", []int{0, 50, 70, 100, 109, 111}, 4},
	} {
		var times []time.Time
		for _, s := range c.after {
			times = append(times, start.Add(time.Duration(s)*time.Second))
		}
		if got := mostPerMinute(times); got != c.want {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}
