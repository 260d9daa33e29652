package geo

import (
	"strings"
	"testing"
)

func TestDomain(t *testing.T) {
	tests := []struct{ name, host, want string }{
		{"plain", "a.b.example.com", "example.com"},
		{"dot at the end", "Host.Example.COM.", "example.com"},
		{"two-level suffix", "x.dsl.example.co.uk", "example.co.uk"},
		{"domain itself", "example.org", "example.org"},
		{"suffix itself", "co.uk", ""},
		{"top-level domain", "com", ""},
		{"private suffix itself", "eu-west-1.compute.amazonaws.com", "amazonaws.com"},
		{"below a private suffix", "ec2-192-0-2-1.eu-west-1.compute.amazonaws.com", "amazonaws.com"},
		{"private suffix of a host", "user.github.io", "github.io"},
		{"wildcard rule", "a.b.c.ck", "b.c.ck"},
		{"exception rule", "a.www.ck", "www.ck"},
		{"underscore", "_x.example.net", "example.net"},
		{"no such top-level domain", "router.lan", ""},
		{"localhost", "localhost", ""},
		{"reverse name", "1.0.0.127.in-addr.arpa", ""},
		{"address", "192.0.2.1", ""},
		{"empty", "", ""},
		{"dots", "a..example.com", ""},
		{"dot first", ".example.com", ""},
		{"quote", `a"b.example.com`, ""},
		{"control character", "a\n.example.com", ""},
		{"bytes", "\xff\xfe.example.com", ""},
		{"long label", strings.Repeat("x", 64) + ".example.com", ""},
		{"long name", strings.Repeat("x.", 130) + "com", ""},
	}
	for _, tt := range tests {
		if got := Domain(tt.host); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

// FuzzDomain: the domain of a host name is empty or its end, and is its own
// domain.
func FuzzDomain(f *testing.F) {
	for _, s := range []string{"a.example.co.uk", "x.compute.amazonaws.com", "1.in-addr.arpa", "a..b", "www.ck", "\xff"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, host string) {
		d := Domain(host)
		if d == "" {
			return
		}
		if !strings.HasSuffix(strings.ToLower(strings.TrimSuffix(host, ".")), d) || Domain(d) != d {
			t.Errorf("got %q of %q, want its end and a domain of itself (%q)", d, host, Domain(d))
		}
	})
}
