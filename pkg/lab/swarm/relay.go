package swarm

import (
	"net/netip"
	"sync"

	"btkit/pkg/lab/script"
	"btkit/pkg/peerwire"
)

// neighbours is how many others of its torrent a peer is connected with, in the
// mean. Peers of the lab don't connect with each other really: whom a peer
// tells of, and whom it introduces, is drawn from the seeds of the two.
const neighbours = 60

// residents finds peers by their address, as long as they are there.
type residents struct {
	mu sync.Mutex
	at map[residence]*peer
}

type residence struct {
	torrent int
	addr    netip.AddrPort
}

func (r *residents) enter(p *peer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.at[residence{p.plan.Torrent, p.addr()}] = p
}

func (r *residents) leave(p *peer) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.at, residence{p.plan.Torrent, p.addr()})
}

func (r *residents) find(torrent int, addr netip.AddrPort) *peer {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.at[residence{torrent, addr}]
}

// isNeighbour says whether the peer is connected with the one at an address.
func (p *peer) isNeighbour(addr netip.AddrPort) bool {
	other := p.swarm.residents.find(p.plan.Torrent, addr)
	return other != nil && other != p && p.connected(other)
}

func (p *peer) connected(other *peer) bool {
	of := len(p.swarm.opt.Script.Peers) / len(p.swarm.opt.Script.Torrents)
	return script.Chance(p.plan.Seed^other.plan.Seed, 0)*float64(of) < neighbours
}

// introduces answers a visitor who wants to meet another peer (BEP 55): both are
// asked to connect, or the visitor is told why not.
func (c *conn) introduces(payload []byte) {
	h, err := peerwire.ParseHolepunch(payload)
	if err != nil || h.Kind != peerwire.HolepunchRendezvous || c.holepunchID == 0 {
		return
	}
	p := c.peer
	target := p.swarm.residents.find(p.plan.Torrent, h.Addr)
	answer := peerwire.Holepunch{Kind: peerwire.HolepunchError, Addr: h.Addr}
	switch {
	case target == p:
		answer.Err = peerwire.HolepunchNoSelf
	case target == nil:
		answer.Err = peerwire.HolepunchNoSuchPeer
	case !p.connected(target):
		answer.Err = peerwire.HolepunchNotConnected
	case target.plan.Client.HolepunchID == 0:
		answer.Err = peerwire.HolepunchNoSupport
	default:
		answer.Kind = peerwire.HolepunchConnect
		to := c.endpoint()
		p.swarm.goes(func() { target.punch(to) })
	}
	c.send(peerwire.AppendHolepunch(nil, c.holepunchID, answer))
}

// endpoint is where the visitor takes uTP connections, as far as a relay can
// know: where its own come from, or the port that it named.
func (c *conn) endpoint() netip.AddrPort {
	if !c.utp && c.contact.IsValid() {
		return c.contact
	}
	return c.remote
}

// punch opens a uTP connection to somebody whom a relay has named.
func (p *peer) punch(to netip.AddrPort) {
	if t := p.engagement(to); t != nil {
		ways := p.ways(true, false)
		for i := range ways {
			ways[i].punched = true
		}
		p.attempts(to, t, ways)
	}
}

// engagement marks an address as being dialled; nil if there is no need or no
// slot.
func (p *peer) engagement(to netip.AddrPort) *contact {
	p.mu.Lock()
	defer p.mu.Unlock()
	t := p.contacts[to]
	if t == nil {
		t = &contact{}
	}
	if !p.here || p.streams == nil || t.dialling || p.knows(to.Addr()) || p.plan.Slots.Full(p.swarm.since()) {
		return nil
	}
	if len(p.contacts) < maxContacts {
		p.contacts[to] = t
	}
	t.dialling = true
	return t
}
