package announce

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"btkit/pkg/tracker"
)

func TestLocalDomains(t *testing.T) {
	b, err := os.ReadFile("testdata/local.json")
	if err != nil {
		t.Fatal(err)
	}
	var v struct {
		PTR     string `json:"ptr_name"`
		Queries []string
	}
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, name := range LocalDomains(v.PTR) {
		got = append(got, "_bittorrent-tracker._tcp."+name)
	}
	if !reflect.DeepEqual(got, v.Queries) {
		t.Errorf("got %q, want %q", got, v.Queries)
	}
	for host, want := range map[string][]string{
		"A.B.Example.CO.UK.":     {"a.b.example.co.uk", "b.example.co.uk", "example.co.uk"},
		"pc.office.lan":          {"pc.office.lan", "office.lan"},
		"localhost":              nil,
		"":                       nil,
		"1.2.0.192.in-addr.arpa": nil,
	} {
		if got := LocalDomains(host); !reflect.DeepEqual(got, want) {
			t.Errorf("LocalDomains(%q) = %q, want %q", host, got, want)
		}
	}
	if got := LocalDomains(strings.Repeat("a.", 100) + "lan"); len(got) != maxLabels {
		t.Errorf("%d names of a long one, want %d", len(got), maxLabels)
	}
}

// zone is a DNS without a network. What it does not hold is not found.
type zone struct {
	ptr   map[string][]string
	srv   map[string][]*net.SRV
	fail  error
	asked []string
}

var errNone = &net.DNSError{Err: "no such host", IsNotFound: true}

func (z *zone) LookupAddr(_ context.Context, addr string) ([]string, error) {
	if names, ok := z.ptr[addr]; ok {
		return names, nil
	}
	return nil, errNone
}

func (z *zone) LookupSRV(_ context.Context, service, proto, name string) (string, []*net.SRV, error) {
	z.asked = append(z.asked, "_"+service+"._"+proto+"."+name)
	if z.fail != nil {
		return "", nil, z.fail
	}
	if found, ok := z.srv[name]; ok {
		return name, found, nil
	}
	return "", nil, errNone
}

func TestFindLocal(t *testing.T) {
	office := []*net.SRV{{Target: "Tracker.Office.example.", Port: 6969}, {Target: "b.example.", Port: 0}, {Target: "bad host.", Port: 1}, {Target: "b.example.", Port: 80}}
	for _, c := range []struct {
		name  string
		dns   zone
		want  []string
		asked int
		err   bool
	}{
		{"a parent's", zone{ptr: map[string][]string{"192.0.2.1": {"pc.lab.office.example."}}, srv: map[string][]*net.SRV{"office.example": office}},
			[]string{"http://tracker.office.example:6969/announce", "http://b.example/announce"}, 3, false},
		{"no name", zone{}, nil, 0, false},
		{"no tracker", zone{ptr: map[string][]string{"192.0.2.1": {"pc.office.example."}}}, nil, 2, false},
		{"many names", zone{ptr: map[string][]string{"192.0.2.1": {"a.b.example.", "c.d.example.", "e.f.example."}}}, nil, 4, false},
		{"no answer", zone{ptr: map[string][]string{"192.0.2.1": {"pc.office.example."}}, fail: errors.New("timeout")}, nil, 1, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := FindLocal(t.Context(), &c.dns, netip.MustParseAddr("192.0.2.1"))
			if !reflect.DeepEqual(got, c.want) || len(c.dns.asked) != c.asked || (err != nil) != c.err {
				t.Errorf("got %q, %v after %q; want %q after %d", got, err, c.dns.asked, c.want, c.asked)
			}
		})
	}
}

// A search begins with an address of ours that we are told or that a tracker
// tells, and its trackers are for all torrents but private ones.
func TestLocalTrackers(t *testing.T) {
	const local = "http://local.example/announce"
	private := strings.Replace(torrents(2, url)[1], "{", `{"private":true,`, 1)
	for _, c := range []struct {
		name     string
		external string // that the tracker tells
		opt      []netip.Addr
		want     string // address looked up
	}{
		{"told by us", "", []netip.Addr{netip.MustParseAddr("10.1.2.3")}, "[10.1.2.3]"},
		{"told by a tracker", "192.0.2.9", nil, "[192.0.2.9]"},
		{"told twice", "192.0.2.9", []netip.Addr{netip.MustParseAddr("192.0.2.9")}, "[192.0.2.9]"},
		{"a private one told by a tracker", "10.0.0.1", nil, "[]"},
		{"not known", "", nil, "[]"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var looked []netip.Addr
				f := &fake{takes: time.Second, answer: func(r tracker.Request) tracker.Reply {
					reply := ok(900 * time.Second)(r)
					if c.external != "" {
						reply.ExternalIP = netip.MustParseAddr(c.external)
					}
					return reply
				}}
				o := Options{NoScrape: true, Once: true, External: c.opt, FindLocal: func(_ context.Context, a netip.Addr) ([]string, error) {
					looked = append(looked, a)
					time.Sleep(20 * time.Second) // the round waits for it
					return []string{local}, nil
				}}
				out := run(t, f, o, 0, append(torrents(1, url), private, pause, torrents(3, url)[2])...)
				asked := map[string]int{}
				for _, a := range f.asked {
					if a.Event != tracker.Stopped {
						asked[a.URL]++
					}
				}
				want := map[string]int{url: 3, local: 2}
				if c.want == "[]" {
					want = map[string]int{url: 3}
				}
				if fmt.Sprint(looked) != c.want || !reflect.DeepEqual(asked, want) || len(out.torrents) != want[local] {
					t.Errorf("looked up %v, asked %v, wrote %d torrents; want %s, %v, %d", looked, asked, len(out.torrents), c.want, want, want[local])
				}
				for _, r := range out.torrents {
					if r.Source != "local" || !reflect.DeepEqual(r.Trackers, [][]string{{local}}) || r.InfoHash == hashOf(1) {
						t.Errorf("wrote %+v, want source local with %s for a torrent that is not private", r, local)
					}
				}
			})
		})
	}
}

func TestSearchesAreBounded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		looked, told := 0, byte(0)
		f := &fake{answer: func(r tracker.Request) tracker.Reply {
			told++
			reply := ok(300 * time.Second)(r)
			reply.ExternalIP = netip.AddrFrom4([4]byte{192, 0, 2, told})
			return reply
		}}
		o := Options{NoScrape: true, FindLocal: func(context.Context, netip.Addr) ([]string, error) {
			looked++
			return nil, errors.New("no DNS")
		}}
		run(t, f, o, 10*time.Hour, torrents(1, url)...)
		if looked != maxExternals || told < 100 {
			t.Errorf("%d searches after %d addresses, want %d", looked, told, maxExternals)
		}
	})
}
