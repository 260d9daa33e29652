package talk

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/visit"
)

// feed takes in bytes of the peer.
func (c *Conversation) feed(b []byte) error {
	c.rx += int64(len(b))
	if c.rx > budget+c.extra+10*c.Visit.Torrent().Pieces() {
		return outcome.Fail(outcome.TooLarge, fmt.Errorf("%d bytes received", c.rx))
	}
	at := c.now()
	return c.decoder.Feed(b, func(m peerwire.Message) error { return c.hear(at, m) })
}

func (c *Conversation) hear(at time.Time, m peerwire.Message) error {
	if err := c.Visit.Hear(at, m); err != nil {
		return err
	}
	// Every announcement is told at its own time, so a crossing is not lost
	// among the messages of one read.
	c.tell(at)
	switch {
	case m.ID == peerwire.Request:
		return c.reject(m)
	case m.ID == peerwire.Extended && m.Ext == visit.ExtPex && c.pex.take(at):
		c.exchange(m.Payload)
	case m.ID == peerwire.Extended && m.Ext == visit.ExtMetadata:
		return c.metadata(m.Payload)
	case m.ID == peerwire.Extended && m.Ext == visit.ExtTex && c.tex.take(at):
		c.exchangeTrackers(m.Payload)
	case m.ID == peerwire.Extended && m.Ext == visit.ExtHolepunch:
		c.introduced(m.Payload)
	case m.ID == peerwire.Extended && m.Ext == 0:
		return c.maybeFetch()
	}
	return nil
}

// exchange hands on the addresses that the peer passes on, our own left out; what
// cannot be read is nothing.
func (c *Conversation) exchange(payload []byte) {
	pex, err := peerwire.ParsePex(payload, anyAddr)
	if err != nil {
		return
	}
	pex.Added = slices.DeleteFunc(pex.Added, c.ours())
	if len(pex.Added) > 0 {
		c.host.Exchanged(c, pex.Added)
	}
}

// ours recognises us among the peers that somebody names: Transmission names us
// to ourselves, by the port of the connection. Where it sees us at another
// address than our own (NAT), all ports of that one are ours.
func (c *Conversation) ours() func(peerwire.PexPeer) bool {
	local, external := c.LocalAddr(), c.Visit.Ext().ExternalIP.Unmap()
	return func(p peerwire.PexPeer) bool {
		ip, port := p.Addr.Addr().Unmap(), p.Addr.Port()
		switch {
		case ip != local.Addr() && (ip != external || !external.IsValid()):
			return false
		case ip != local.Addr() && !local.Addr().IsUnspecified():
			return true
		}
		return port == local.Port() || port == c.self.Port
	}
}

// maxTrackers bounds the trackers that are taken from one message.
const maxTrackers = 50

// exchangeTrackers hands on the trackers that the peer passes on (BEP 28).
func (c *Conversation) exchangeTrackers(payload []byte) {
	if urls, err := peerwire.ParseTex(payload, maxTrackers); err == nil && len(urls) > 0 {
		c.host.Trackers(c, urls)
	}
}

// maxRejects bounds our answers to a peer that keeps asking.
const maxRejects = 64

// reject answers a request, once each, where the fast extension asks for it
// (BEP 6).
func (c *Conversation) reject(m peerwire.Message) error {
	c.rejected++
	if !c.Visit.Handshake().Fast() || c.rejected > maxRejects {
		return nil
	}
	return c.write(peerwire.AppendRejectRequest(nil, m.Index, m.Begin, m.Length))
}

// anyAddr leaves the choice of addresses to the host, which knows our policy.
func anyAddr(netip.Addr) bool { return true }
