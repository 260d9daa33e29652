package probe

import (
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/talk"
	"btkit/pkg/visit"
	"btkit/pkg/ways"
)

// apply takes in what a conversation tells.
func (p *Probe) apply(e event) {
	x := e.p
	switch {
	case e.conv != nil:
		x.conv, x.cancel = e.conv, nil
		if x.stop {
			x.conv.Leave()
		}
	case e.reading != nil:
		p.settled(x, *e.reading, e.at)
	case e.silent:
		p.silent(x)
	case e.end != nil:
		p.ended(x, e)
	case e.peers != nil:
		p.exchanged(x, e)
	case e.answer != nil:
		p.introduced(x, *e.answer)
	case e.private:
		p.isPrivate(x.t)
	}
}

func (p *Probe) ended(x *peer, e event) {
	delete(p.active, x.place())
	delete(p.held, x)
	if p.options.PerNet > 0 {
		p.nets.Leave(x.addr.Addr())
	}
	p.running--
	if x.stop {
		p.leaving--
	}
	if !x.held {
		p.count.talk += (e.at.Sub(x.began) - p.count.talk) / 16
	}
	x.conv, x.held = nil, false
	p.count.ended(e)
	if e.habits != nil {
		x.habits = e.habits
	}
	if e.paced && e.rate > 0 { // what was held is known better than by the distance of readings
		x.rate = e.rate
	}
	x.absent, x.cancel = e.end.Stage == visit.StageDial, nil
	p.explain(x, e)
	p.put(e.end)
	if e.end.Relay != "" {
		x.holes.Tried(x.try, e.end.Stage, e.how)
		p.afterHole(x, e)
		return
	}
	x.memory.Tried(x.try, e.end.Stage, e.how)
	p.again(x, e)
}

// again plans the next attempt at a peer, if there is to be one.
func (p *Probe) again(x *peer, e event) {
	now := p.options.Now()
	if e.how == outcome.LocalError && x.try.Extra && x.short >= shortageN/4 { // this way does not exist for us
		x.memory.Tried(x.try, visit.StageDial, outcome.Unreachable)
	}
	if try := x.memory.Next(p.known(x)); try.Extra && e.how != outcome.LocalError && e.how != outcome.Canceled && e.how != outcome.Self {
		x.due = now.Add(min(try.Wait, p.longestWait()))
		p.enqueue(x)
		return
	}
	if p.nextRound(x, e); x.absent {
		p.introduce(x)
	}
}

// longestWait bounds the wait between the attempts of a round: in a quicker
// world, such as a lab, and where there is only one round.
func (p *Probe) longestWait() time.Duration {
	if p.options.Once {
		return ways.EncryptionPause
	}
	return max(ways.EncryptionPause, p.options.Revisit)
}

// nextRound plans the next round of visits to a peer, if there is to be one.
func (p *Probe) nextRound(x *peer, e event) {
	x.due = later(p.next(x, e), x.began.Add(x.gap(&p.options)))
	if p.over(x, e) {
		x.state = gone
		return
	}
	p.enqueue(x)
}

// over says whether a peer is not to be visited again. Our own rules forbid the
// first attempt of a round; what forbids an extra one is the system, and for its way
// alone.
func (p *Probe) over(x *peer, e event) bool {
	if p.options.Once {
		return x.short == 0 || x.short >= shortageN
	}
	return fatal(e.how) && !(x.try.Extra && e.how == outcome.Denied) || x.isGone(e.at)
}

// maxNamed bounds the peers that one peer can add, so that a liar who is held for
// days does not use up the room for those of others.
const maxNamed = 5000

// exchanged adds the peers that a peer named and tells the stream of new ones.
func (p *Probe) exchanged(x *peer, e event) {
	if x.t.private { // its peers come from its trackers alone (BEP 27)
		return
	}
	for _, heard := range e.peers {
		if x.named < maxNamed && p.add(x.t, heard.Addr) {
			x.named++
			p.put(talk.Hearsay(x.t.Torrent, heard, x.addr))
		}
		if y := p.find(x.t.at(heard.Addr.Addr()), heard.Addr.Port()); y != nil && y != x {
			y.hints |= heard.Flags
			y.meets(x)
			if y.failures > 0 && y.absent && !y.read {
				p.introduce(y)
			}
		}
	}
}
