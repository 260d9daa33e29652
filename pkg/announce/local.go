package announce

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"btkit/pkg/geo"
	"btkit/pkg/manners"
	"btkit/pkg/record"
	"btkit/pkg/tracker"
)

// Bounds of the search for local trackers (BEP 22).
const (
	maxExternals   = 4  // addresses of ours that are looked up in a run
	maxPTR         = 2  // names of one address that are followed
	maxLabels      = 16 // of such a name that are taken off
	maxLocal       = 8  // trackers taken in all
	maxLocalSearch = 20 * time.Second
)

// Resolver asks the DNS; *net.Resolver is one.
type Resolver interface {
	LookupAddr(ctx context.Context, addr string) (names []string, err error)
	LookupSRV(ctx context.Context, service, proto, name string) (cname string, addrs []*net.SRV, err error)
}

// FindLocal asks the DNS which trackers the network around an address of ours
// has for its users (BEP 22): the address gives a name, and the name, or a
// longer and longer end of it, the trackers. None is no error.
func FindLocal(ctx context.Context, dns Resolver, external netip.Addr) (urls []string, err error) {
	ctx, cancel := context.WithTimeout(ctx, maxLocalSearch)
	defer cancel()
	names, err := dns.LookupAddr(ctx, external.String())
	if err := unlessNone(err); err != nil {
		return nil, fmt.Errorf("look up the name of %s: %w", external, err)
	}
	for _, name := range names[:min(len(names), maxPTR)] {
		for _, domain := range LocalDomains(name) {
			_, found, err := dns.LookupSRV(ctx, "bittorrent-tracker", "tcp", domain)
			if err := unlessNone(err); err != nil {
				return nil, fmt.Errorf("look up the tracker of %s: %w", domain, err)
			}
			if urls = localURLs(found); len(urls) > 0 {
				return urls, nil
			}
		}
	}
	return nil, nil
}

// unlessNone passes an error on, but for that there is no such name.
func unlessNone(err error) error {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return nil
	}
	return err
}

// LocalDomains are the names that may have a tracker for a host: its own, and
// this without its leftmost label, down to the domain that its owner has from
// a registry, or to two labels where no registry is known (BEP 22).
func LocalDomains(host string) (names []string) {
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	last := geo.Domain(host)
	for range maxLabels {
		_, parent, more := strings.Cut(host, ".")
		if !more || strings.HasSuffix(host, ".arpa") {
			return names
		}
		names = append(names, host)
		if host == last {
			return names
		}
		host = parent
	}
	return names
}

// localURLs are the announce URLs of SRV records, in their order.
func localURLs(found []*net.SRV) (urls []string) {
	for _, srv := range found[:min(len(found), maxLocal)] {
		host := strings.TrimSuffix(srv.Target, ".")
		url, err := tracker.Normalize("http://" + net.JoinHostPort(host, strconv.Itoa(int(srv.Port))) + "/announce")
		if err == nil && srv.Port != 0 {
			urls = append(urls, url)
		}
	}
	return urls
}

// locals is the search for local trackers and what it has found.
type locals struct {
	find    func(context.Context, netip.Addr) ([]string, error) // nil: none is wished for
	tried   map[netip.Addr]bool
	pending int
	urls    []string
}

// learn takes an address that a tracker calls ours. It may say anything, so
// only public addresses count.
func (s *Source) learn(ctx context.Context, external netip.Addr) {
	if external.IsValid() && (&manners.Policy{}).Allow(external) == nil {
		s.locate(ctx, external)
	}
}

// locate searches the network of an address of ours, once.
func (s *Source) locate(ctx context.Context, external netip.Addr) {
	l := &s.locals
	external = external.Unmap()
	if l.find == nil || l.tried[external] || len(l.tried) >= maxExternals {
		return
	}
	l.tried[external] = true
	l.pending++
	s.begin(func() answer {
		urls, err := l.find(ctx, external)
		return answer{ask: askLocal, local: urls, err: err}
	})
}

// askLocal marks the answer of a search for local trackers.
const askLocal = "local"

// located takes over what a search has found.
func (s *Source) located(a answer) {
	s.locals.pending--
	if a.err != nil {
		s.opt.Log.Warn("no local trackers found", "error", a.err)
		return
	}
	s.opt.Log.Info("local trackers", "number", len(a.local))
	s.locals.urls = append(s.locals.urls, a.local...)
	for _, t := range s.plan.torrents {
		s.addLocal(t, a.local)
	}
}

// addLocal gives local trackers to a torrent, unless it is private (BEP 27).
func (s *Source) addLocal(t *torrent, urls []string) {
	if t.private || len(urls) == 0 {
		return
	}
	s.put(&record.Torrent{InfoHash: fmt.Sprintf("%x", t.hash), Source: askLocal, Trackers: [][]string{urls}})
	s.plan.more(t, urls, true, s.opt.Now())
}
