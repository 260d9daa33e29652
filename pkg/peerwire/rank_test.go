package peerwire

import (
	"net/netip"
	"testing"
)

func TestBestLocal(t *testing.T) {
	a, b := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("198.51.100.1")
	six := netip.MustParseAddr("2001:db8::1")
	for _, tt := range []struct {
		name string
		ours []netip.Addr
		peer string
		ok   bool
	}{
		{"two", []netip.Addr{a, b}, "203.0.113.1:7", true},
		{"two, the other way round", []netip.Addr{b, a}, "203.0.113.1:7", true},
		{"the other one is better", []netip.Addr{a, b}, "203.0.113.77:7", true},
		{"one of the family", []netip.Addr{a, six}, "[2001:db8:1::9]:7", true},
		{"mapped", []netip.Addr{a, six}, "[::ffff:203.0.113.1]:7", true},
		{"none of the family", []netip.Addr{a}, "[2001:db8::9]:7", false},
		{"none", nil, "203.0.113.1:7", false},
	} {
		peer := netip.MustParseAddrPort(tt.peer)
		got, ok := BestLocal(tt.ours, 6881, peer)
		if ok != tt.ok {
			t.Errorf("%s: got %v, want %v", tt.name, ok, tt.ok)
			continue
		}
		for _, other := range tt.ours {
			if Priority(netip.AddrPortFrom(other, 6881), peer) > Priority(netip.AddrPortFrom(got, 6881), peer) {
				t.Errorf("%s: got %v, but %v has a higher priority", tt.name, got, other)
			}
		}
	}
	chosen := map[netip.Addr]bool{}
	for last := range byte(64) {
		got, _ := BestLocal([]netip.Addr{a, b}, 6881, netip.AddrPortFrom(netip.AddrFrom4([4]byte{203, 0, 113, last}), 7))
		chosen[got] = true
	}
	if len(chosen) != 2 {
		t.Errorf("got %v for 64 peers, want both addresses to be chosen for some", chosen)
	}
}
