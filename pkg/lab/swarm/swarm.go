package swarm

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"btkit/pkg/lab/script"
	"btkit/pkg/lab/trackerd"
)

// Options says what to act out and where the peers announce themselves.
type Options struct {
	Script *script.Script
	// Where peers are entered and guests are found.
	Table *trackerd.Table
	// Called when a peer announces itself to the DHT; may be nil.
	Announce func(hash [20]byte, addr netip.AddrPort, seed bool)
	// Announce URLs that the torrents name, and one that they do not: some peers
	// tell of it; may be empty.
	Trackers []string
	Extra    string
	// How often a peer looks for guests; 0 means 5 s times the script's pace.
	Poll time.Duration
	// Clock; nil means time.Now.
	Now func() time.Time
}

// Swarm is the play under way.
type Swarm struct {
	opt      Options
	began    time.Time
	agenda   *agenda
	peers    []*peer
	silent   *silence
	dialer   net.Dialer
	ctx      context.Context
	cancel   context.CancelFunc
	wait     sync.WaitGroup
	ended    time.Time
	counters counters
	// Of encrypted connections.
	receivers receivers
	residents residents
}

type counters struct {
	here, crossed, completed, met, conns, requests, refused atomic.Int64
}

// Stats is how the play stands.
type Stats struct {
	// Peers in the swarm now; leechers that have crossed; peers that have
	// exchanged a handshake with us; connections open now.
	Here, Crossed, Completed, Met, Conns int64
	// Requests for content, which a measuring client must never make.
	Requests int64
	// Connections refused for want of a slot.
	Refused int64
}

// Descriptors is the number of files that a script needs open at the same time:
// a socket and a connection or two for each peer.
func Descriptors(s *script.Script) int {
	n := 16
	for i := range s.Peers {
		n++
		if s.Peers[i].Reach == script.Open {
			n++
		}
		if s.Peers[i].Client.UTP {
			n++
		}
	}
	return n
}

// Start begins the play now. Close ends it.
func Start(opt Options) (*Swarm, error) {
	if opt.Now == nil {
		opt.Now = time.Now
	}
	if opt.Poll == 0 {
		opt.Poll = max(200*time.Millisecond, time.Duration(5*float64(time.Second)*opt.Script.Options.Pace))
	}
	s := &Swarm{opt: opt, agenda: newAgenda(opt.Now), began: opt.Now(), dialer: net.Dialer{Timeout: 10 * time.Second},
		receivers: newReceivers(opt.Script), residents: residents{at: map[residence]*peer{}}}
	var err error
	if s.silent, err = openSilence(); err != nil {
		return nil, fmt.Errorf("lab swarm: %w", err)
	}
	s.ctx, s.cancel = context.WithCancel(context.Background())
	for i := range opt.Script.Peers {
		s.enlist(&opt.Script.Peers[i])
	}
	s.goes(func() { s.agenda.run(s.ctx) })
	return s, nil
}

// goes runs f on a goroutine that Close waits for.
func (s *Swarm) goes(f func()) {
	s.wait.Add(1)
	go func() { defer s.wait.Done(); f() }()
}

func (s *Swarm) enlist(plan *script.Peer) {
	p := newPeer(s, plan)
	s.peers = append(s.peers, p)
	s.agenda.at(s.began.Add(plan.Arrive), p.arrive)
	if plan.Leave > 0 {
		s.agenda.at(s.began.Add(plan.Leave), p.leave)
	}
}

// Stats may be asked at any time.
func (s *Swarm) Stats() Stats {
	c := &s.counters
	return Stats{Here: c.here.Load(), Crossed: c.crossed.Load(), Completed: c.completed.Load(), Met: c.met.Load(),
		Conns: c.conns.Load(), Requests: c.requests.Load(), Refused: c.refused.Load()}
}

// Close ends the play: everybody closes and nobody comes any more.
func (s *Swarm) Close() error {
	s.ended = s.opt.Now()
	s.cancel()
	for _, p := range s.peers {
		p.shut()
	}
	s.wait.Wait()
	return s.silent.close()
}
