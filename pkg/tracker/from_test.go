package tracker

import (
	"net/http"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"btkit/pkg/outcome"
)

// fromServer is an HTTP tracker that notes where questions come from. A path of
// /moved leads on to /announce.
func fromServer(t *testing.T) (url string, seen func() []netip.Addr) {
	t.Helper()
	var mu sync.Mutex
	var from []netip.Addr
	url = serve(t, func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		from = append(from, netip.MustParseAddrPort(r.RemoteAddr).Addr())
		mu.Unlock()
		if r.URL.Path == "/moved" {
			http.Redirect(w, r, "/announce?"+r.URL.RawQuery, http.StatusFound)
			return
		}
		write(goodBody)(w, r)
	})
	return url, func() []netip.Addr { mu.Lock(); defer mu.Unlock(); return slices.Clone(from) }
}

func TestHTTPComesFromTheAddress(t *testing.T) {
	for name, test := range map[string]struct {
		from string // "" is the system's choice
		path string
		want []string
	}{
		"system":         {"", "/announce", []string{"127.0.0.1"}},
		"chosen":         {"127.9.8.7", "/announce", []string{"127.9.8.7"}},
		"after redirect": {"127.9.8.7", "/moved", []string{"127.9.8.7", "127.9.8.7"}},
	} {
		t.Run(name, func(t *testing.T) {
			url, seen := fromServer(t)
			var from netip.Addr
			if test.from != "" {
				from = netip.MustParseAddr(test.from)
			}
			r := client(t, Options{}).Announce(t.Context(), Request{URL: url + test.path, Family: IPv4, From: from})
			var want []netip.Addr
			for _, a := range test.want {
				want = append(want, netip.MustParseAddr(a))
			}
			if got := seen(); r.Outcome != outcome.OK || !slices.Equal(got, want) {
				t.Errorf("got %s (%v) from %v, want ok from %v", r.Outcome, r.Err, got, want)
			}
		})
	}
}

func TestScrapeComesFromTheAddress(t *testing.T) {
	url, seen := fromServer(t)
	from := netip.MustParseAddr("127.9.8.7")
	client(t, Options{}).Scrape(t.Context(), ScrapeRequest{URL: url + "/announce", Family: IPv4, From: from, Hashes: []Hash{{1}}})
	if got := seen(); !slices.Equal(got, []netip.Addr{from}) {
		t.Errorf("scraped from %v, want %v", got, from)
	}
}

// A connection id belongs to the address that got it, so each has its own.
func TestUDPComesFromTheAddress(t *testing.T) {
	f := startUDP(t, "127.0.0.1:0", good)
	c := client(t, Options{})
	one, two := netip.MustParseAddr("127.9.8.7"), netip.MustParseAddr("127.6.5.4")
	for _, from := range []netip.Addr{one, two, one, {}} {
		if r := c.Announce(t.Context(), Request{URL: f.url, Family: IPv4, From: from}); r.Outcome != outcome.OK {
			t.Errorf("from %v: got %s (%v), want ok", from, r.Outcome, r.Err)
		}
	}
	c.Scrape(t.Context(), ScrapeRequest{URL: f.url, Family: IPv4, From: two, Hashes: []Hash{{1}}})
	usual := netip.MustParseAddr("127.0.0.1")
	f.mu.Lock()
	defer f.mu.Unlock()
	if want := []netip.Addr{one, one, two, two, one, usual, usual, two}; !slices.Equal(f.from, want) {
		t.Errorf("packets from %v, want %v", f.from, want)
	}
}

func TestFromWhereWeAreNot(t *testing.T) {
	url, seen := fromServer(t)
	f := startUDP(t, "127.0.0.1:0", good)
	for name, test := range map[string]struct {
		url, from string
		want      outcome.Outcome
	}{
		"HTTP, not ours":     {url + "/announce", "192.0.2.1", outcome.LocalError},
		"UDP, not ours":      {f.url, "192.0.2.1", outcome.LocalError},
		"HTTP, other family": {url + "/announce", "::1", outcome.Unsupported},
		"UDP, other family":  {f.url, "::1", outcome.Unsupported},
	} {
		r := client(t, Options{}).Announce(t.Context(), Request{URL: test.url, Family: IPv4, From: netip.MustParseAddr(test.from)})
		if r.Outcome != test.want {
			t.Errorf("%s: got %s (%v), want %s", name, r.Outcome, r.Err, test.want)
		}
	}
	if got := seen(); len(got) > 0 {
		t.Errorf("asked from %v, want nothing asked", got)
	}
}
