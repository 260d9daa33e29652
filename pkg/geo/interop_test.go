//go:build interop

package geo

import (
	"fmt"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter/mmdbtype"

	"btkit/pkg/geo/geotest"
)

// TestReadsWhatMmdblookupReads compares each member with the reading of the
// C library's own tool (Debian package mmdb-bin).
func TestReadsWhatMmdblookupReads(t *testing.T) {
	if _, err := exec.LookPath("mmdblookup"); err != nil {
		t.Fatal("mmdblookup is needed: apt-get install mmdb-bin")
	}
	dir := folder(t)
	city, asn := filepath.Join(dir, geotest.CityFile), filepath.Join(dir, geotest.ASNFile)
	six := database(t, "Six", geotest.Entry{Network: "2001:db8::/32", Value: mmdbtype.Map{
		"city": mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(strings.Repeat("Ö", 60))}}}})
	var addrs []string
	for i := range 18 {
		addrs = append(addrs, fmt.Sprintf("127.%d.%d.%d", i*15, i, 200-i))
	}
	addrs = append(addrs, "::ffff:127.3.0.9", "127.255.255.255", "192.168.1.1", "8.8.8.8", "2001:db8::1", "2001:db9::1")
	for _, addr := range addrs {
		for _, path := range []string{city, asn, six} {
			t.Run(addr+" "+filepath.Base(path), func(t *testing.T) { compare(t, path, addr) })
		}
	}
}

func compare(t *testing.T, path, addr string) {
	d, err := OpenDatabase(path)
	if err != nil {
		t.Fatal(err)
	}
	p, err := d.Place(netip.MustParseAddr(addr), "en")
	if err != nil {
		t.Fatal(err)
	}
	lat, lon, number := "", "", ""
	if p.Lat != nil {
		lat, lon = fmt.Sprintf("%.6f", *p.Lat), fmt.Sprintf("%.6f", *p.Lon)
	}
	if p.ASN != 0 {
		number = strconv.FormatUint(uint64(p.ASN), 10)
	}
	members := []struct{ path, got string }{
		{"city names en", p.City}, {"country iso_code", p.Country}, {"continent code", p.Continent},
		{"location latitude", lat}, {"location longitude", lon},
		{"autonomous_system_number", number}, {"autonomous_system_organization", p.ASOrg},
	}
	for _, m := range members {
		if want := mmdblookup(t, path, addr, m.path); m.got != want {
			t.Errorf("%s: got %q, want %q", m.path, m.got, want)
		}
	}
}

// mmdblookup gives one value as text, empty if there is none. The tool prints
// it as `  "Town" <utf8_string>` or `  60.000000 <double>`.
func mmdblookup(t *testing.T, path, addr, member string) string {
	t.Helper()
	args := append([]string{"--file", path, "--ip", addr}, strings.Fields(member)...)
	out, err := exec.Command("mmdblookup", args...).CombinedOutput()
	text := strings.TrimSpace(string(out))
	if strings.Contains(text, "Could not find an entry") || strings.Contains(text, "lookup path does not match") {
		return ""
	}
	i := strings.LastIndex(text, " <")
	if err != nil || i < 0 {
		t.Fatalf("mmdblookup says %q (%v)", text, err)
	}
	return strings.Trim(text[:i], `"`)
}
