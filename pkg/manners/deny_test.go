package manners

import (
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"go4.org/netipx"
)

func TestParseDeny(t *testing.T) {
	tests := []struct {
		name, line string
		want       string // "" for no range
		fails      bool
	}{
		{"CIDR", "192.0.2.0/24", "192.0.2.0-192.0.2.255", false},
		{"CIDR with host bits", "192.0.2.9/24", "192.0.2.0-192.0.2.255", false},
		{"address", "192.0.2.7", "192.0.2.7-192.0.2.7", false},
		{"range", "192.0.2.1-192.0.2.9", "192.0.2.1-192.0.2.9", false},
		{"range with spaces", "  192.0.2.1 -\t192.0.2.9\r", "192.0.2.1-192.0.2.9", false},
		{"IPv6 CIDR", "2001:db8::/32", "2001:db8::-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff", false},
		{"IPv6 address", "2001:db8::1", "2001:db8::1-2001:db8::1", false},
		{"IPv6 range", "2001:db8::1-2001:db8::9", "2001:db8::1-2001:db8::9", false},
		{"IPv4 in IPv6 clothes", "::ffff:192.0.2.0/120", "192.0.2.0-192.0.2.255", false},
		{"empty", "", "", false},
		{"comment", "# a list", "", false},
		{"comment behind", "192.0.2.7 # an address", "192.0.2.7-192.0.2.7", false},
		{"P2P", "Some Org:192.0.2.1-192.0.2.9", "192.0.2.1-192.0.2.9", false},
		{"P2P, name with marks", "A-B: c #1, Inc:192.0.2.1-192.0.2.9", "192.0.2.1-192.0.2.9", false},
		{"P2P, IPv6", "Some Org:2001:db8::1-2001:db8::9", "2001:db8::1-2001:db8::9", false},
		{"eMule", "192.000.002.001 - 192.000.002.009 , 100 , some org", "192.0.2.1-192.0.2.9", false},
		{"eMule, let through", "192.000.002.001 - 192.000.002.009 , 200 , some org", "", true},
		{"text", "hello", "", true},
		{"HTML", "<!DOCTYPE html>", "", true},
		{"range the wrong way round", "192.0.2.9-192.0.2.1", "", true},
		{"mixed range", "192.0.2.1-2001:db8::1", "", true},
		{"number too large", "192.0.2.256", "", true},
		{"mask too long", "192.0.2.0/33", "", true},
		{"zone", "fe80::1%eth0", "", true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, err := ParseDeny(tt.line)
			if (err != nil) != tt.fails {
				t.Fatalf("got error %v, want an error: %v", err, tt.fails)
			}
			got := ""
			if r.IsValid() {
				got = r.String()
			}
			if got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestReadDenySkipsWhatALevelLetsThrough(t *testing.T) {
	var b netipx.IPSetBuilder
	list := "\xef\xbb\xbf192.0.2.1 - 192.0.2.9 , 200 , good\n\n192.0.2.20 - 192.0.2.29 , 000 , bad\n"
	if err := ReadDeny("list", strings.NewReader(list), &b); err != nil {
		t.Fatal(err)
	}
	s, _ := b.IPSet()
	if s.Contains(netip.MustParseAddr("192.0.2.5")) || !s.Contains(netip.MustParseAddr("192.0.2.25")) {
		t.Errorf("got %v, want 192.0.2.20-192.0.2.29", s.Ranges())
	}
}

func TestLoadDenyJoinsFilesAndNamesTheLine(t *testing.T) {
	dir := t.TempDir()
	one, two, bad := filepath.Join(dir, "one"), filepath.Join(dir, "two"), filepath.Join(dir, "bad")
	write(t, one, "192.0.2.0/25\n")
	write(t, two, "192.0.2.128/25")
	write(t, bad, "# fine\n192.0.2.1\nnonsense\n")
	s, err := LoadDeny(one, two)
	if err != nil {
		t.Fatal(err)
	}
	if got := s.Ranges(); len(got) != 1 || got[0].String() != "192.0.2.0-192.0.2.255" {
		t.Errorf("got %v, want 192.0.2.0-192.0.2.255", got)
	}
	if _, err = LoadDeny(one, bad); err == nil || !strings.Contains(err.Error(), bad+":3: ") {
		t.Errorf("got error %v, want one that names %s:3", err, bad)
	}
	if _, err = LoadDeny(filepath.Join(dir, "none")); err == nil {
		t.Error("got no error for a file that is not there, want one")
	}
}

func TestReadDenyRefusesALongLine(t *testing.T) {
	var b netipx.IPSetBuilder
	err := ReadDeny("list", strings.NewReader("192.0.2.1\n"+strings.Repeat("x", 2*maxDenyLine)), &b)
	if err == nil || !strings.Contains(err.Error(), "list:2: ") {
		t.Errorf("got error %v, want one that names list:2", err)
	}
}

// FuzzParseDeny: a line gives an error, nothing, or a range that reads back
// from its own text as the same range.
func FuzzParseDeny(f *testing.F) {
	for _, s := range []string{"192.0.2.0/24", "a:1.2.3.4-1.2.3.5", "001.2.3.4 - 1.2.3.5 , 100 , x",
		"::ffff:1.2.3.4-2001:db8::", "fe80::1%e-fe80::2", "#", "x#1:1.2.3.4-1.2.3.4", "1.2.3.4,1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		r, err := ParseDeny(line)
		if err != nil || !r.IsValid() {
			return
		}
		again, err := ParseDeny(r.String())
		if err != nil || again != r {
			t.Errorf("%q: got %v (%v) back, want %v", line, again, err, r)
		}
	})
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}
