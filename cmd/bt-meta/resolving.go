package main

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"

	"golang.org/x/time/rate"

	"btkit/pkg/cmdline"
	"btkit/pkg/metainfo"
	"btkit/pkg/record"
	"btkit/pkg/resolve"
	"btkit/pkg/talk"
)

const (
	// workers is the number of magnet links resolved at once. Each asks up to
	// resolve.DefaultParallel peers.
	workers = 16
	// maxQueue is how many magnet links may wait before input has to.
	maxQueue = 10_000
	// dialRate bounds new connections per second, over all links.
	dialRate = 50
)

// resolving fetches info dictionaries beside the reading of input.
type resolving struct {
	meta    *meta
	sources *sources
	peers   *resolve.Resolver
	dials   *rate.Limiter

	seen  map[metainfo.InfoHash]bool // only add looks at it
	queue chan *metainfo.Torrent
	wait  sync.WaitGroup

	asked, fetched atomic.Int64

	mu  sync.Mutex
	err error // why nothing could be written any more
}

func openResolving(m *meta) (*resolving, error) {
	r := &resolving{meta: m, dials: rate.NewLimiter(dialRate, dialRate),
		seen: make(map[metainfo.InfoHash]bool), queue: make(chan *metainfo.Torrent, maxQueue)}
	id, err := cmdline.PeerID()
	if err != nil {
		return nil, err
	}
	r.peers = resolve.New(resolve.Options{Dial: r.dial, PeerID: id, Client: talk.Client})
	if r.sources, err = openSources(m.session, id); err != nil {
		return nil, err
	}
	m.session.Stats(r.stat)
	m.session.Progress(func() string {
		return fmt.Sprintf("%d of %d magnet links resolved", r.fetched.Load(), r.asked.Load())
	})
	for range workers {
		r.wait.Go(r.work)
	}
	return r, nil
}

// add has a torrent resolved, once, unless it is known already.
func (r *resolving) add(t *metainfo.Torrent) {
	if r == nil || t.Info != nil || r.seen[t.InfoHash] {
		return
	}
	r.seen[t.InfoHash] = true
	r.asked.Add(1)
	r.queue <- t
}

// close waits until all are resolved or given up, and gives the error of
// writing.
func (r *resolving) close() error {
	if r == nil {
		return nil
	}
	close(r.queue)
	r.wait.Wait()
	return errors.Join(r.err, r.sources.close())
}

func (r *resolving) work() {
	for t := range r.queue {
		if err := r.resolve(t); err != nil {
			r.mu.Lock()
			r.err = errors.Join(r.err, err)
			r.mu.Unlock()
		}
	}
}

// resolve fetches one info dictionary. Not to get it is bad input; the error
// is about what we do with it.
func (r *resolving) resolve(magnet *metainfo.Torrent) error {
	s := r.meta.session
	if s.Live.Err() != nil {
		r.meta.bad(fmt.Errorf("resolve %s: stopped before its turn", magnet.InfoHash))
		return nil
	}
	ctx, cancel := context.WithTimeout(s.Live, s.Duration("timeout"))
	defer cancel()
	search := r.sources.search(ctx, magnet)
	target := resolve.Target{InfoHash: magnet.InfoHash, V1: magnet.V1, V2: magnet.V2}
	t, err := r.peers.Fetch(ctx, target, search.found, search.attempt)
	cancel()
	search.close()
	if err != nil {
		r.meta.bad(fmt.Errorf("resolve %s: %w", magnet.InfoHash, search.why(err)))
		return nil
	}
	r.fetched.Add(1)
	t.Trackers, t.WebSeeds, t.Peers = magnet.Trackers, magnet.WebSeeds, magnet.Peers
	if dir := s.String("output"); dir != "" {
		if err := save(dir, t); err != nil {
			return err
		}
	}
	return r.meta.write(t)
}

func (r *resolving) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	if err := r.dials.Wait(ctx); err != nil {
		return nil, fmt.Errorf("wait for a turn: %w", err)
	}
	var d net.Dialer
	return d.DialContext(ctx, "tcp", to.String())
}

// stat tells how far it is.
func (r *resolving) stat() *record.Stat {
	return &record.Stat{Known: record.Int(r.asked.Load()), Queue: record.Int(int64(len(r.queue))),
		OK: record.Int(r.fetched.Load()), Limit: record.Int(workers)}
}
