package swarm

import (
	"io"
	"time"

	"btkit/pkg/lab/script"
	"btkit/pkg/peerwire"
)

// silenceTime is for how long a client that ignores a newcomer leaves the
// connection open.
const silenceTime = 30 * time.Second

// since is the time of the play.
func (s *Swarm) since() time.Duration { return s.opt.Now().Sub(s.began) }

// full says whether a newcomer finds no slot: all are taken, and if the client
// sorts by rank this one's is not high enough to take another's.
func (p *peer) full(c *conn) bool {
	at := p.swarm.since()
	return p.plan.Slots.Full(at) && !(p.plan.Client.Ranks && p.rank(c) > p.plan.Slots.Bar(at))
}

// rank is the canonical priority of a connection (BEP 40) as a share of the
// highest.
func (p *peer) rank(c *conn) float64 {
	return float64(peerwire.Priority(p.addr(), c.remote)) / (1 << 32)
}

// refuses ends a connection for which there is no slot, as the client does.
func (p *peer) refuses(c *conn) {
	switch p.plan.Client.Refusal {
	case script.ClosesLater:
		c.full = true
		c.converse()
		return
	case script.DoesNotAnswer:
		if c.net.SetReadDeadline(time.Now().Add(silenceTime)) == nil {
			// Ends with the visitor's patience, the deadline or the play.
			_, _ = io.Copy(io.Discard, io.LimitReader(c.net, maxWaiting))
		}
	}
	c.close()
	p.parts(c)
}

// turn is the begin of a block of time in which the peer may be full: visitors
// of low rank lose their slot to others then, and those without payload are
// kept no longer than a full client keeps them.
func (p *peer) turn() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.here {
		return
	}
	at := p.swarm.since()
	p.swarm.agenda.at(p.swarm.began.Add(p.plan.Slots.Next(at)), p.turn)
	if !p.plan.Slots.Full(at) {
		return
	}
	for _, c := range p.conns {
		if p.plan.Client.Ranks && p.full(c) {
			c.close()
		}
		if idle := p.plan.Client.IdleFull; idle > 0 {
			p.swarm.agenda.after(max(0, idle-p.swarm.opt.Now().Sub(c.since)), func() { p.makesRoom(c) })
		}
	}
}

// makesRoom ends a conversation without payload if the peer is still full.
func (p *peer) makesRoom(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.full(c) {
		c.close()
	}
}
