package listen

import (
	"net/netip"
	"testing"
)

func TestHousehold(t *testing.T) {
	for _, tt := range []struct {
		a, b string
		same bool
	}{
		{"192.0.2.1", "192.0.2.1", true},
		{"192.0.2.1", "192.0.2.2", false},
		{"2001:db8::1", "2001:db8::ffff:1", true},
		{"2001:db8::1", "2001:db8:0:1::1", false},
	} {
		if got := household(netip.MustParseAddr(tt.a)) == household(netip.MustParseAddr(tt.b)); got != tt.same {
			t.Errorf("%s and %s: got %v, want %v", tt.a, tt.b, got, tt.same)
		}
	}
}
