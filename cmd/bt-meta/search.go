package main

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"btkit/pkg/metainfo"
	"btkit/pkg/outcome"
	"btkit/pkg/record"
	"btkit/pkg/resolve"
	"btkit/pkg/tracker"
)

const (
	// numWant is the number of peers wished for in an announce.
	numWant = 50
	// announcePort is the port that trackers list us with: discard (RFC 863),
	// since we take no connections.
	announcePort = 9
	// leaveTime is how long trackers get to hear that we are gone.
	leaveTime = 3 * time.Second
)

// search asks all sources for the peers of one torrent, each once.
type search struct {
	sources *sources
	torrent *metainfo.Torrent
	found   chan netip.AddrPort // closed when all sources have answered

	wait sync.WaitGroup

	mu      sync.Mutex
	from    map[netip.AddrPort]string // who named it first
	refused int                       // addresses that may not be contacted
	told    []tracker.Request         // announces to be taken back
}

// search begins to ask; close it when no more peers are wanted, with the
// context ended.
func (o *sources) search(ctx context.Context, t *metainfo.Torrent) *search {
	// The resolver takes addresses as fast as it can ask; sources wait for it.
	s := &search{sources: o, torrent: t, found: make(chan netip.AddrPort), from: make(map[netip.AddrPort]string)}
	var asking sync.WaitGroup
	asking.Go(func() { s.magnet(ctx) })
	for _, tier := range t.Trackers {
		for _, url := range tier {
			for _, family := range tracker.Families(url, []tracker.Family{tracker.IPv4, tracker.IPv6}) {
				asking.Go(func() { s.tracker(ctx, url, family) })
			}
		}
	}
	if private := t.Private != nil && *t.Private; o.dht != nil && !private { // BEP 27
		asking.Go(func() { s.dht(ctx) })
	}
	s.wait.Go(func() {
		asking.Wait()
		close(s.found)
	})
	return s
}

// close waits for all sources and tells trackers that we are gone.
func (s *search) close() {
	s.wait.Wait()
	ctx, cancel := context.WithTimeout(context.Background(), leaveTime)
	defer cancel()
	for _, request := range s.told {
		request.Event, request.NumWant, request.CachedDNS = tracker.Stopped, 0, true
		s.wait.Go(func() {
			reply := s.sources.announce(ctx, request)
			s.put(requestRecord(s.torrent, request, reply, 0))
		})
	}
	s.wait.Wait()
}

// offer hands an address to the resolver, if it is a new one.
func (s *search) offer(ctx context.Context, addr netip.AddrPort, source string) {
	if s.note(addr, source) {
		s.hand(ctx, addr)
	}
}

// hand waits until the resolver takes an address.
func (s *search) hand(ctx context.Context, addr netip.AddrPort) {
	select {
	case s.found <- addr:
	case <-ctx.Done():
	}
}

// note remembers a new address and says whether it is to be asked.
func (s *search) note(addr netip.AddrPort, source string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if addr.Port() == 0 || s.from[addr] != "" {
		return false
	}
	s.from[addr] = source
	if s.sources.policy.Allow(addr.Addr()) != nil {
		s.refused++
		return false
	}
	return true
}

func (s *search) magnet(ctx context.Context) {
	for _, text := range s.torrent.Peers {
		if addr, err := netip.ParseAddrPort(text); err == nil {
			s.offer(ctx, addr, "magnet")
		}
	}
}

func (s *search) dht(ctx context.Context) {
	s.sources.dht.Peers(ctx, s.torrent.InfoHash, func(addr netip.AddrPort) { s.offer(ctx, addr, "dht") })
}

// tracker announces us as a leecher that has begun: some trackers name no
// peers otherwise.
func (s *search) tracker(ctx context.Context, url string, family tracker.Family) {
	request := tracker.Request{URL: url, Family: family, InfoHash: s.torrent.InfoHash, PeerID: s.sources.peerID,
		Port: announcePort, Left: 1, Event: tracker.Started, Key: s.sources.key, NumWant: numWant}
	reply := s.sources.announce(ctx, request)
	if reply.Outcome == outcome.OK {
		s.mu.Lock()
		s.told = append(s.told, request)
		s.mu.Unlock()
	}
	var news []netip.AddrPort
	for _, addr := range reply.Peers {
		if s.note(addr, "tracker") {
			news = append(news, addr)
		}
	}
	s.put(requestRecord(s.torrent, request, reply, int64(len(news))))
	for _, addr := range news {
		s.hand(ctx, addr)
	}
}

// put writes a record; a failed write shows when the writer is closed.
func (s *search) put(r record.Record) { _ = s.sources.session.Out.Put(r) }

func requestRecord(t *metainfo.Torrent, q tracker.Request, a tracker.Reply, news int64) *record.Request {
	r := &record.Request{InfoHash: t.InfoHash.String(), Source: "tracker", Via: tracker.Redact(q.URL), Ask: "announce",
		Family: string(q.Family), Outcome: string(a.Outcome), Oddities: a.Oddities, TookMS: ms(a.Took),
		Seeders: a.Seeders, Leechers: a.Leechers, Completed: a.Downloaded, Status: int64(a.Status), RxBytes: a.RxBytes}
	if q.Event == tracker.Stopped {
		r.Ask = "stopped"
		return r
	}
	r.Peers, r.New = record.Int(int64(len(a.Peers))), record.Int(news)
	r.Message, _ = record.Clean(a.Failure)
	r.ExternalIP = a.ExternalIP
	return r
}

// attempt writes what came of asking one peer.
func (s *search) attempt(a resolve.Attempt) {
	s.mu.Lock()
	source := s.from[a.Addr]
	s.mu.Unlock()
	s.put(&record.Request{InfoHash: s.torrent.InfoHash.String(), Source: source, Via: a.Addr.String(), Ask: "metadata",
		Outcome: string(outcome.Of(a.Err)), TookMS: ms(a.Took), RxBytes: a.RxBytes})
}

// why says in words how a search ended in vain.
func (s *search) why(err error) error {
	switch {
	case errors.Is(err, context.DeadlineExceeded):
		err = errors.New("no peer gave the info dictionary in time")
	case errors.Is(err, context.Canceled):
		err = errors.New("stopped before the info dictionary was there")
	}
	if s.refused > 0 {
		err = fmt.Errorf("%w; %d addresses may not be contacted (--allow-private, --deny)", err, s.refused)
	}
	return err
}

// ms is a span in milliseconds.
func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
