package swarm

import (
	"net/netip"
	"time"

	"btkit/pkg/benc"
	"btkit/pkg/lab/trackerd"
	"btkit/pkg/peerwire"
)

// PEX (BEP 11): who is told how often of how many.
const (
	pexEvery = time.Minute
	pexFirst = 50
	pexLater = 10
	flagSeed = 0x02
	flagOpen = 0x10
)

// exchangePeers sends the visitor some members of the swarm it has not been told
// of, and takes back those that have gone; then again every minute.
func (c *conn) exchangePeers() {
	p := c.peer
	p.mu.Lock()
	defer p.mu.Unlock()
	if c.isClosed() {
		return
	}
	p.swarm.agenda.after(pexEvery, c.exchangePeers)
	most := pexLater
	if len(c.pexSent) == 0 {
		most = pexFirst
	}
	var added, flags, dropped []byte
	for _, m := range p.swarm.opt.Table.Sample(p.torrent.InfoHash, most, p.addr()) {
		if !c.pexSent[m.Addr] {
			c.pexSent[m.Addr] = true
			added, flags = trackerd.AppendCompact(added, m.Addr), append(flags, pexFlags(m))
		}
	}
	for _, a := range p.swarm.opt.Table.Absent(p.torrent.InfoHash, c.pexSent) {
		delete(c.pexSent, a)
		dropped = trackerd.AppendCompact(dropped, a)
	}
	c.sendPEX(added, flags, dropped)
}

func pexFlags(m trackerd.Member) (flags byte) {
	if m.Seed {
		flags |= flagSeed
	}
	if m.Open {
		flags |= flagOpen
	}
	return flags
}

func (c *conn) sendPEX(added, flags, dropped []byte) {
	if len(added)+len(dropped) == 0 || c.pexID == 0 {
		return
	}
	b, err := benc.Encode(map[string]string{"added": string(added), "added.f": string(flags), "dropped": string(dropped)})
	if err == nil {
		c.send(peerwire.AppendExtended(nil, c.pexID, b))
	}
}

// meets notes where a visitor listens, so that the peer can dial it later.
func (p *peer) meets(c *conn, at netip.AddrPort) {
	c.contact = at
	if p.contacts[at] == nil {
		p.contacts[at] = &contact{}
	}
}
