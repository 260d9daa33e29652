package geo

import (
	"bytes"
	"fmt"
	"io"
	"net/netip"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/maxmind/mmdbwriter/mmdbtype"

	"btkit/pkg/geo/geotest"
)

var here = netip.MustParseAddr("127.3.0.9")

func TestAtlasJoinsDatabases(t *testing.T) {
	a := atlas(t, io.Discard, folder(t))
	tests := []struct{ addr, want string }{
		{"127.3.0.9", `{"city":"Town 3","country":"JP","continent":"AS","lat":36.0234375,"lon":138.046875,"asn":64499,"as_org":"Example Net 3"}`},
		{"::ffff:127.0.0.1", `{"city":"Town 0","country":"SE","continent":"EU","lat":60,"lon":15,"asn":64496,"as_org":"Example Net 0"}`},
		{"192.168.1.1", ""},
		{"::1", ""},
	}
	for range 2 { // the second time from what is kept ready
		for _, tt := range tests {
			if got := string(a.Lookup(netip.MustParseAddr(tt.addr))); got != tt.want {
				t.Errorf("%s: got %s, want %s", tt.addr, got, tt.want)
			}
		}
	}
	if err := a.Err(); err != nil {
		t.Errorf("got %v, want no error", err)
	}
}

func TestAtlasFirstDatabaseCounts(t *testing.T) {
	one := database(t, "one", geotest.Entry{Network: "127.3.0.0/16", Value: mmdbtype.Map{"city": mmdbtype.String("One")}})
	two := database(t, "two", geotest.Entry{Network: "127.0.0.0/8", Value: mmdbtype.Map{
		"city": mmdbtype.String("Two"), "country_code": mmdbtype.String("SE")}})
	a := atlas(t, io.Discard, one, two)
	if got, want := string(a.Lookup(here)), `{"city":"One","country":"SE"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestOpenRefusesTooManyDatabases(t *testing.T) {
	path := database(t, "x", geotest.Entry{Network: "127.0.0.0/8", Value: named("X")})
	var files []string
	for range maxDatabases + 1 {
		files = append(files, path)
	}
	if _, err := Open(Options{Files: files}); err == nil || !strings.Contains(err.Error(), "at most") {
		t.Errorf("got %v, want an error about too many", err)
	}
}

func TestReloadTakesTheNewDatabase(t *testing.T) {
	dir := folder(t)
	var log output
	a := atlas(t, &log, dir)
	a.Lookup(here)
	entries := []geotest.Entry{{Network: "127.0.0.0/8", Value: named("New")}}
	if err := geotest.WriteDatabase(filepath.Join(dir, geotest.CityFile), "New", entries); err != nil {
		t.Fatal(err)
	}
	if err := a.Reload(); err != nil {
		t.Fatal(err)
	}
	if got, want := string(a.Lookup(here)), `{"city":"New","asn":64499,"as_org":"Example Net 3"}`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if !strings.Contains(log.String(), "reloaded") {
		t.Errorf("got log %q, want it to say reloaded", log.String())
	}
}

func TestReloadKeepsTheOldDatabase(t *testing.T) {
	dir := folder(t)
	a := atlas(t, io.Discard, dir)
	old := string(a.Lookup(here))
	path := filepath.Join(dir, geotest.CityFile)
	write(t, path, read(t, path)[:5000])
	if err := a.Reload(); err == nil || !strings.Contains(err.Error(), path) || !strings.Contains(err.Error(), "keep the old") {
		t.Errorf("got %v, want an error that names %s", err, path)
	}
	if got := string(a.Lookup(here)); got != old {
		t.Errorf("got %s, want %s as before", got, old)
	}
}

func TestReloadWhileLookingUp(t *testing.T) {
	a := atlas(t, io.Discard, folder(t))
	want := string(a.Lookup(here))
	var wait sync.WaitGroup
	for range 4 {
		wait.Go(func() {
			for range 200 {
				if got := string(a.Lookup(here)); got != want {
					t.Errorf("got %s, want %s", got, want)
					return
				}
			}
		})
	}
	for range 3 {
		if err := a.Reload(); err != nil {
			t.Error(err)
		}
	}
	wait.Wait()
}

func TestDamagedRecordIsLeftOut(t *testing.T) {
	dir := folder(t)
	path := filepath.Join(dir, geotest.CityFile)
	raw := read(t, path)
	// The first country code gets a type that does not exist; the records that
	// share it point at it.
	raw = bytes.Replace(raw, []byte("iso_code\x42"), []byte("iso_code\x00"), 1)
	write(t, path, raw)
	var log output
	a := atlas(t, &log, dir)
	tests := []struct{ addr, want string }{
		{"127.0.0.1", `{"asn":64496,"as_org":"Example Net 0"}`},
		{"127.8.0.1", `{"asn":64504,"as_org":"Example Net 8"}`},
		{"127.3.0.1", town3},
	}
	for _, tt := range tests {
		if got := string(a.Lookup(netip.MustParseAddr(tt.addr))); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.addr, got, tt.want)
		}
	}
	if err := a.Err(); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("got %v, want an error that names %s", err, path)
	}
	if n := strings.Count(log.String(), "level=WARN"); n != 1 {
		t.Errorf("got %d warnings, want 1: %s", n, log.String())
	}
}

func TestReadyPlacesAreBounded(t *testing.T) {
	a := atlas(t, io.Discard, folder(t))
	s := a.shelf.Load()
	for i := range maxPlaces {
		s.ready[offsets{uint32(i), 1, 2, 3}] = nil
	}
	a.Lookup(here)
	if got := len(s.ready); got != 1 {
		t.Errorf("got %d places kept, want 1 after the bound was reached", got)
	}
}

func TestWriteTwiceGivesTheSameBytes(t *testing.T) {
	one, two := folder(t), folder(t)
	for _, name := range []string{geotest.CityFile, geotest.ASNFile} {
		if !bytes.Equal(read(t, filepath.Join(one, name)), read(t, filepath.Join(two, name))) {
			t.Errorf("got different bytes in %s, want the same", name)
		}
	}
}

func BenchmarkLookupCached(b *testing.B) {
	a := atlas(b, io.Discard, folder(b))
	var addrs []netip.Addr
	for i := range 4096 {
		addrs = append(addrs, netip.AddrFrom4([4]byte{127, byte(i), byte(i >> 8), 1}))
	}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if a.Lookup(addrs[i%len(addrs)]) == nil {
			b.Fatal(fmt.Sprint("no place for ", addrs[i%len(addrs)]))
		}
	}
}
