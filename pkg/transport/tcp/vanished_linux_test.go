package tcp

import (
	"context"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// A peer that vanishes without a word is given up by the system after vanished,
// not after a quarter of an hour.
func TestVanished(t *testing.T) {
	c, err := Dialer{Timeout: 10 * time.Second}.Dial(context.Background(), addrOf(listen(t, "127.0.0.1:0")))
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(*conn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var got int
	var failed error
	if err := raw.Control(func(fd uintptr) { got, failed = unix.GetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT) }); err != nil || failed != nil {
		t.Fatal(err, failed)
	}
	if want := int(vanished.Milliseconds()); got != want {
		t.Errorf("got %d ms, want %d", got, want)
	}
}
