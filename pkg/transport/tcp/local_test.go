package tcp

import (
	"context"
	"net/netip"
	"testing"
	"time"

	"btkit/pkg/outcome"
)

// The peer sees the address that we chose to come from.
func TestLocal(t *testing.T) {
	l := listen(t, "127.0.0.1:0")
	for name, from := range map[string]string{"the usual one": "127.0.0.1", "another one": "127.3.2.1"} {
		t.Run(name, func(t *testing.T) {
			c, err := Dialer{Timeout: 10 * time.Second, Local: netip.MustParseAddr(from)}.Dial(context.Background(), addrOf(l))
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			seen, err := l.Accept()
			if err != nil {
				t.Fatal(err)
			}
			defer seen.Close()
			if got := netip.MustParseAddrPort(seen.RemoteAddr().String()).Addr().String(); got != from {
				t.Errorf("the peer sees %s, want %s", got, from)
			}
		})
	}
	strange := Dialer{Timeout: time.Second, Local: netip.MustParseAddr("192.0.2.1")}
	if _, err := strange.Dial(context.Background(), addrOf(l)); outcome.Of(err) != outcome.LocalError {
		t.Errorf("from an address that is not ours: got %v, want a local error", err)
	}
}
