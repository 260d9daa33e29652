package swarm

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"time"
)

// contact is an address that a peer dials.
type contact struct {
	// When to dial next; zero means at once.
	due      time.Time
	dialling bool
	failures int
	// The way that worked last, if any did.
	worked *way
	// uTP led nowhere.
	noUTP bool
}

// way is how to open a conversation. Punched means that the other side dials at
// the same time (BEP 55).
type way struct{ utp, encrypted, punched bool }

const (
	// most addresses that a peer keeps.
	maxContacts = 16
	// how long uTP is given before TCP is tried
	utpTime = 4 * time.Second
)

// poll looks for guests of the tracker and dials those that are due; then again
// after a while, as long as the peer is there. Who has no slot dials nobody.
func (p *peer) poll() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.here {
		return
	}
	for _, a := range p.swarm.opt.Table.Guests(p.torrent.InfoHash) {
		if !p.plan.Shy && p.contacts[a] == nil && len(p.contacts) < maxContacts && a.Addr().Is4() == p.plan.IP.Is4() {
			p.contacts[a] = &contact{}
		}
	}
	now, full := p.swarm.opt.Now(), p.plan.Slots.Full(p.swarm.since())
	for a, t := range p.contacts {
		if !full && !t.dialling && !now.Before(t.due) && !p.knows(a.Addr()) {
			t.dialling = true
			ways := p.ways(p.streams != nil && !t.noUTP, !p.plan.UTPOnly)
			if w := t.worked; w != nil {
				ways = append([]way{*w}, slices.DeleteFunc(ways, func(other way) bool { return other == *w })...)
			}
			p.swarm.goes(func() { p.attempts(a, t, ways) })
		}
	}
	p.swarm.agenda.after(p.swarm.opt.Poll, p.poll)
}

// ways is how to dial, the client's favourite first.
func (p *peer) ways(utp, tcp bool) (list []way) {
	first := p.plan.Client.DialsEncrypted || p.plan.Encrypted
	for _, encrypted := range []bool{first, !first} {
		if p.plan.Encrypted && !encrypted {
			continue
		}
		if utp {
			list = append(list, way{utp: true, encrypted: encrypted})
		}
		if tcp {
			list = append(list, way{encrypted: encrypted})
		}
	}
	return list
}

// progress is how far an attempt got.
type progress int

const (
	unanswered progress = iota // nobody answers on this transport
	unwanted                   // the other side closed before its handshake
	needless                   // there is a conversation meanwhile, or no peer any more
	talked
)

// attempts dials by one way after the other until one leads to a conversation,
// and leads that to its end.
func (p *peer) attempts(to netip.AddrPort, t *contact, ways []way) {
	dead := map[bool]bool{}
	got := unanswered
	for _, w := range ways {
		if dead[w.utp] {
			continue
		}
		if got = p.attempt(to, t, w); got >= needless {
			break
		}
		dead[w.utp] = got == unanswered
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	t.dialling = false
	if got != talked {
		t.worked = nil
		t.failures++
		t.due = p.retry(t)
	}
}

// attempt opens a connection from the peer's own address.
func (p *peer) attempt(to netip.AddrPort, t *contact, w way) progress {
	nc, err := p.connect(to, w)
	if err != nil {
		p.mu.Lock()
		defer p.mu.Unlock()
		t.noUTP = t.noUTP || w.utp
		return unanswered
	}
	c := newConn(p, nc)
	c.contact, c.dialled, c.utp = to, true, w.utp
	if !p.engages(c) {
		c.close()
		return needless
	}
	if w.encrypted && c.encrypt() != nil {
		c.close()
		p.parts(c)
		return unwanted
	}
	c.converse()
	p.mu.Lock()
	defer p.mu.Unlock()
	if !c.open {
		return unwanted
	}
	t.worked, t.noUTP = &w, t.noUTP && !w.utp
	return talked
}

func (p *peer) connect(to netip.AddrPort, w way) (net.Conn, error) {
	if w.utp {
		p.mu.Lock()
		s := p.streams
		p.mu.Unlock()
		if s == nil {
			return nil, net.ErrClosed
		}
		ctx, cancel := context.WithTimeout(p.swarm.ctx, utpTime)
		defer cancel()
		if w.punched {
			return s.Punch(ctx, to)
		}
		return s.Dial(ctx, to)
	}
	d := p.swarm.dialer
	d.LocalAddr = net.TCPAddrFromAddrPort(netip.AddrPortFrom(p.plan.IP, 0))
	return d.DialContext(p.swarm.ctx, "tcp", to.String())
}

// engages registers a connection of the peer's own making.
func (p *peer) engages(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.here || p.knows(c.remote.Addr()) {
		return false
	}
	p.enter(c)
	return true
}

// retry is when to try again after failures: once more soon, for the first may
// have met a listener that was not ready, then ever later up to five times.
func (p *peer) retry(t *contact) time.Time {
	return p.swarm.opt.Now().Add(p.plan.Client.Redial * time.Duration(min(t.failures, 5)) / 2)
}
