package tcp_test

import (
	"context"
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/transport/tcp"
)

// accept listens on loopback and answers one connection with a word.
func accept(t *testing.T, where string) netip.AddrPort {
	t.Helper()
	l, err := net.Listen("tcp", where)
	if err != nil {
		t.Skipf("this host cannot listen on %s", where)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		conn, err := l.Accept()
		if err != nil {
			return // the test is over
		}
		io.WriteString(conn, "hello")
		conn.Close()
	}()
	t.Cleanup(func() {
		l.Close()
		<-done
	})
	return netip.MustParseAddrPort(l.Addr().String())
}

func TestDial(t *testing.T) {
	for _, where := range []string{"127.0.0.1:0", "[::1]:0"} {
		t.Run(where, func(t *testing.T) {
			conn, err := tcp.Dialer{}.Dial(context.Background(), accept(t, where))
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			if got, err := io.ReadAll(conn); string(got) != "hello" || err != nil {
				t.Errorf("got %q, %v, want the word of the other side", got, err)
			}
		})
	}
}

func TestDialIPv4InIPv6Clothes(t *testing.T) {
	to := accept(t, "127.0.0.1:0")
	conn, err := tcp.Dialer{}.Dial(context.Background(), netip.AddrPortFrom(netip.AddrFrom16(to.Addr().As16()), to.Port()))
	if err != nil {
		t.Fatal(err)
	}
	conn.Close()
}

func TestDialOutcomes(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	open := netip.MustParseAddrPort(l.Addr().String())
	defer l.Close()
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	late, cancel := context.WithDeadline(context.Background(), time.Unix(1, 0))
	defer cancel()
	tests := []struct {
		name   string
		dialer tcp.Dialer
		ctx    context.Context
		to     netip.AddrPort
		want   outcome.Outcome
	}{
		{"open port", tcp.Dialer{Timeout: time.Minute}, context.Background(), open, outcome.OK},
		{"closed port", tcp.Dialer{}, context.Background(), netip.MustParseAddrPort(gone.Addr().String()), outcome.Refused},
		{"canceled", tcp.Dialer{}, canceled, open, outcome.Canceled},
		{"too late", tcp.Dialer{}, late, open, outcome.Timeout},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			conn, err := tt.dialer.Dial(tt.ctx, tt.to)
			if err == nil {
				conn.Close()
			}
			if got := outcome.Of(err); got != tt.want {
				t.Errorf("%v: got %q, want %q", err, got, tt.want)
			}
		})
	}
}
