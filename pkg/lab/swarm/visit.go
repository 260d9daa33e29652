package swarm

import (
	"errors"
	"net"
	"net/netip"
	"slices"
	"time"

	"btkit/pkg/lab/script"
	"btkit/pkg/peerwire"
)

var errOtherTorrent = errors.New("handshake: other torrent")

// visited is an incoming connection, from its first byte to its last.
func (p *peer) visited(nc net.Conn) {
	c := newConn(p, nc)
	if p.plan.Role == script.Hostile {
		p.attack(c)
		return
	}
	if !p.admits(c) {
		c.close()
		return
	}
	c.converse(false)
}

// admits decides before the first byte.
func (p *peer) admits(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.visits++
	if !p.here || p.plan.Busy && p.visits%2 == 1 || p.plan.Client.OneByIP && p.knows(c.remote.Addr()) {
		return false
	}
	p.conns = append(p.conns, c)
	p.swarm.counters.conns.Add(1)
	return true
}

// knows says whether there is a conversation with this address.
func (p *peer) knows(ip netip.Addr) bool {
	return slices.ContainsFunc(p.conns, func(c *conn) bool { return c.remote.Addr() == ip })
}

// converse leads a conversation from the handshakes to its end. The one who
// dialled begins.
func (c *conn) converse(begin bool) {
	done := make(chan struct{})
	go func() { defer close(done); c.write() }()
	if begin {
		c.send(c.handshake())
	}
	rest, err := c.takeHandshake()
	if err == nil && !begin {
		c.send(c.handshake())
	}
	if err == nil && c.peer.greets(c) {
		c.read(rest)
	}
	c.close()
	<-done
	c.peer.parts(c)
}

func (c *conn) handshake() []byte {
	bits := peerwire.BitExt | peerwire.BitDHT
	if c.peer.plan.Client.Fast {
		bits |= peerwire.BitFast
	}
	h := peerwire.Handshake{Reserved: peerwire.Reserved(bits), InfoHash: c.peer.torrent.InfoHash, PeerID: c.peer.plan.ID}
	return h.Append(nil)
}

// takeHandshake reads the visitor's handshake and gives the bytes behind it.
func (c *conn) takeHandshake() (rest []byte, err error) {
	if err := c.net.SetReadDeadline(time.Now().Add(handshakeTime)); err != nil {
		return nil, err
	}
	var d peerwire.HandshakeDecoder
	buf := make([]byte, readBuffer)
	for {
		n, readErr := c.net.Read(buf)
		if rest, err = d.Feed(buf[:n]); err != nil {
			return nil, err
		}
		if h, ok := d.Handshake(); ok {
			c.theirs = h
			break
		}
		if readErr != nil {
			return nil, readErr
		}
	}
	if c.theirs.InfoHash != c.peer.torrent.InfoHash {
		return nil, errOtherTorrent
	}
	return rest, nil
}

// parts is the end of a conversation.
func (p *peer) parts(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = slices.DeleteFunc(p.conns, func(other *conn) bool { return other == c })
	p.swarm.counters.conns.Add(-1)
	if t := p.contacts[c.contact]; t != nil && c.open {
		t.failures = 0
		t.due = p.swarm.opt.Now().Add(p.plan.Client.Redial + p.within(p.plan.Client.Redial/10))
	}
}
