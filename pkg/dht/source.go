package dht

import (
	"container/heap"
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"btkit/pkg/manners"
	"btkit/pkg/outcome"
	"btkit/pkg/record"
)

// How often a torrent is looked up, at most, and by default.
const (
	LeastEvery             = 5 * time.Minute
	DefaultEvery           = 15 * time.Minute
	DefaultEveryExhaustive = 30 * time.Minute
)

const (
	maxLookups  = 16      // at once; more would only share the rate …
	perLookup   = 6       // … of which one can use so many queries per second
	maxTorrents = 100_000 // per run
)

// Output takes records; *record.Writer is one.
type Output interface {
	Put(record.Record) error
	Pass([]byte) error
}

// Source hears of torrents and writes the peers that the DHT names for them,
// and a request record per lookup.
type Source struct {
	// Every is the time between two lookups of a torrent; 0 means
	// DefaultEvery, or DefaultEveryExhaustive.
	Every time.Duration
	// Once looks each torrent up once.
	Once bool
	// Follow makes queries of a family come from the address that its first
	// listen record names.
	Follow bool
	// Trace writes a record with further figures of each lookup; nil does not.
	Trace *Tracer

	client *Client
	out    Output
	again  manners.Backoff // after lookups that reached no node

	mu      sync.Mutex
	swarms  map[ID]*swarm
	queue   jobs
	running int
	most    int // lookups at once
	eof     bool
	err     error           // of writing; ends the run
	moved   map[Family]bool // families in which a listen record was followed
	silent  bool            // people have been told that no node answers

	changed chan struct{} // one pending notice is enough
}

// NewSource makes a source that looks up with a client.
func NewSource(client *Client, out Output) *Source {
	most := min(maxLookups, max(1, int(client.config.Rate)/perLookup))
	return &Source{client: client, out: out, most: most, swarms: map[ID]*swarm{}, moved: map[Family]bool{}, changed: make(chan struct{}, 1)}
}

// add begins to follow a swarm, or learns that it is private.
func (s *Source) add(hash ID, private bool) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	old := s.swarms[hash]
	if old != nil && (old.private || !private) {
		return nil
	}
	if private {
		s.swarms[hash] = &swarm{hash: hash, private: true}
		if old != nil {
			old.private = true
		}
		return s.out.Put(&record.Request{InfoHash: hash.String(), Source: "dht", Via: "dht", Ask: "lookup",
			Outcome: string(outcome.Denied), Message: "private torrent: its trackers are the only source of peers (BEP 27)"})
	}
	if len(s.swarms) >= maxTorrents {
		return fmt.Errorf("%w: more than %d torrents", record.ErrNotRecord, maxTorrents)
	}
	fresh := &swarm{hash: hash, seen: map[netip.AddrPort]struct{}{}}
	s.swarms[hash] = fresh
	for _, family := range s.client.Families() {
		heap.Push(&s.queue, &job{swarm: fresh, family: family})
	}
	s.notify()
	return nil
}

// EOF says that no more torrents will come.
func (s *Source) EOF() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.eof = true
	s.notify()
}

func (s *Source) notify() {
	select {
	case s.changed <- struct{}{}:
	default:
	}
}

// Run looks torrents up until the context ends or, with Once, until every one
// has had its turn. Lookups under way are broken off and recorded as such.
func (s *Source) Run(ctx context.Context) error {
	ctx, cancel := context.WithCancel(ctx)
	var lookups sync.WaitGroup
	defer lookups.Wait()
	defer cancel()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		next, done, err := s.start(ctx, &lookups)
		if done || err != nil {
			return err
		}
		timer.Reset(next)
		select {
		case <-ctx.Done():
			lookups.Wait()
			return s.failure()
		case <-s.changed:
		case <-timer.C:
		}
	}
}

// start begins the lookups that are due and says how long until the next one.
func (s *Source) start(ctx context.Context, lookups *sync.WaitGroup) (next time.Duration, done bool, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := time.Now()
	for s.running < s.most && len(s.queue) > 0 && !s.queue[0].due.After(now) {
		j := heap.Pop(&s.queue).(*job)
		if j.swarm.private {
			continue
		}
		s.running++
		lookups.Go(func() { s.run(ctx, j) })
	}
	const idle = time.Hour // a notice comes earlier
	next = idle
	if s.running < s.most && len(s.queue) > 0 {
		next = s.queue[0].due.Sub(now)
	}
	return next, s.Once && s.eof && s.running == 0 && len(s.queue) == 0, s.err
}

// errSilent is told once: a lookup that reaches nobody looks like an empty swarm.
var errSilent = errors.New("no DHT node has answered: is UDP blocked, or --bootstrap wrong? private addresses need --allow-private")

// errDenied is told instead when we asked nobody, by our own rules.
var errDenied = errors.New("no DHT node is asked: all known have addresses that are private, which --allow-private allows, or in the block list")

// remark tells people once when a lookup reached no node.
func (s *Source) remark(ctx context.Context, r *Result) {
	if r.Answered > 0 || s.silent || ctx.Err() != nil {
		return
	}
	s.silent = true
	if r.Outcome == outcome.Denied {
		s.client.config.Warn(errDenied)
		return
	}
	s.client.config.Warn(errSilent)
}

// run does one lookup and books the next.
func (s *Source) run(ctx context.Context, j *job) {
	var fresh int64
	var result Result
	asked := s.client.worthAsking(ctx, j.family)
	if asked {
		result = s.client.Lookup(ctx, j.family, j.swarm.hash, func(f Found) { fresh += s.report(j.swarm, f) })
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if asked {
		s.write(requestOf(&result, fresh))
		s.Trace.Lookup(&result)
		s.remark(ctx, &result)
	}
	s.running--
	j.failed++
	if !asked || result.Answered > 0 {
		j.failed = 0
	}
	if !s.Once && !j.swarm.private {
		j.due = time.Now().Add(s.pause(j.failed))
		heap.Push(&s.queue, j)
	}
	s.notify()
}

// pause until the next lookup: soon after one that reached no node.
func (s *Source) pause(failed int) time.Duration {
	every := s.Every
	if every <= 0 {
		every = DefaultEvery
		if s.client.config.Exhaustive {
			every = DefaultEveryExhaustive
		}
	}
	if failed > 0 {
		return min(every, s.again.Delay(failed, nil))
	}
	return every
}

// report writes a peer when it is seen for the first time in this run.
func (s *Source) report(w *swarm, f Found) (fresh int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !w.first(f.Peer) {
		return 0
	}
	s.write(&record.Peer{InfoHash: w.hash.String(), IP: f.Peer.Addr(), Port: f.Peer.Port(),
		Source: "dht", Via: f.Via.String()})
	return 1
}

// write puts a record out; the first error ends the run.
func (s *Source) write(r record.Record) {
	if err := s.out.Put(r); err != nil && s.err == nil {
		s.err = fmt.Errorf("write records: %w", err)
		s.notify()
	}
}

func (s *Source) failure() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}
