package swarm

import (
	"errors"
	"net/netip"
	"time"

	"btkit/pkg/benc"
	"btkit/pkg/peerwire"
)

// errEnough ends a conversation for what the visitor did.
var errEnough = errors.New("conversation ended by the peer")

// The numbers that peers ask visitors to use are those of their client; the
// handshake has number 0.
const extensionHandshake = 0

var extensionLimits = benc.Limits{Depth: 8, Nodes: 1024}

// hear answers one message of the visitor.
func (c *conn) hear(m peerwire.Message) error {
	p := c.peer
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.awaits {
		c.awaits = false
		c.catchUp()
	}
	switch m.ID {
	case peerwire.KeepAlive:
		c.tally.KeepAlive(p.swarm.opt.Now())
	case peerwire.Interested:
		c.interested = true
		if p.plan.Client.Unchokes {
			c.send(peerwire.AppendUnchoke(nil))
		}
	case peerwire.HaveNone:
		if !c.fast {
			return errEnough
		}
	case peerwire.HaveAll:
		if p.seed() && p.plan.Client.DropsUploadOnly {
			return errEnough
		}
	case peerwire.Request:
		p.swarm.counters.requests.Add(1)
		if c.fast {
			c.send(peerwire.AppendRejectRequest(nil, m.Index, m.Begin, m.Length))
		}
	case peerwire.Extended:
		return c.hearExtended(m)
	}
	return nil
}

func (c *conn) hearExtended(m peerwire.Message) error {
	client := &c.peer.plan.Client
	switch int(m.Ext) {
	case extensionHandshake:
		return c.hearExtension(m.Payload)
	case client.MetadataID:
		c.serveMetadata(m.Payload)
	case client.HolepunchID:
		c.introduces(m.Payload)
	case client.UploadOnlyID:
		if client.DropsUploadOnly && len(m.Payload) == 1 && m.Payload[0] != 0 {
			return errEnough
		}
	}
	return nil
}

// hearExtension takes from the visitor's extension handshake which messages it
// understands, by which numbers, and where it listens.
func (c *conn) hearExtension(payload []byte) error {
	v, _, _, err := benc.Parse(payload, extensionLimits)
	if err != nil {
		return nil
	}
	for name, id := range map[string]*uint8{"ut_metadata": &c.metadataID, "ut_pex": &c.pexID,
		"upload_only": &c.uploadOnlyID, "lt_donthave": &c.dontHaveID, "ut_holepunch": &c.holepunchID, "lt_tex": &c.texID} {
		if n, ok := v.Get("m").Get(name).Int(); ok && n >= 0 && n < 256 {
			*id = uint8(n)
		}
	}
	if n, _ := v.Get("upload_only").Int(); n == 1 && c.peer.plan.Client.DropsUploadOnly {
		return errEnough
	}
	if port, _ := v.Get("p").Int(); port > 0 && port < 1<<16 && !c.contact.IsValid() {
		c.peer.meets(c, netip.AddrPortFrom(c.remote.Addr(), uint16(port)))
	}
	c.tellsTrackers()
	if c.pexID > 0 && c.pexSent == nil && c.peer.plan.Client.PexID > 0 {
		c.pexSent = map[netip.AddrPort]bool{}
		c.peer.swarm.agenda.after(c.peer.within(time.Second), c.exchangePeers)
	}
	return nil
}
