package swarm

import (
	"net/netip"
	"time"

	"btkit/pkg/lab/trackerd"
	"btkit/pkg/peerwire"
)

// PEX (BEP 11): who is told how often of how many.
const (
	pexEvery = time.Minute
	pexFirst = 50
	pexLater = 10
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
	var added, dropped []peerwire.PexPeer
	for _, m := range p.swarm.opt.Table.Choose(p.torrent.InfoHash, most, p.isNeighbour) {
		if !c.pexSent[m.Addr] {
			c.pexSent[m.Addr] = true
			added = append(added, peerwire.PexPeer{Addr: m.Addr, Flags: pexFlags(m)})
		}
	}
	for _, a := range p.swarm.opt.Table.Absent(p.torrent.InfoHash, c.pexSent) {
		delete(c.pexSent, a)
		dropped = append(dropped, peerwire.PexPeer{Addr: a})
	}
	if len(added)+len(dropped) > 0 && c.pexID > 0 {
		c.send(peerwire.AppendPex(nil, c.pexID, added, dropped))
	}
}

// hints is what others tell of the peer by PEX, without the flag of seeds.
func (p *peer) hints() (flags uint8) {
	for flag, has := range map[uint8]bool{
		peerwire.PexEncryption: p.plan.Encrypted || p.plan.Client.DialsEncrypted,
		peerwire.PexUTP:        p.speaksUTP(),
		peerwire.PexHolepunch:  p.plan.Client.HolepunchID > 0,
		peerwire.PexReachable:  p.plan.Reachable(),
	} {
		if has {
			flags |= flag
		}
	}
	return flags
}

func pexFlags(m trackerd.Member) uint8 {
	if m.Seed {
		return m.Flags | peerwire.PexSeed
	}
	return m.Flags
}

// meets notes where a visitor listens, so that the peer can dial it later.
func (p *peer) meets(c *conn, at netip.AddrPort) {
	c.contact = at
	if p.contacts[at] == nil {
		p.contacts[at] = &contact{}
	}
}
