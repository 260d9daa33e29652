package probe

import (
	"time"

	"btkit/pkg/refusal"
	"btkit/pkg/visit"
)

// settled decides about a peer whose reading has just settled or changed:
// whether its conversation is held. Peers that cannot cross let go by
// themselves.
func (p *Probe) settled(x *peer, r visit.Reading, at time.Time) {
	x.learn(r, at)
	if len(p.torrents) > 1 { // the address takes conversations about this one now
		p.site(x).Note(x.t.first.number, at, refusal.Took)
	}
	if x.state != busy || !r.CanProgress() {
		delete(p.held, x)
		return
	}
	if x.held || x.stop {
		return
	}
	now := p.options.Now()
	x.held = true
	p.held[x] = struct{}{}
	if p.othersWait(now) && len(p.held) > p.mayHold() {
		p.release(p.farthest(now))
	}
}

// othersWait says whether a peer is due and no slot is free for it.
func (p *Probe) othersWait(now time.Time) bool {
	return p.running >= p.options.Slots && (p.unread.isDue(now) || p.revisits.isDue(now))
}

// mayHold is how many conversations may be held while others wait: the rest of
// the slots goes round.
func (p *Probe) mayHold() int { return p.options.Slots - max(1, p.options.Slots/4) }

// makeRoom lets held peers go for those that wait: first readings come before
// holding, and a quarter of the slots goes round in any case.
func (p *Probe) makeRoom(now time.Time) {
	for p.othersWait(now) && p.pace.Next(now) == 0 && p.leaving < max(1, p.options.Slots/8) {
		first := p.unread.isDue(now) && p.unread.first().attempts == 0
		if len(p.held) == 0 || !first && len(p.held) <= p.mayHold() {
			return
		}
		p.release(p.farthest(now))
	}
}

// silent holds a peer that says nothing of its pieces, as the first to go.
func (p *Probe) silent(x *peer) {
	if x.state == busy && !x.stop {
		x.held = true
		p.held[x] = struct{}{}
	}
}

// roundTime is how long it takes to visit every waiting peer once: at the pace
// at which visits end now, or while that is unknown by the slots that are left
// beside the held ones and by the rate of new connections.
func (p *Probe) roundTime() time.Duration {
	n := len(p.unread) + len(p.revisits)
	if p.count.pace > 0 {
		return time.Duration(float64(n) / p.count.pace * float64(time.Second))
	}
	free := max(1, p.options.Slots-min(len(p.held), p.mayHold()))
	round := time.Duration(n) * p.count.talk / time.Duration(free)
	if p.options.Rate > 0 {
		round = max(round, time.Duration(float64(n)/p.options.Rate*float64(time.Second)))
	}
	return round
}

// farthest is the held peer that will take longest to cross.
func (p *Probe) farthest(now time.Time) *peer {
	var worst *peer
	var left time.Duration
	for x := range p.held {
		d := x.remaining(now)
		if x.reading.Have >= x.reading.Need && x.read { // has crossed; the rest is a matter of the definition
			d = assumed
		}
		if worst == nil || d > left {
			worst, left = x, d
		}
	}
	return worst
}

// release asks a held peer's conversation to end.
func (p *Probe) release(x *peer) {
	if x == nil {
		return
	}
	delete(p.held, x)
	x.stop = true
	p.leaving++
	if x.conv != nil {
		x.conv.Leave()
	}
}
