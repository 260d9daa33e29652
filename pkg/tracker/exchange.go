package tracker

import (
	"net/netip"
	"strings"
	"sync"
)

// Bounds of tracker exchange (BEP 28): how many URLs are taken from one peer
// and for one torrent, how many of one message are looked at, and how long one
// may be, in bytes. All that a peer may give fits into one record.
const (
	maxFromPeer  = 10
	maxExchanged = 50
	maxOffered   = 200
	maxOfferURL  = 300
)

// maxKnown bounds how many trackers of a torrent an exchange keeps in mind.
const maxKnown = 1024

// Exchange decides which of the trackers that peers name for one torrent
// (lt_tex, BEP 28) are taken over: http, https and udp only, at ports where
// trackers are, without user and password, new to the torrent, at most 10 from
// one peer and 50 in all. An address in a URL must be allowed; what a name
// resolves to is judged by the Client when it asks. A name that only means
// something in a local network is taken where loopback addresses are.
//
// Nil is the exchange of a private torrent, which takes nothing (BEP 27). An
// Exchange may be used by many goroutines at once.
type Exchange struct {
	allow Keep

	mu    sync.Mutex
	known map[string]bool // by exchangeKey
	from  map[netip.Addr]int
	taken int
}

// NewExchange makes the exchange of a torrent that has these trackers. A nil
// allow allows every address.
func NewExchange(tiers [][]string, allow Keep) *Exchange {
	if allow == nil {
		allow = func(netip.Addr) error { return nil }
	}
	x := &Exchange{allow: allow, known: map[string]bool{}, from: map[netip.Addr]int{}}
	x.Know(tiers)
	return x
}

// Know adds trackers that the torrent has from elsewhere.
func (x *Exchange) Know(tiers [][]string) {
	if x == nil {
		return
	}
	urls, _ := Flatten(tiers)
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, url := range urls {
		if len(x.known) < maxKnown {
			x.known[exchangeKey(url)] = true
		}
	}
}

// Offer takes the URLs that a peer names and gives those to be asked from now
// on, normalised; it gives each only once.
func (x *Exchange) Offer(peer netip.Addr, urls []string) (fresh []string) {
	if x == nil {
		return nil
	}
	peer = peer.Unmap()
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, raw := range urls[:min(len(urls), maxOffered)] {
		if x.taken >= maxExchanged || x.from[peer] >= maxFromPeer {
			break
		}
		url, ok := x.admit(raw)
		if !ok {
			continue
		}
		x.known[exchangeKey(url)] = true
		x.taken++
		x.from[peer]++
		fresh = append(fresh, url)
	}
	return fresh
}

// admit judges one URL by itself.
func (x *Exchange) admit(raw string) (url string, ok bool) {
	if len(raw) > maxOfferURL || strings.ContainsFunc(raw, notInURL) {
		return "", false
	}
	u, err := parseURL(raw)
	if err != nil || u.user != "" || !trackerPort(u.port) || !x.allowed(u.host) {
		return "", false
	}
	url, err = Normalize(raw)
	return url, err == nil && !x.known[exchangeKey(url)]
}

func notInURL(r rune) bool { return r <= ' ' || r > '~' || r == '"' || r == '\\' }

// trackerPort says whether a tracker may be at a port: among the privileged
// ones only at those of the web, so that nobody aims us at mail or name
// servers. 0 is the scheme's own.
func trackerPort(port uint16) bool {
	const privileged, web, secureWeb = 1024, 80, 443
	return port == 0 || port == web || port == secureWeb || port >= privileged
}

// allowed judges a host by its address, if it is one.
func (x *Exchange) allowed(host string) bool {
	ip, err := netip.ParseAddr(host)
	if err != nil {
		if !localName(host) {
			return true
		}
		ip = netip.AddrFrom4([4]byte{127, 0, 0, 1})
	}
	return x.allow(ip) == nil
}

// localTops are names of the top level that are not of the public DNS
// (RFC 6761, 6762, 7686, 8375, 9476).
var localTops = map[string]bool{"localhost": true, "local": true, "lan": true, "home": true, "internal": true,
	"intranet": true, "corp": true, "arpa": true, "test": true, "invalid": true, "onion": true, "i2p": true, "alt": true}

// localName says that a name means nothing, or anything, outside a local
// network: it has no dot, ends in a special domain, or in a number, which some
// resolvers read as an address ("127.1").
func localName(host string) bool {
	dot := strings.LastIndexByte(host, '.')
	top := host[dot+1:]
	return dot < 0 || localTops[top] || strings.Trim(top, "0123456789") == "" || strings.HasPrefix(top, "0x")
}

// exchangeKey is a normalised URL as BEP 28 compares them: escapes of
// unreserved characters are decoded, other escapes are in lower case.
func exchangeKey(url string) string {
	var s strings.Builder
	for i := 0; i < len(url); i++ {
		c, ok := unescape(url[i:])
		switch {
		case !ok:
			s.WriteByte(url[i])
			continue
		case isUnreserved(c):
			s.WriteByte(c)
		default:
			s.WriteString(strings.ToLower(url[i : i+3]))
		}
		i += 2
	}
	return s.String()
}

// unescape reads the "%XX" that a text begins with.
func unescape(s string) (c byte, ok bool) {
	if len(s) < 3 || s[0] != '%' {
		return 0, false
	}
	high, ok1 := hexValue(s[1])
	low, ok2 := hexValue(s[2])
	return high<<4 | low, ok1 && ok2
}

func hexValue(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c|0x20 && c|0x20 <= 'f':
		return c | 0x20 - 'a' + 10, true
	}
	return 0, false
}
