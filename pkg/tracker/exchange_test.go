package tracker

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"

	"btkit/pkg/manners"
)

var (
	peerA = netip.MustParseAddr("192.0.2.1")
	peerB = netip.MustParseAddr("2001:db8::1")
)

func public() Keep { return (&manners.Policy{}).Allow }

func TestExchangeTakes(t *testing.T) {
	for _, c := range []struct{ name, url, want string }{
		{"udp", "udp://t.example:6969/announce", "udp://t.example:6969/announce"},
		{"http, normalised", "HTTP://T.Example:80/announce?x=%ff", "http://t.example/announce?x=%ff"},
		{"https", "https://t.example/announce", "https://t.example/announce"},
		{"an address", "http://192.0.2.7/announce", "http://192.0.2.7/announce"},
		{"an IPv6 address", "udp://[2001:db8::7]:443", "udp://[2001:db8::7]:443"},
		{"another scheme", "wss://t.example/announce", ""},
		{"no URL", "t.example", ""},
		{"a password", "http://me:secret@t.example/announce", ""},
		{"a space", "http://t.example/ann ounce", ""},
		{"a quote", `http://t.example/"`, ""},
		{"a private address", "http://192.168.1.1/announce", ""},
		{"a loopback address", "udp://[::1]:6969", ""},
		{"an address in other clothes", "http://[::ffff:10.0.0.1]/announce", ""},
		{"a short address", "http://127.1/announce", ""},
		{"a hexadecimal address", "http://0x7f000001/announce", ""},
		{"a local name", "http://router/announce", ""},
		{"a name of the local domain", "http://printer.local./announce", ""},
		{"a mail server", "http://t.example:25/announce", ""},
		{"a name server", "udp://t.example:53", ""},
		{"too long", "http://t.example/" + strings.Repeat("a", maxOfferURL), ""},
		{"had already", "http://known.example:80/announce", ""},
		{"had already, in other escapes", "http://known.example/%61nnounce", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			var want []string
			if c.want != "" {
				want = []string{c.want}
			}
			x := NewExchange([][]string{{"http://known.example/announce"}}, public())
			if got := x.Offer(peerA, []string{c.url, c.url}); !reflect.DeepEqual(got, want) {
				t.Errorf("Offer(%q) = %q, want %q", c.url, got, want)
			}
			if got := x.Offer(peerB, []string{c.url}); got != nil {
				t.Errorf("Offer(%q) by another peer = %q, want nothing", c.url, got)
			}
		})
	}
}

func TestExchangeWherePrivateIsAllowed(t *testing.T) {
	x := NewExchange(nil, (&manners.Policy{AllowPrivate: true}).Allow)
	urls := []string{"http://127.0.0.1:6969/announce", "http://router/announce", "udp://224.0.0.1:6969"}
	if got := x.Offer(peerA, urls); !reflect.DeepEqual(got, urls[:2]) {
		t.Errorf("got %q, want %q: no tracker is at a multicast address", got, urls[:2])
	}
}

func TestExchangeKnowsLaterTrackers(t *testing.T) {
	x := NewExchange(nil, nil)
	x.Know([][]string{{"udp://T.example:1024"}})
	if got := x.Offer(peerA, []string{"udp://t.example:1024"}); got != nil {
		t.Errorf("got %q, want nothing new", got)
	}
}

func TestExchangeOfAPrivateTorrent(t *testing.T) {
	var x *Exchange
	x.Know([][]string{{"udp://t.example:1024"}})
	if got := x.Offer(peerA, []string{"udp://t.example:1025"}); got != nil {
		t.Errorf("got %q, want nothing", got)
	}
}

func offers(from, n int) (urls []string) {
	for i := range n {
		urls = append(urls, fmt.Sprintf("udp://t%d.example:6969", from+i))
	}
	return urls
}

func TestExchangeLimits(t *testing.T) {
	x := NewExchange(nil, nil)
	if got := x.Offer(peerA, offers(0, 8)); len(got) != 8 {
		t.Errorf("%d of 8, want all", len(got))
	}
	if got := x.Offer(netip.MustParseAddr("::ffff:192.0.2.1"), offers(0, 50)); len(got) != 2 {
		t.Errorf("%d more of the same peer, want 2", len(got))
	}
	total := 10
	for i := range 10 {
		peer := netip.AddrFrom4([4]byte{198, 51, 100, byte(i)})
		total += len(x.Offer(peer, offers(1000*(i+1), 300)))
	}
	if total != maxExchanged {
		t.Errorf("%d in all, want %d", total, maxExchanged)
	}
}

// Ten peers that offer the same at once give each URL once.
func TestExchangeAtOnce(t *testing.T) {
	x := NewExchange(nil, nil)
	var offering sync.WaitGroup
	got := make([]int, 10)
	for i := range got {
		offering.Go(func() { got[i] = len(x.Offer(netip.AddrFrom4([4]byte{192, 0, 2, byte(i)}), offers(0, 9))) })
	}
	offering.Wait()
	sum := 0
	for _, n := range got {
		sum += n
	}
	if sum != 9 {
		t.Errorf("taken %v of 9 URLs, want 9 in all", got)
	}
}

// Whatever is offered, what is taken is few, short, normal, and taken once.
func FuzzExchange(f *testing.F) {
	f.Add("udp://t.example:6969/announce\nhttp://127.1/a\nHTTP://A.example:80/%61?%FF")
	f.Add("http://[::1]:%31/\nhttp://a%")
	f.Fuzz(func(t *testing.T, lines string) {
		x := NewExchange(nil, public())
		urls := strings.Split(lines, "\n")
		got := x.Offer(peerA, urls)
		if len(got) > maxFromPeer {
			t.Errorf("%d taken, want at most %d", len(got), maxFromPeer)
		}
		for _, url := range got {
			again, err := Normalize(url)
			if again != url || err != nil || len(url) > maxOfferURL+len("255.255.255.255") {
				t.Errorf("taken %q, want a normal short URL (%q, %v)", url, again, err)
			}
		}
		if more := x.Offer(peerB, got); more != nil {
			t.Errorf("%q taken twice", more)
		}
	})
}
