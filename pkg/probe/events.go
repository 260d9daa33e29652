package probe

import (
	"btkit/pkg/outcome"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

// apply takes in what a conversation tells.
func (p *Probe) apply(e event) {
	x := e.p
	switch {
	case e.conv != nil:
		x.conv = e.conv
		if x.stop {
			x.conv.Leave()
		}
	case e.reading != nil:
		p.settled(x, *e.reading, e.at)
	case e.silent:
		p.silent(x)
	case e.ended:
		p.ended(x, e)
	case e.peers != nil:
		p.exchanged(x, e)
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
	held := x.held
	x.conv, x.held = nil, false
	p.count.outcomes[string(e.how)]++
	p.count.ends++
	p.count.changed = true
	if e.stage == visit.StageSettled {
		p.count.ok++
	}
	if !held {
		p.count.talk += (e.at.Sub(x.began) - p.count.talk) / 16
	}
	x.due = x.next(p.options.Now(), e.how, e.stage, &p.options)
	if p.options.Once && e.how != outcome.LocalError || fatal(e.how) || x.isGone(e.at) {
		x.state = gone
		return
	}
	p.enqueue(x)
}

// exchanged adds the peers that a peer named and tells the stream of new ones.
func (p *Probe) exchanged(x *peer, e event) {
	if x.t.private { // its peers come from its trackers alone (BEP 27)
		return
	}
	for _, heard := range e.peers {
		if !p.add(x.t, heard.Addr) {
			continue
		}
		p.put(&record.Peer{InfoHash: x.t.Hex(), IP: heard.Addr.Addr(), Port: heard.Addr.Port(), Source: "pex",
			Via: x.addr.String(), Flags: record.Int(int64(heard.Flags)), Seed: record.Bool(heard.Flags&2 != 0)})
	}
}
