package swarm

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"sync"
	"time"

	"btkit/pkg/client"
	"btkit/pkg/lab/budget"
	"btkit/pkg/lab/script"
	"btkit/pkg/lab/trackerd"
	"btkit/pkg/transport/utp"
)

// peer is one actor: its part, and how far it is.
type peer struct {
	swarm   *Swarm
	plan    *script.Peer
	torrent *script.Torrent

	mu       sync.Mutex
	chance   *rand.Rand
	here     bool
	port     uint16
	listener net.Listener
	// uTP, nil if it does not speak it.
	streams *utp.Socket
	// What visitors cost its patience, and those it had no slot for.
	ledger  *budget.Ledger
	refused int64
	// It has the first have pieces of its order.
	have     int
	conns    []*conn
	contacts map[netip.AddrPort]*contact
	visits   int

	met, arrived, left, crossed, completed time.Time
}

func newPeer(s *Swarm, plan *script.Peer) *peer {
	return &peer{swarm: s, plan: plan, torrent: &s.opt.Script.Torrents[plan.Torrent], port: plan.Port, have: plan.First,
		ledger: budget.New(client.Of(plan.ID, plan.Client.Version), s.opt.Script.Options.Pace),
		chance: rand.New(rand.NewPCG(plan.Seed, 1)), contacts: map[netip.AddrPort]*contact{}}
}

func (p *peer) seed() bool { return p.have == p.torrent.Pieces }

func (p *peer) addr() netip.AddrPort { return netip.AddrPortFrom(p.plan.IP, p.port) }

// arrive brings the peer into the swarm.
func (p *peer) arrive() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.listen()
	p.here, p.arrived = true, p.swarm.opt.Now()
	p.swarm.counters.here.Add(1)
	p.swarm.opt.Table.Join(p.torrent.InfoHash, trackerd.Member{Addr: p.addr(), Seed: p.seed(), Flags: p.hints()})
	p.swarm.residents.enter(p)
	if p.swarm.opt.Announce != nil {
		p.swarm.opt.Announce(p.torrent.InfoHash, p.addr(), p.seed())
	}
	if p.plan.Steps() > 0 {
		p.swarm.agenda.at(p.swarm.began.Add(p.plan.Step(0)), func() { p.step(0) })
	}
	if p.plan.Dials {
		p.swarm.agenda.after(p.within(p.swarm.opt.Poll), p.poll)
	}
	if p.plan.Slots.Share > 0 {
		p.swarm.agenda.at(p.swarm.began.Add(p.plan.Slots.Next(p.swarm.since())), p.turn)
	}
}

// within is a random span below d.
func (p *peer) within(d time.Duration) time.Duration {
	return time.Duration(p.chance.Float64() * float64(d))
}

// step is the n-th piece.
func (p *peer) step(n int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.here {
		return
	}
	before := p.have
	p.have = p.plan.After(n)
	now := p.swarm.opt.Now()
	if lost := before + 1 - p.have; lost > 0 {
		p.lose(before, lost)
	} else {
		p.tell(before)
	}
	if p.crossed.IsZero() && before < p.torrent.Need && p.have >= p.torrent.Need {
		p.crossed = now
		p.swarm.counters.crossed.Add(1)
	}
	if p.seed() {
		p.finish(now)
	}
	if n+1 < p.plan.Steps() {
		p.swarm.agenda.at(p.swarm.began.Add(p.plan.Step(n+1)), func() { p.step(n + 1) })
	}
}

// finish makes the peer a seed.
func (p *peer) finish(now time.Time) {
	p.completed = now
	p.swarm.counters.completed.Add(1)
	p.swarm.opt.Table.Complete(p.torrent.InfoHash, p.addr())
	for _, c := range p.conns {
		c.finished()
	}
}

// leave takes the peer out of the swarm, for good.
func (p *peer) leave() {
	p.mu.Lock()
	if p.here {
		p.left = p.swarm.opt.Now()
		p.swarm.counters.here.Add(-1)
		p.swarm.opt.Table.Leave(p.torrent.InfoHash, p.addr())
		p.swarm.residents.leave(p)
	}
	p.mu.Unlock()
	p.shut()
}

// shut closes everything that the peer has open. A socket that fails to close is
// closed all the same.
func (p *peer) shut() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.here = false
	for _, c := range p.conns {
		c.close()
	}
	p.closeListener()
	if s := p.streams; s != nil {
		p.streams = nil
		// Takes a while, since the other sides are told. It may fail as above.
		p.swarm.goes(func() { _ = s.Close() })
	}
}
