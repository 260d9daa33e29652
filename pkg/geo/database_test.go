package geo

import (
	"bytes"
	"errors"
	"net/netip"
	"path/filepath"
	"strings"
	"testing"

	"github.com/maxmind/mmdbwriter/mmdbtype"

	"btkit/pkg/geo/geotest"
)

func TestDatabasePlace(t *testing.T) {
	path := database(t, "Test",
		geotest.Entry{Network: "192.0.2.0/24", Value: named("Four")},
		geotest.Entry{Network: "2001:db8::/32", Value: named("Six")})
	d, err := OpenDatabase(path)
	if err != nil {
		t.Fatal(err)
	}
	if d.Type != "Test" || d.Path != path {
		t.Errorf("got type %q and path %q, want Test and %q", d.Type, d.Path, path)
	}
	tests := []struct{ addr, want string }{
		{"192.0.2.7", "Four"},
		{"::ffff:192.0.2.7", "Four"},
		{"192.0.3.1", ""},
		{"10.0.0.1", ""},
		{"2001:db8::1", "Six"},
		{"2001:db9::1", ""},
		{"2001:db8::1%eth0", "Six"},
	}
	for _, tt := range tests {
		p, err := d.Place(netip.MustParseAddr(tt.addr), "en")
		if err != nil || p.City != tt.want {
			t.Errorf("%s: got %q, %v, want %q", tt.addr, p.City, err, tt.want)
		}
	}
}

func TestOpenDatabaseRefuses(t *testing.T) {
	whole := read(t, filepath.Join(folder(t), geotest.CityFile))
	end := bytes.LastIndex(whole, metadataMarker)
	metadata := func(text string) []byte {
		return append(append(bytes.Clone(whole[:end]), metadataMarker...), text...)
	}
	tests := []struct {
		name string
		raw  []byte
		want string
	}{
		{"empty file", nil, errNotDatabase.Error()},
		{"text", []byte("<html>"), errNotDatabase.Error()},
		{"download cut short", whole[:len(whole)/2], errNotDatabase.Error()},
		{"no metadata", metadata(""), "metadata"},
		{"metadata in a loop", metadata("\x20\x00"), "metadata"},
		{"name that points to itself", metadata("\xe1\x20\x01"), "metadata"},
		{"nothing in the metadata", metadata("\xe0"), "no node count"},
		{"beginning lost", whole[end-2000:], "do not fit"},
		{"huge tree", metadata("\xe2\x4anode_count\xc4\x7f\xff\xff\xff\x4brecord_size\xa1\x20"), "do not fit"},
		{"odd record size", metadata("\xe2\x4anode_count\xc1\x01\x4brecord_size\xa1\x19"), "record size"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "x.mmdb")
			write(t, path, tt.raw)
			_, err := OpenDatabase(path)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want an error that says %q and %s", err, tt.want, path)
			}
		})
	}
}

func TestOpenDatabaseRefusesFolders(t *testing.T) {
	if _, err := OpenDatabase(t.TempDir()); err == nil || !strings.Contains(err.Error(), "not a regular file") {
		t.Errorf("got %v, want an error about a folder", err)
	}
}

func TestFind(t *testing.T) {
	one, two, empty := t.TempDir(), t.TempDir(), t.TempDir()
	for _, name := range []string{"dbip-city-lite-2026-10.mmdb", "dbip-city-lite-2026-11.mmdb", "notes.txt", "other.mmdb"} {
		write(t, filepath.Join(one, name), nil)
	}
	for _, name := range []string{"GeoLite2-City.mmdb", "GeoLite2-ASN.mmdb", "geo-asn.mmdb"} {
		write(t, filepath.Join(two, name), nil)
	}
	dbip, lite, asn := filepath.Join(one, "dbip-city-lite-2026-11.mmdb"), filepath.Join(two, "GeoLite2-City.mmdb"), filepath.Join(two, "GeoLite2-ASN.mmdb")
	other, none := filepath.Join(one, "other.mmdb"), filepath.Join(empty, "none")
	tests := []struct {
		name  string
		given []string
		list  string
		usual []string
		want  []string // nil for an error
	}{
		{"files as given", []string{other, asn}, "", nil, []string{other, asn}},
		{"folder as given", []string{one}, two, []string{two}, []string{dbip}},
		{"newest edition", nil, one, nil, []string{dbip}},
		{"best publisher of two folders", nil, one + ":" + two, nil, []string{lite, asn}},
		{"list before usual folders", nil, one, []string{two}, []string{dbip}},
		{"file and folder", nil, other + ":" + two, nil, []string{other, lite, asn}},
		{"usual folders", nil, "", []string{none, empty, two}, []string{lite, asn}},
		{"nothing anywhere", nil, "", []string{none, empty}, nil},
		{"list of what is not there", nil, none, []string{two}, nil},
		{"given file is not there", []string{none}, "", nil, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Find(tt.given, tt.list, tt.usual)
			if strings.Join(got, " ") != strings.Join(tt.want, " ") || (err != nil) != (tt.want == nil) {
				t.Errorf("got %v, %v, want %v", got, err, tt.want)
			}
		})
	}
}

func TestFindSaysWhereItLooked(t *testing.T) {
	_, err := Find(nil, "", []string{"/no/such/folder"})
	if !errors.Is(err, ErrNoDatabase) || !strings.Contains(err.Error(), "/no/such/folder") {
		t.Errorf("got %v, want ErrNoDatabase with the folder", err)
	}
}

// FuzzDatabase: any bytes are refused, or make a database that answers each
// question with a place or an error.
func FuzzDatabase(f *testing.F) {
	dir := f.TempDir()
	path := filepath.Join(dir, "x.mmdb")
	entries := []geotest.Entry{{Network: "192.0.2.0/24", Value: named("Four")}, {Network: "2001:db8::/32", Value: mmdbtype.Map{"asn": mmdbtype.Uint32(64500)}}}
	if err := geotest.WriteDatabase(path, "Test", entries); err != nil {
		f.Fatal(err)
	}
	whole := read(f, path)
	f.Add(whole)
	for at := len(whole) / 3; at < len(whole); at += len(whole) / 7 {
		damaged := bytes.Clone(whole)
		damaged[at] ^= 0xff
		f.Add(damaged)
	}
	addrs := []netip.Addr{netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("2001:db8::1"), netip.MustParseAddr("8.8.8.8")}
	f.Fuzz(func(t *testing.T, raw []byte) {
		d, err := parseDatabase(raw)
		if err != nil {
			return
		}
		for _, addr := range addrs {
			p, err := d.Place(addr, "en")
			if err != nil && p != (Place{}) {
				t.Errorf("got %+v with %v, want one of both", p, err)
			}
		}
	})
}
