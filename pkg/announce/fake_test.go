package announce

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"sync"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
	"btkit/pkg/tracker"
)

// fake is a tracker world without sockets. It notes what it was asked and when.
type fake struct {
	answer func(tracker.Request) tracker.Reply
	scrape func(tracker.ScrapeRequest) tracker.Replies
	takes  time.Duration // how long an answer takes
	lasts  time.Duration // how much longer that to our last word takes

	mu          sync.Mutex
	start       time.Time
	asked       []asked
	inFlight    int
	most        int
	scrapes     [][]tracker.Hash
	scrapedAt   []time.Duration
	scrapedFrom []netip.Addr
}

type asked struct {
	tracker.Request
	at time.Duration // since the start
}

func (f *fake) enter() time.Duration {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inFlight++
	f.most = max(f.most, f.inFlight)
	return time.Since(f.start)
}

func (f *fake) leave(ctx context.Context, takes time.Duration) error {
	var err error
	select {
	case <-time.After(takes):
	case <-ctx.Done():
		err = ctx.Err()
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.inFlight--
	return err
}

func (f *fake) Announce(ctx context.Context, r tracker.Request) tracker.Reply {
	at := f.enter()
	f.mu.Lock()
	f.asked = append(f.asked, asked{r, at})
	f.mu.Unlock()
	takes := f.takes
	if r.Event == tracker.Stopped {
		takes += f.lasts
	}
	if err := f.leave(ctx, takes); err != nil {
		return tracker.Reply{Result: tracker.Result{Outcome: outcome.Of(err), Err: err}}
	}
	return f.answer(r)
}

func (f *fake) Scrape(ctx context.Context, r tracker.ScrapeRequest) tracker.Replies {
	at := f.enter()
	f.mu.Lock()
	f.scrapes = append(f.scrapes, r.Hashes)
	f.scrapedAt = append(f.scrapedAt, at)
	f.scrapedFrom = append(f.scrapedFrom, r.From)
	f.mu.Unlock()
	if err := f.leave(ctx, f.takes); err != nil {
		return tracker.Replies{Result: tracker.Result{Outcome: outcome.Of(err), Err: err}}
	}
	return f.scrape(r)
}

func ok(interval time.Duration, peers ...string) func(tracker.Request) tracker.Reply {
	return func(tracker.Request) tracker.Reply {
		r := tracker.Reply{Result: tracker.Result{Outcome: outcome.OK}, Interval: interval}
		for _, p := range peers {
			r.Peers = append(r.Peers, netip.MustParseAddrPort(p))
		}
		return r
	}
}

func fails(o outcome.Outcome) func(tracker.Request) tracker.Reply {
	return func(tracker.Request) tracker.Reply {
		return tracker.Reply{Result: tracker.Result{Outcome: o}}
	}
}

// sink keeps records.
type sink struct {
	mu       sync.Mutex
	requests []record.Request
	peers    []record.Peer
	torrents []record.Torrent
	err      error
}

func (s *sink) Put(r record.Record) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch r := r.(type) {
	case *record.Request:
		s.requests = append(s.requests, *r)
	case *record.Peer:
		s.peers = append(s.peers, *r)
	case *record.Torrent:
		s.torrents = append(s.torrents, *r)
	}
	return s.err
}

// run lets a source with these torrents work for so long; 0 is until it ends
// by itself.
func run(t *testing.T, f *fake, o Options, life time.Duration, lines ...string) *sink {
	t.Helper()
	out := &sink{}
	if err := runInto(t, f, o, out, life, lines...); err != nil {
		t.Errorf("Run: %v", err)
	}
	return out
}

func runInto(t *testing.T, f *fake, o Options, out *sink, life time.Duration, lines ...string) error {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	if life > 0 {
		ctx, cancel = context.WithTimeout(t.Context(), life)
	}
	defer cancel()
	f.start = time.Now()
	o.Asker, o.Out, o.Random = f, out, rand.New(rand.NewPCG(1, 2))
	if o.Families == nil {
		o.Families = []tracker.Family{tracker.IPv4}
	}
	s := New(o)
	var feeding sync.WaitGroup
	feeding.Go(func() {
		for _, text := range lines {
			if text == pause {
				time.Sleep(time.Minute)
				continue
			}
			if err := hear(s, text); err != nil {
				t.Errorf("Hear(%s): %v", text, err)
			}
		}
		s.EOF()
	})
	defer feeding.Wait()
	return s.Run(ctx)
}

// pause among the lines lets a minute pass.
const pause = "pause"

func hear(s *Source, text string) error {
	line, err := record.ParseLine([]byte(text))
	if err != nil {
		return err
	}
	return s.Hear(line)
}

// torrents makes n torrent lines with these trackers, one tier each.
func torrents(n int, urls ...string) []string {
	var lines []string
	for i := range n {
		tiers := ""
		for j, url := range urls {
			if j > 0 {
				tiers += ","
			}
			tiers += fmt.Sprintf("[%q]", url)
		}
		lines = append(lines, fmt.Sprintf(`{"type":"torrent","infohash":%q,"bytes":1000,"trackers":[%s]}`, hashOf(i), tiers))
	}
	return lines
}

func hashOf(i int) string {
	return hex.EncodeToString([]byte(fmt.Sprintf("torrent %012d", i)))
}

func listen(ip string, port int, id string) string {
	return fmt.Sprintf(`{"type":"listen","ip":%q,"port":%d,"peer_id":%q}`, ip, port, hex.EncodeToString([]byte(id)))
}
