package manners

import (
	"net"
	"net/netip"
	"strings"
	"testing"

	"go4.org/netipx"

	"btkit/pkg/outcome"
)

func TestPolicyAllow(t *testing.T) {
	tests := []struct {
		addr    string
		strict  string // part of the reason, "" if allowed
		private string // the same with AllowPrivate
	}{
		{"8.8.8.8", "", ""},
		{"192.0.2.1", "", ""},
		{"198.51.100.7", "", ""},
		{"203.0.113.9", "", ""},
		{"2001:db8::1", "", ""},
		{"2606:4700::1", "", ""},
		{"::ffff:8.8.8.8", "", ""},
		{"10.1.2.3", "private", ""},
		{"172.16.0.1", "private", ""},
		{"172.31.255.255", "private", ""},
		{"172.32.0.1", "", ""},
		{"192.168.1.1", "private", ""},
		{"100.64.0.1", "carrier-grade", ""},
		{"100.128.0.1", "", ""},
		{"127.0.0.1", "loopback", ""},
		{"::ffff:127.0.0.1", "loopback", ""},
		{"169.254.1.1", "link-local", ""},
		{"198.18.0.1", "benchmarks", ""},
		{"0.0.0.0", "unspecified", "unspecified"},
		{"0.1.2.3", "unspecified", "unspecified"},
		{"224.0.0.1", "multicast", "multicast"},
		{"239.192.152.143", "multicast", "multicast"},
		{"255.255.255.255", "broadcast", "broadcast"},
		{"240.0.0.1", "reserved", "reserved"},
		{"::", "unspecified", "unspecified"},
		{"::1", "loopback", ""},
		{"::8.8.8.8", "reserved", "reserved"},
		{"fe80::1", "link-local", ""},
		{"fe80::1%eth0", "link-local", ""},
		{"fec0::1", "site-local", ""},
		{"fd00::1", "unique local", ""},
		{"ff02::1", "multicast", "multicast"},
		{"64:ff9b::10.0.0.1", "private", ""},
		{"64:ff9b::8.8.8.8", "", ""},
		{"64:ff9b::224.0.0.1", "multicast", "multicast"},
		{"64:ff9b:1::1", "local NAT64", ""},
		{"2002:c0a8:101::1", "private", ""},
		{"2002:808:808::1", "", ""},
		{"2001:0:808:808:0:0:f5ff:fffe", "private", ""}, // Teredo client 10.0.0.1
		{"100::1", "discard", "discard"},
		{"192.0.2.66", "block list", "block list"},
		{"64:ff9b::192.0.2.66", "block list", "block list"},
		{"203.0.113.77", "our own", ""},
	}
	strict := &Policy{Deny: set(t, "192.0.2.66"), Own: set(t, "203.0.113.77")}
	private := &Policy{AllowPrivate: true, Deny: strict.Deny, Own: strict.Own}
	for _, tt := range tests {
		t.Run(tt.addr, func(t *testing.T) {
			addr := netip.MustParseAddr(tt.addr)
			wantReason(t, "strict", strict.Allow(addr), tt.strict)
			wantReason(t, "private", private.Allow(addr), tt.private)
		})
	}
}

func TestPolicyForbidsTheZeroAddress(t *testing.T) {
	p := &Policy{AllowPrivate: true}
	wantReason(t, "zero", p.Allow(netip.Addr{}), "not an address")
}

func TestSetOfTakesIPv4Plain(t *testing.T) {
	own, err := setOf([]net.Addr{&net.IPNet{IP: net.ParseIP("192.0.2.1"), Mask: net.CIDRMask(24, 32)}})
	if err != nil {
		t.Fatal(err)
	}
	if !own.Contains(netip.MustParseAddr("192.0.2.1")) || own.Contains(netip.MustParseAddr("192.0.2.2")) {
		t.Errorf("got %v, want 192.0.2.1 alone", own.Ranges())
	}
}

func TestOwnAddressesHoldLoopback(t *testing.T) {
	own, err := OwnAddresses()
	if err != nil {
		t.Fatal(err)
	}
	if !own.Contains(netip.MustParseAddr("127.0.0.1")) {
		t.Errorf("got %v, want it to hold 127.0.0.1", own.Ranges())
	}
}

func wantReason(t *testing.T, policy string, err error, want string) {
	t.Helper()
	switch {
	case want == "" && err != nil:
		t.Errorf("%s: got %v, want allowed", policy, err)
	case want != "" && err == nil:
		t.Errorf("%s: got allowed, want %q", policy, want)
	case want != "" && !strings.Contains(err.Error(), want):
		t.Errorf("%s: got %q, want a reason with %q", policy, err, want)
	case want != "" && outcome.Of(err) != outcome.Denied:
		t.Errorf("%s: got outcome %q, want %q", policy, outcome.Of(err), outcome.Denied)
	}
}

func set(t *testing.T, addrs ...string) *netipx.IPSet {
	t.Helper()
	var b netipx.IPSetBuilder
	for _, a := range addrs {
		b.Add(netip.MustParseAddr(a))
	}
	s, err := b.IPSet()
	if err != nil {
		t.Fatal(err)
	}
	return s
}
