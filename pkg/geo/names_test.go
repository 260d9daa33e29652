package geo

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"btkit/pkg/geo/geotest"
	"btkit/pkg/record"
)

// answers collects what Found is told.
type answers struct {
	mu    sync.Mutex
	hosts []*record.Host
}

func (a *answers) found(h *record.Host) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.hosts = append(a.hosts, h)
}

func (a *answers) byAddr() map[string]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	m := map[string]string{}
	for _, h := range a.hosts {
		m[h.IP.String()] = h.Outcome + " " + h.Domain
	}
	return m
}

// resolver answers as the function says.
type resolver func(ctx context.Context, addr string) ([]string, error)

func (r resolver) LookupAddr(ctx context.Context, addr string) ([]string, error) { return r(ctx, addr) }

func TestNamesAskTheDNS(t *testing.T) {
	dns, err := geotest.StartDNS(map[string]string{
		"127.1.0.1": "dsl-1.pool.example.co.uk", "127.1.0.2": "router.lan", "127.1.0.3": "b.example.com"})
	if err != nil {
		t.Fatal(err)
	}
	defer dns.Close()
	var got answers
	n := NewNames(NamesOptions{Resolver: ResolverAt(dns.Addr), Now: time.Now, Found: got.found})
	for range 3 {
		for _, addr := range []string{"127.1.0.1", "127.1.0.2", "::ffff:127.1.0.3", "127.1.0.4"} {
			n.Domain(netip.MustParseAddr(addr))
		}
	}
	if left := n.Close(t.Context()); left != 0 {
		t.Errorf("got %d addresses left, want 0", left)
	}
	want := map[string]string{"127.1.0.1": "ok example.co.uk", "127.1.0.2": "ok ", "127.1.0.3": "ok example.com", "127.1.0.4": "not-found "}
	for addr, w := range want {
		if g := got.byAddr()[addr]; g != w {
			t.Errorf("%s: got %q, want %q", addr, g, w)
		}
	}
	if len(got.hosts) != len(want) || dns.Asked() != int64(len(want)) {
		t.Errorf("got %d answers to %d questions, want %d each", len(got.hosts), dns.Asked(), len(want))
	}
	if d := n.Domain(netip.MustParseAddr("127.1.0.1")); d != "example.co.uk" {
		t.Errorf("got %q remembered, want example.co.uk", d)
	}
}

func TestNamesOutcomes(t *testing.T) {
	tests := []struct {
		name  string
		names []string
		err   error
		want  string
	}{
		{"found", []string{"a.example.com."}, nil, "ok example.com"},
		{"several names", []string{"b.example.org.", "a.example.com.", "0.lan."}, nil, "ok example.com"},
		{"hostile name", []string{"\"}.example.com."}, nil, "ok "},
		{"no name", nil, &net.DNSError{IsNotFound: true}, "not-found "},
		{"server failed", nil, &net.DNSError{Err: "server misbehaving"}, "dns "},
		{"no answer", nil, &net.DNSError{IsTimeout: true}, "timeout "},
	}
	addr := netip.MustParseAddr("127.1.0.1")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got answers
			answer := resolver(func(context.Context, string) ([]string, error) { return slices.Clone(tt.names), tt.err })
			n := NewNames(NamesOptions{Resolver: answer, Now: time.Now, Found: got.found})
			n.Domain(addr)
			n.Close(t.Context())
			if g := got.byAddr()[addr.String()]; g != tt.want {
				t.Errorf("got %q, want %q", g, tt.want)
			}
		})
	}
}

func TestNamesNeverWait(t *testing.T) {
	asked := make(chan string, nameWorkers) // no worker waits to tell
	silent := resolver(func(ctx context.Context, addr string) ([]string, error) {
		asked <- addr
		<-ctx.Done()
		return nil, ctx.Err()
	})
	var got answers
	n := NewNames(NamesOptions{Resolver: silent, Now: time.Now, Found: got.found})
	for i := range 1000 {
		if d := n.Domain(netip.AddrFrom4([4]byte{127, 1, byte(i >> 8), byte(i)})); d != "" {
			t.Errorf("got %q, want nothing yet", d)
		}
	}
	<-asked
	live, cancel := context.WithCancel(t.Context())
	cancel()
	if left := n.Close(live); left != 1000 || len(got.hosts) != 0 {
		t.Errorf("got %d left and %d answers, want 1000 and 0", left, len(got.hosts))
	}
}

