package dht

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"testing"

	"btkit/pkg/record"
)

// senders gives where queries came from since the last time.
func (d *fakeDHT) senders() []string {
	d.mu.Lock()
	defer d.mu.Unlock()
	var list []string
	for a := range maps.Keys(d.sources) {
		list = append(list, a.String())
	}
	clear(d.sources)
	slices.Sort(list)
	return list
}

func listenRecord(t *testing.T, ip string) *record.Line {
	t.Helper()
	line, err := record.ParseLine(fmt.Appendf(nil, `{"type":"listen","ip":%q,"port":7000,"peer_id":"%040d"}`, ip, 1))
	if err != nil {
		t.Fatal(err)
	}
	return line
}

func TestWhereQueriesComeFrom(t *testing.T) {
	far := "192.0.2.1:6881" // never asked: no route from a loopback address
	for name, test := range map[string]struct {
		from    string
		listens []string
		follow  bool
		start   []string // nodes to begin with, next to the first one
		want    string
	}{
		"the system's choice":   {want: "127.0.0.1"},
		"the user's address":    {from: "127.9.8.7", want: "127.9.8.7"},
		"listened at":           {follow: true, listens: []string{"127.9.8.7"}, want: "127.9.8.7"},
		"listened at, first":    {follow: true, listens: []string{"0.0.0.0", "127.9.8.7", "127.9.8.8"}, want: "127.9.8.7"},
		"not to be followed":    {listens: []string{"127.9.8.7"}, want: "127.0.0.1"},
		"listened at elsewhere": {follow: true, listens: []string{"192.0.2.1"}, want: "127.0.0.1"},
		"the other family":      {follow: true, listens: []string{"::1"}, want: "127.0.0.1"},
		"nodes elsewhere":       {follow: true, listens: []string{"127.9.8.7"}, start: []string{far}, want: "127.0.0.1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := serveFake(t, 40, func(i int) string { return loopback(i).Addr().String() })
			c := d.client(t, func(c *Config) {
				c.Listen, c.Bootstrap = nil, append(c.Bootstrap, test.start...)
				c.Allow = func(a netip.Addr) error {
					if !a.IsLoopback() {
						return errors.New("not in this test")
					}
					return nil
				}
				if test.from != "" {
					c.From = []netip.Addr{netip.MustParseAddr(test.from)}
				}
			})
			defer c.Close()
			s := NewSource(c, &memory{})
			s.Once, s.Follow = true, test.follow
			for _, ip := range test.listens {
				if err := s.Hear(listenRecord(t, ip)); err != nil {
					t.Fatalf("hear: %v", err)
				}
			}
			s.hear(t, d.randomID())
			s.EOF()
			if err := s.Run(t.Context()); err != nil {
				t.Fatalf("run: %v", err)
			}
			if got := d.senders(); !slices.Equal(got, []string{test.want}) {
				t.Errorf("queries came from %v, want %s alone", got, test.want)
			}
		})
	}
}

// A socket that moves goes on being read, and what cannot be is left as it is.
func TestSocketMoves(t *testing.T) {
	s, err := openSocket(IPv4, netip.MustParseAddr("127.0.0.1"))
	if err != nil {
		t.Fatal(err)
	}
	got := make(chan string, 2) // both texts
	done := make(chan error, 1)
	go func() {
		b := make([]byte, 100)
		for {
			n, _, err := s.ReadFrom(b)
			if err != nil {
				done <- err
				return
			}
			got <- string(b[:n])
		}
	}()
	say := func(text string) {
		t.Helper()
		conn, err := net.Dial("udp4", s.LocalAddr().String())
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		if _, err := conn.Write([]byte(text)); err != nil {
			t.Fatal(err)
		}
		if heard := <-got; heard != text {
			t.Errorf("heard %q, want %q", heard, text)
		}
	}
	say("before")
	if err := s.move(netip.MustParseAddr("192.0.2.1")); err == nil {
		t.Error("moved to an address that is not ours")
	}
	if err := s.move(netip.MustParseAddr("127.9.8.7")); err != nil {
		t.Errorf("move: %v", err)
	}
	say("after")
	if from := s.LocalAddr().(*net.UDPAddr).AddrPort().Addr().Unmap(); from != netip.MustParseAddr("127.9.8.7") {
		t.Errorf("the socket is at %v, want 127.9.8.7", from)
	}
	if err := s.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if err := <-done; !errors.Is(err, net.ErrClosed) {
		t.Errorf("reading ended with %v, want that it is closed", err)
	}
	if err := s.move(netip.MustParseAddr("127.0.0.1")); err != nil {
		t.Errorf("move after close: %v", err)
	}
}

func TestListenRecordWithoutAddress(t *testing.T) {
	c := newFakeDHT(7, 3, loopback).client(t, nil)
	defer c.Close()
	line, err := record.ParseLine([]byte(`{"type":"listen","port":1}`))
	if err != nil {
		t.Fatal(err)
	}
	if err := NewSource(c, &memory{}).Hear(line); !errors.Is(err, record.ErrNotRecord) {
		t.Errorf("got %v, want a rejected record", err)
	}
}
