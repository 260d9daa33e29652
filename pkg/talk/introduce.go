package talk

import (
	"net/netip"

	"btkit/pkg/peerwire"
)

// Introduce asks the peer to introduce us to another one that it is connected
// to (BEP 55); the host hears the answer. It is false when another question
// is on its way. It may be called from anywhere.
func (c *Conversation) Introduce(to netip.AddrPort) bool {
	if !c.asked.CompareAndSwap(nil, &to) {
		return false
	}
	if c.greeted.Load() {
		c.wake()
	}
	return true
}

// introduce asks what Introduce left for us to ask.
func (c *Conversation) introduce() error {
	to := c.asked.Swap(nil)
	if to == nil {
		return nil
	}
	id := c.Visit.Ext().HolepunchID
	if id == 0 {
		c.host.Introduced(c, peerwire.Holepunch{Kind: peerwire.HolepunchError, Addr: *to, Err: peerwire.HolepunchNoSupport})
		return nil
	}
	return c.write(peerwire.AppendHolepunch(nil, id, peerwire.Holepunch{Kind: peerwire.HolepunchRendezvous, Addr: *to}))
}

// introduced hands on what a relay says; what cannot be read is nothing.
func (c *Conversation) introduced(payload []byte) {
	h, err := peerwire.ParseHolepunch(payload)
	if err == nil && h.Kind != peerwire.HolepunchRendezvous { // we introduce nobody
		c.host.Introduced(c, h)
	}
}

// LocalAddr is our side of the connection, not valid if unknown.
func (c *Conversation) LocalAddr() netip.AddrPort { return Local(c.conn) }
