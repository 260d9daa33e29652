package probe

import (
	"net/netip"
	"time"

	"btkit/pkg/peerwire"
	"btkit/pkg/ways"
)

// A peer that takes no connections is reached by uTP when another peer, to
// which both sides are connected, introduces us (BEP 55). We ask only for
// peers that the other one has named, and only after dialling them has failed.

// maxRelays is how many of those that named a peer are remembered.
const maxRelays = 2

// introduction is what was asked for: a place of one torrent.
type introduction struct {
	t    *torrent
	addr netip.AddrPort
}

// meets notes that another peer, which named x, may introduce us.
func (x *peer) meets(relay *peer) {
	for _, r := range x.relays {
		if r == relay {
			return
		}
	}
	copy(x.relays[1:], x.relays[:])
	x.relays[0] = relay
}

// forgets notes that a peer cannot introduce us.
func (x *peer) forgets(relay *peer) {
	for i, r := range x.relays {
		if r == relay {
			x.relays[i] = nil
		}
	}
}

// introduce asks a peer that named x, and talks to us now, for an
// introduction; not more often than a peer is dialled.
func (p *Probe) introduce(x *peer) {
	now := p.options.Now()
	if p.options.Punch == nil || p.stopping || x.state != waiting || now.Sub(x.asked) < p.options.Revisit {
		return
	}
	for _, r := range x.relays {
		if r.mayIntroduce(x) && r.conv.Introduce(x.addr) {
			p.expected[introduction{x.t.first, x.addr}] = x
			x.asked = now
			return
		}
	}
}

// mayIntroduce says whether a peer talks to us and can tell x where we are.
func (r *peer) mayIntroduce(x *peer) bool {
	return r != nil && r.state == busy && r.conv != nil && !r.stop && r.addr.Addr().Is4() == x.addr.Addr().Is4()
}

// introduced takes in what a relay answered. What we did not ask for is
// nothing: strangers do not choose whom we contact.
func (p *Probe) introduced(relay *peer, answer peerwire.Holepunch) {
	asked := introduction{relay.t.first, netip.AddrPortFrom(answer.Addr.Addr().Unmap(), answer.Addr.Port())}
	x := p.expected[asked]
	if x == nil || x.state != waiting {
		return
	}
	delete(p.expected, asked)
	if answer.Kind != peerwire.HolepunchConnect {
		x.forgets(relay)
		x.asked = time.Time{}
		p.introduce(x)
		return
	}
	if p.stopping || relay.conv == nil || p.running >= p.options.Slots || p.mustWait(x) > 0 {
		return
	}
	p.unqueue(x)
	p.start(x, p.options.Now(), &relayed{by: relay.addr, from: relay.conv.LocalAddr()})
}

// through is what is known of a peer to which a hole is punched, for uTP.
func (p *Probe) through(x *peer) ways.Hints {
	h := p.known(x)
	h.Encryption = h.Encryption || x.memory.Worked().Encrypted()
	h.Without = h.Without&^ways.Of(ways.UTP) | ways.Of(ways.TCP, ways.TCPEncrypted)
	return h
}

// afterHole plans the next visit of a peer after it was introduced. A hole that
// led nowhere was beside the plan, and leaves it as it was.
func (p *Probe) afterHole(x *peer, e event) {
	if x.absent {
		p.enqueue(x)
		return
	}
	p.nextRound(x, e)
}
