package swarm

import (
	"net"
	"net/netip"
	"slices"
	"time"

	"btkit/pkg/lab/script"
	"btkit/pkg/peerwire"
)

// visited is an incoming connection, from its first byte to its last.
func (p *peer) visited(nc net.Conn, utp bool) {
	c := newConn(p, nc)
	c.utp = utp
	switch p.admits(c) {
	case away:
		c.close()
	case crowded:
		p.refuses(c)
	case welcome:
		if p.plan.Role == script.Hostile {
			p.attack(c)
			return
		}
		c.converse()
	}
}

// verdict is what a peer decides before the first byte.
type verdict int

const (
	away    verdict = iota // closed at once
	crowded                // refused as the client refuses when it is full
	welcome
)

// admits decides before the first byte, and enters a connection that is not sent
// away at once.
func (p *peer) admits(c *conn) verdict {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.visits++
	again := p.plan.Client.OneByIP && p.knows(c.remote.Addr())
	if !p.here || again || p.plan.Busy && p.visits%2 == 1 {
		p.ledger.Opens(c.remote.Addr(), true, p.swarm.opt.Now()).Ends(p.swarm.opt.Now())
		return away
	}
	full := p.full(c)
	p.enter(c)
	if full {
		p.refused++
		p.swarm.counters.refused.Add(1)
		return crowded
	}
	return welcome
}

// enter registers a connection; parts is its end.
func (p *peer) enter(c *conn) {
	c.since = p.swarm.opt.Now()
	c.tally = p.ledger.Opens(c.remote.Addr(), !c.dialled, c.since)
	p.conns = append(p.conns, c)
	p.swarm.counters.conns.Add(1)
}

// knows says whether there is a conversation with this address.
func (p *peer) knows(ip netip.Addr) bool {
	return slices.ContainsFunc(p.conns, func(c *conn) bool { return c.remote.Addr() == ip })
}

// converse leads a conversation from the handshakes to its end. The one who
// dialled begins; encrypted it has begun already.
func (c *conn) converse() {
	done := make(chan struct{})
	go func() { defer close(done); c.write() }()
	if c.dialled && !c.encrypted {
		c.send(c.handshake())
	}
	rest, err := c.takeHandshake()
	if err == nil && !c.dialled {
		c.peer.hesitates()
		c.send(c.handshake())
	}
	switch {
	case err != nil:
		c.close()
	case c.peer.greets(c):
		c.read(rest)
		c.close()
	default:
		c.finish()
	}
	<-done
	c.peer.parts(c)
}

// hesitates waits for as long as the client may take to answer a handshake.
func (p *peer) hesitates() {
	p.mu.Lock()
	slow := p.within(p.plan.Client.Slow)
	p.mu.Unlock()
	if slow == 0 {
		return
	}
	select {
	case <-time.After(slow):
	case <-p.swarm.ctx.Done():
	}
}

func (c *conn) handshake() []byte {
	bits := peerwire.BitExt | peerwire.BitDHT
	if c.peer.plan.Client.Fast {
		bits |= peerwire.BitFast
	}
	h := peerwire.Handshake{Reserved: peerwire.Reserved(bits), InfoHash: c.peer.torrent.InfoHash, PeerID: c.peer.plan.ID}
	return h.Append(nil)
}

// parts is the end of a conversation.
func (p *peer) parts(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.swarm.opt.Now()
	c.tally.Ends(now)
	p.conns = slices.DeleteFunc(p.conns, func(other *conn) bool { return other == c })
	p.swarm.counters.conns.Add(-1)
	if t := p.contacts[c.contact]; t != nil && c.open {
		t.failures = 0
		t.due = now.Add(p.plan.Client.Redial + p.within(p.plan.Client.Redial/10))
	}
}