func TestNamesAskAgainWhenAnAnswerIsOld(t *testing.T) {
	var mu sync.Mutex
	now, asked := time.Unix(1e9, 0), 0
	clock := func() time.Time {
		mu.Lock()
		defer mu.Unlock()
		return now
	}
	told := make(chan string, 1) // one question at a time
	answer := resolver(func(context.Context, string) ([]string, error) {
		mu.Lock()
		defer mu.Unlock()
		asked++
		if asked == 2 {
			return nil, errors.New("server gone")
		}
		return []string{"a.example.com."}, nil
	})
	n := NewNames(NamesOptions{Resolver: answer, Now: clock, Found: func(h *record.Host) { told <- h.Outcome + " " + h.Domain }})
	addr := netip.MustParseAddr("127.1.0.1")
	steps := []struct {
		name   string
		later  time.Duration
		known  string
		answer string // "" if no question is expected
	}{
		{"first", 0, "", "ok example.com"},
		{"remembered", keepFound - time.Second, "example.com", ""},
		{"old, and the server fails", 2 * time.Second, "example.com", "error example.com"},
		{"failure remembered", keepFailed - time.Second, "example.com", ""},
		{"failure old", 2 * time.Second, "example.com", "ok example.com"},
	}
	for _, s := range steps {
		mu.Lock()
		now = now.Add(s.later)
		mu.Unlock()
		if got := n.Domain(addr); got != s.known {
			t.Errorf("%s: got %q, want %q", s.name, got, s.known)
		}
		if s.answer != "" {
			if got := <-told; got != s.answer {
				t.Errorf("%s: got answer %q, want %q", s.name, got, s.answer)
			}
		}
	}
	if left := n.Close(t.Context()); left != 0 || asked != 3 {
		t.Errorf("got %d left after %d questions, want 0 after 3", left, asked)
	}
}

func TestNamesObeyTheRules(t *testing.T) {
	var got answers
	answer := resolver(func(context.Context, string) ([]string, error) { return []string{"a.example.com."}, nil })
	refuse := netip.MustParseAddr("127.1.0.1")
	n := NewNames(NamesOptions{Resolver: answer, Now: time.Now, Found: got.found, Allow: func(a netip.Addr) error {
		if a == refuse {
			return errors.New("refused")
		}
		return nil
	}})
	n.Domain(refuse)
	n.Domain(netip.MustParseAddr("127.1.0.2"))
	n.Close(t.Context())
	if m := got.byAddr(); len(m) != 1 || m["127.1.0.2"] != "ok example.com" {
		t.Errorf("got %v, want an answer for 127.1.0.2 alone", m)
	}
}

func TestNamesKeepTheQueueBounded(t *testing.T) {
	n := NewNames(NamesOptions{Resolver: resolver(nil), Now: time.Now, Found: func(*record.Host) {}})
	n.mu.Lock()
	for i := range maxAsked {
		n.pending[netip.AddrFrom4([4]byte{127, byte(i >> 16), byte(i >> 8), byte(i)})] = true
	}
	n.mu.Unlock()
	n.Domain(netip.MustParseAddr("192.0.2.1"))
	if left := n.Close(t.Context()); left != maxAsked+1 {
		t.Errorf("got %d left, want %d", left, maxAsked+1)
	}
}

func TestRecentForgetsTheUnused(t *testing.T) {
	r := newRecent[int, int](10)
	for i := range 1000 {
		r.put(i, i)
		if _, ok := r.get(0); !ok {
			t.Fatalf("got the entry in use forgotten after %d", i)
		}
		if n := len(r.young) + len(r.old); n > 2*r.size {
			t.Fatalf("got %d entries, want at most %d", n, 2*r.size)
		}
	}
	for i := 1000 - r.size/2; i < 1000; i++ {
		if v, ok := r.get(i); !ok || v != i {
			t.Errorf("got %d, %v, want %d still there", v, ok, i)
		}
	}
	if _, ok := r.get(500); ok {
		t.Error("got an unused entry, want it forgotten")
	}
}
