package resolve

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"btkit/pkg/metainfo"
	"btkit/pkg/outcome"
)

// search is one run of Fetch. Its own goroutine holds all state; attempts only
// deliver how they ended.
type search struct {
	*Resolver
	target Target
	report func(Attempt)
	tried  map[netip.AddrPort]time.Time
	flying int
	ended  chan ended
}

// ended is an attempt with what it brought.
type ended struct {
	Attempt
	torrent *metainfo.Torrent
}

// errUnreadable marks an info dictionary that is the right one and no good.
var errUnreadable = errors.New("info dictionary cannot be read")

func (s *search) run(ctx context.Context, candidates <-chan netip.AddrPort) (*metainfo.Torrent, error) {
	for candidates != nil || s.flying > 0 {
		next := candidates
		if s.flying == s.Parallel {
			next = nil
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case addr, ok := <-next:
			if !ok {
				candidates = nil
			} else if s.admit(addr) {
				s.start(ctx, addr)
			}
		case e := <-s.ended:
			if torrent, err := s.settle(e); torrent != nil || err != nil {
				return torrent, err
			}
		}
	}
	return nil, fmt.Errorf("%w: %d asked", ErrNoPeer, len(s.tried))
}

// admit says whether a candidate is to be asked now.
func (s *search) admit(addr netip.AddrPort) bool {
	last, again := s.tried[addr]
	switch {
	case s.banned.has(addr.Addr()):
		return false
	case again && s.Now().Sub(last) < s.RetryTime:
		return false
	case !again && len(s.tried) >= maxTried:
		return false
	}
	s.tried[addr] = s.Now()
	return true
}

func (s *search) start(ctx context.Context, addr netip.AddrPort) {
	s.flying++
	go func() { s.ended <- s.attempt(ctx, addr) }()
}

// attempt asks one peer for everything.
func (s *search) attempt(ctx context.Context, addr netip.AddrPort) ended {
	e := ended{Attempt: Attempt{Addr: addr, Started: s.Now()}}
	ctx, cancel := context.WithTimeout(ctx, s.PeerTime)
	defer cancel()
	var info []byte
	info, e.RxBytes, e.Err = s.ask(ctx, addr)
	if e.Err == nil {
		e.torrent, e.Err = s.verify(info)
	}
	e.Took = s.Now().Sub(e.Started)
	return e
}

func (s *search) verify(info []byte) (*metainfo.Torrent, error) {
	torrent, err := metainfo.FromInfo(info, s.target.V1, s.target.V2)
	switch {
	case errors.Is(err, metainfo.ErrHash):
		return nil, outcome.Fail(outcome.WrongInfoHash, err)
	case err != nil:
		return nil, outcome.Fail(outcome.Malformed, fmt.Errorf("%w: %w", errUnreadable, err))
	}
	return torrent, nil
}

// settle takes the end of an attempt. It gives the end of the search, or
// neither torrent nor error.
func (s *search) settle(e ended) (*metainfo.Torrent, error) {
	s.flying--
	s.report(e.Attempt)
	if errors.Is(e.Err, metainfo.ErrHash) {
		s.banned.add(e.Addr.Addr())
	}
	if errors.Is(e.Err, errUnreadable) {
		return nil, e.Err
	}
	return e.torrent, nil
}

// drain waits for the attempts under way; their context has ended.
func (s *search) drain() {
	for s.flying > 0 {
		s.flying--
		s.report((<-s.ended).Attempt)
	}
}

// banned holds the addresses that sent wrong bytes.
type banned struct {
	mu    sync.Mutex
	addrs map[netip.Addr]bool
}

func (b *banned) has(addr netip.Addr) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.addrs[addr]
}

func (b *banned) add(addr netip.Addr) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.addrs == nil {
		b.addrs = make(map[netip.Addr]bool)
	}
	b.addrs[addr] = true
}
