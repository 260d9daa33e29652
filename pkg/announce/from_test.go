package announce

import (
	"errors"
	"net/netip"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
	"btkit/pkg/tracker"
)

func TestWhereAnnouncesComeFrom(t *testing.T) {
	const id = "-BK0001-listening000"
	const local = "http://127.0.0.1:80/announce"
	ours := func(a netip.Addr) error {
		if a == netip.MustParseAddr("203.0.113.9") {
			return errors.New("not ours")
		}
		return nil
	}
	for name, test := range map[string]struct {
		url     string
		listens []string
		from    string // by the user
		want    string // "" is the system's choice
	}{
		"nobody listens":                   {url: url},
		"one address":                      {url: url, listens: []string{listen("192.0.2.7", 7000, id)}, want: "192.0.2.7"},
		"all addresses":                    {url: url, listens: []string{listen("0.0.0.0", 7000, id)}},
		"all of both families":             {url: url, listens: []string{listen("192.0.2.7", 7000, id), listen("::", 7000, id)}},
		"the address of the port":          {url: url, listens: []string{listen("192.0.2.7", 7000, id), listen("192.0.2.8", 7001, id)}, want: "192.0.2.8"},
		"the other family":                 {url: url, listens: []string{listen("2001:db8::7", 7000, id)}},
		"another host":                     {url: url, listens: []string{listen("203.0.113.9", 7000, id)}},
		"another host, later":              {url: url, listens: []string{listen("192.0.2.7", 7000, id), listen("203.0.113.9", 7000, id)}},
		"loopback to the world":            {url: url, listens: []string{listen("127.0.1.1", 7000, id)}},
		"loopback to loopback":             {url: local, listens: []string{listen("127.0.1.1", 7000, id)}, want: "127.0.1.1"},
		"the user's address":               {url: url, from: "198.51.100.1", want: "198.51.100.1"},
		"the user's address comes first":   {url: url, listens: []string{listen("192.0.2.7", 7000, id)}, from: "198.51.100.1", want: "198.51.100.1"},
		"the user's may be loopback":       {url: url, from: "127.0.0.1", want: "127.0.0.1"},
		"the user's is the other family's": {url: url, from: "2001:db8::1"},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: ok(900 * time.Second), scrape: func(tracker.ScrapeRequest) tracker.Replies {
					return tracker.Replies{Result: tracker.Result{Outcome: outcome.OK}}
				}}
				o := Options{Once: true, Ours: ours}
				if test.from != "" {
					o.From, o.Ours = []netip.Addr{netip.MustParseAddr(test.from)}, nil
				}
				run(t, f, o, 0, append(test.listens, torrents(1, test.url)...)...)
				var want netip.Addr
				if test.want != "" {
					want = netip.MustParseAddr(test.want)
				}
				for _, a := range f.asked {
					if a.From != want {
						t.Errorf("announced (%q) from %v, want %v", a.Event, a.From, want)
					}
				}
				if !slices.Equal(f.scrapedFrom, []netip.Addr{want}) || len(f.asked) != 2 {
					t.Errorf("scraped from %v, announced %d times, want from %v and 2", f.scrapedFrom, len(f.asked), want)
				}
			})
		})
	}
}

// A tracker has to hear that we are somewhere else now, and would name us to
// ourselves there.
func TestListenRecordMovesUs(t *testing.T) {
	anywhere := func(netip.Addr) error { return nil }
	who := newIdentity(Options{Port: 7000, Ours: anywhere}.orDefaults())
	for i, test := range []struct {
		ip   string
		turn int
	}{{"192.0.2.7", 2}, {"192.0.2.7", 2}, {"192.0.2.8", 3}, {"2001:db8::1", 4}, {"0.0.0.0", 5}, {"0.0.0.0", 5}} {
		line := parseListen(t, listen(test.ip, 7000, "-BK0001-listening000"))
		if who.hear(line); who.turn != test.turn {
			t.Errorf("record %d, %s: turn %d, want %d", i, test.ip, who.turn, test.turn)
		}
	}
	who = newIdentity(Options{From: []netip.Addr{netip.MustParseAddr("198.51.100.1")}}.orDefaults())
	line := parseListen(t, listen("192.0.2.7", 7000, "-BK0001-listening000"))
	who.hear(line)
	if at := netip.MustParseAddrPort("198.51.100.1:7000"); !who.own[at] {
		t.Errorf("own addresses %v, want %v among them", who.own, at)
	}
}

func parseListen(t *testing.T, text string) *record.Listen {
	t.Helper()
	line, err := record.ParseLine([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	var l record.Listen
	if err := line.Decode(&l); err != nil {
		t.Fatal(err)
	}
	return &l
}
