package manners

import (
	"net/netip"
	"syscall"
	"testing"
	"time"
)

func TestNetOf(t *testing.T) {
	tests := []struct{ addr, want string }{
		{"192.0.2.77", "192.0.2.0/24"},
		{"::ffff:192.0.2.77", "192.0.2.0/24"},
		{"2001:db8:1:2::3", "2001:db8:1::/48"},
		{"fe80::1%eth0", "fe80::/48"},
	}
	for _, tt := range tests {
		if got := NetOf(netip.MustParseAddr(tt.addr)).String(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.addr, got, tt.want)
		}
	}
}

func TestNetsRefuseOverTheLimit(t *testing.T) {
	a, b, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.200"), netip.MustParseAddr("198.51.100.1")
	n := &Nets{Limit: 2}
	steps := []struct {
		name  string
		addr  netip.Addr
		leave bool
		want  bool
	}{
		{"first", a, false, true},
		{"second", b, false, true},
		{"third", a, false, false},
		{"another network", other, false, true},
		{"one leaves", b, true, true},
		{"third again", a, false, true},
		{"fourth", b, false, false},
	}
	for _, s := range steps {
		got := true
		if s.leave {
			n.Leave(s.addr)
		} else {
			got = n.Enter(s.addr)
		}
		if got != s.want {
			t.Errorf("%s: got %v, want %v", s.name, got, s.want)
		}
	}
	for _, addr := range []netip.Addr{a, a, other} {
		n.Leave(addr)
	}
	if got := n.Open(); got != 0 {
		t.Errorf("got %d networks open after all have left, want 0", got)
	}
}

func TestNetsWithoutLimit(t *testing.T) {
	var n Nets
	addr := netip.MustParseAddr("192.0.2.1")
	for i := range 1000 {
		if !n.Enter(addr) {
			t.Fatalf("got conversation %d refused, want no limit", i)
		}
	}
	n.Leave(addr)
}

func TestPaceKeepsRateAndBurst(t *testing.T) {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	p := NewPace(7, 3)
	now, taken := start, 0
	for now.Before(start.Add(10 * time.Second)) {
		if wait := p.Next(now); wait > 0 {
			now = now.Add(wait)
		}
		if !p.Take(now) {
			t.Fatalf("got refused at %v after waiting as told", now.Sub(start))
		}
		taken++
	}
	if want := 3 + 7*10; taken < want-1 || taken > want+1 {
		t.Errorf("got %d beginnings in 10 s, want %d", taken, want)
	}
}

func TestPaceNextUsesUpNothing(t *testing.T) {
	now := time.Unix(1000, 0)
	p := NewPace(1, 1)
	for range 10 {
		if got := p.Next(now); got != 0 {
			t.Fatalf("got a wait of %v, want 0", got)
		}
	}
	if !p.Take(now) || p.Take(now) {
		t.Error("want exactly one beginning")
	}
}

func TestPaceWithoutLimit(t *testing.T) {
	now := time.Unix(1000, 0)
	p := NewPace(0, 0)
	for range 1000 {
		if p.Next(now) != 0 || !p.Take(now) {
			t.Fatal("got a limit, want none")
		}
	}
}

func TestBackoffDelay(t *testing.T) {
	low, mid, high := func() float64 { return 0 }, func() float64 { return 0.5 }, func() float64 { return 0.999999 }
	tests := []struct {
		name     string
		failures int
		jitter   float64
		roll     func() float64
		min, max time.Duration
	}{
		{"none", 0, 0.2, mid, 0, 0},
		{"negative", -1, 0.2, mid, 0, 0},
		{"first", 1, 0, mid, 60 * time.Second, 60 * time.Second},
		{"second", 2, 0.2, nil, 2 * time.Minute, 2 * time.Minute},
		{"sixth", 6, 0.2, mid, 40 * time.Minute, 40 * time.Minute},
		{"far", 1000, 0.2, mid, 40 * time.Minute, 40 * time.Minute},
		{"lowest", 1, 0.2, low, 48 * time.Second, 48 * time.Second},
		{"highest", 1, 0.2, high, 71 * time.Second, 72 * time.Second},
		{"jitter over 1", 1, 5, low, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := Backoff{Jitter: tt.jitter}.Delay(tt.failures, tt.roll)
			if got < tt.min || got > tt.max {
				t.Errorf("got %v, want %v to %v", got, tt.min, tt.max)
			}
		})
	}
}

func TestBackoffWithOwnSteps(t *testing.T) {
	b := Backoff{Steps: []time.Duration{time.Second, 3 * time.Second}}
	for failures, want := range []time.Duration{0, time.Second, 3 * time.Second, 3 * time.Second} {
		if got := b.Delay(failures, nil); got != want {
			t.Errorf("%d failures: got %v, want %v", failures, got, want)
		}
	}
}

func TestFit(t *testing.T) {
	tests := []struct {
		limit uint64
		want  int
	}{{0, 1}, {64, 1}, {65, 1}, {66, 2}, {1024, 960}, {1 << 63, maxConversations}}
	for _, tt := range tests {
		if got := fit(tt.limit); got != tt.want {
			t.Errorf("limit %d: got %d, want %d", tt.limit, got, tt.want)
		}
	}
}

func TestDescriptorsRaisesTheLimit(t *testing.T) {
	got, err := Descriptors()
	if err != nil {
		t.Fatal(err)
	}
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
		t.Fatal(err)
	}
	if lim.Cur != lim.Max || got != fit(uint64(lim.Max)) {
		t.Errorf("got %d with limit %d of %d, want the whole limit but the reserve", got, lim.Cur, lim.Max)
	}
}
