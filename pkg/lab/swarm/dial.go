package swarm

import (
	"net"
	"net/netip"
	"time"
)

// contact is an address that a peer dials.
type contact struct {
	// When to dial next; zero means at once.
	due      time.Time
	dialling bool
	failures int
}

// most addresses that a peer keeps.
const maxContacts = 16

// poll looks for guests of the tracker and dials those that are due; then again
// after a while, as long as the peer is there.
func (p *peer) poll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.here {
		return
	}
	for _, a := range p.swarm.opt.Table.Guests(p.torrent.InfoHash) {
		if p.contacts[a] == nil && len(p.contacts) < maxContacts {
			p.contacts[a] = &contact{}
		}
	}
	now := p.swarm.opt.Now()
	for a, t := range p.contacts {
		if !t.dialling && !now.Before(t.due) && !p.knows(a.Addr()) {
			t.dialling = true
			p.swarm.goes(func() { p.dial(a, t) })
		}
	}
	p.swarm.agenda.after(p.swarm.opt.Poll, p.poll)
}

// dial opens a connection from the peer's own address and leads it to its end.
func (p *peer) dial(to netip.AddrPort, t *contact) {
	d := p.swarm.dialer
	d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(p.plan.IP, 0))
	nc, err := d.DialContext(p.swarm.ctx, "tcp4", to.String())
	if err != nil {
		p.failed(t)
		return
	}
	c := newConn(p, nc)
	c.contact = to
	if !p.engages(c) {
		c.close()
		p.failed(t)
		return
	}
	c.converse(true)
	p.mu.Lock()
	t.dialling = false
	if !c.open {
		t.failures++
		t.due = p.retry(t)
	}
	p.mu.Unlock()
}

// engages registers a connection of the peer's own making.
func (p *peer) engages(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.here || p.knows(c.remote.Addr()) {
		return false
	}
	p.conns = append(p.conns, c)
	p.swarm.counters.conns.Add(1)
	return true
}

func (p *peer) failed(t *contact) {
	p.mu.Lock()
	defer p.mu.Unlock()
	t.dialling = false
	t.failures++
	t.due = p.retry(t)
}

// retry is when to try again after failures: once more soon, for the first may
// have met a listener that was not ready, then ever later up to five times.
func (p *peer) retry(t *contact) time.Time {
	return p.swarm.opt.Now().Add(p.plan.Client.Redial * time.Duration(min(t.failures, 5)) / 2)
}
