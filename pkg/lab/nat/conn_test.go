package nat

import (
	"net"
	"net/netip"
	"testing"
	"time"
)

func socket(t *testing.T) net.PacketConn {
	t.Helper()
	s, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close() })
	return s
}

func TestOnlyAnswersComeIn(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	inside := Hide(socket(t), func() time.Time { return now })
	friend, stranger := socket(t), socket(t)
	say := func(from net.PacketConn, word string) {
		t.Helper()
		if _, err := from.WriteTo([]byte(word), inside.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	hears := func(want string) {
		t.Helper()
		b := make([]byte, 64)
		inside.SetReadDeadline(time.Now().Add(20 * time.Second))
		n, _, err := inside.ReadFrom(b)
		if got := string(b[:n]); err != nil || got != want {
			t.Errorf("heard %q (%v), want %q", got, err, want)
		}
	}
	call := func() {
		t.Helper()
		if _, err := inside.WriteTo([]byte("hello"), friend.LocalAddr()); err != nil {
			t.Fatal(err)
		}
	}
	say(friend, "too early")
	say(stranger, "unasked")
	// What came before the hole was opened waits in the socket, so read it away.
	inside.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, _, err := inside.ReadFrom(make([]byte, 64)); err == nil {
		t.Errorf("%d bytes came in unasked", n)
	}
	call()
	say(stranger, "still unasked")
	say(friend, "answer")
	hears("answer")
	now = now.Add(Hold)
	say(friend, "too late")
	inside.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	if n, _, err := inside.ReadFrom(make([]byte, 64)); err == nil {
		t.Errorf("%d bytes came in too late", n)
	}
	call()
	say(friend, "answer again")
	hears("answer again")
}

func TestMemoryIsBounded(t *testing.T) {
	t.Parallel()
	now := time.Unix(0, 0)
	c := Hide(socket(t), func() time.Time { return now })
	at := func(i int) netip.AddrPort {
		return netip.AddrPortFrom(netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)}), 9)
	}
	for i := range 2 * maxHoles {
		c.punch(at(i))
	}
	if n := len(c.holes); n != maxHoles || !c.open(at(0)) || c.open(at(maxHoles)) {
		t.Errorf("%d holes, want the first %d", n, maxHoles)
	}
	now = now.Add(Hold)
	c.punch(at(maxHoles))
	if n := len(c.holes); n != 1 || !c.open(at(maxHoles)) {
		t.Errorf("%d holes once all are old, want the new one", n)
	}
}
