package probe

import (
	"net/netip"
)

// maxEarly bounds the torrents, and the peers of each, that are kept for a
// torrent record to come.
const maxEarly = 1000

// Nameless is the number of peer records whose torrent nobody named. Call it
// after Work.
func (p *Probe) Nameless() int64 {
	n := p.forgotten
	for _, early := range p.early {
		n += int64(len(early))
	}
	return n
}

// add makes a peer known and says whether it is new.
func (p *Probe) add(t *torrent, addr netip.AddrPort) bool {
	addr = netip.AddrPortFrom(addr.Addr().Unmap(), addr.Port())
	if addr.Port() == 0 || !addr.Addr().IsValid() || p.total >= p.options.MaxPeers {
		return false
	}
	at := t.at(addr.Addr())
	if p.find(at, addr.Port()) != nil || len(p.peers[at]) >= maxPorts {
		return false
	}
	p.order++
	x := &peer{t: t, addr: addr, due: p.options.Now(), order: p.order}
	p.peers[at] = append(p.peers[at], x)
	p.total++
	p.unread.add(x)
	return true
}

// find is the peer at a port of an address, nil if it is not known.
func (p *Probe) find(at place, port uint16) *peer {
	for _, x := range p.peers[at] {
		if x.addr.Port() == port {
			return x
		}
	}
	return nil
}

// maxPorts bounds the ports of one address that are tried per torrent, so that
// nobody can aim us at a host.
const maxPorts = 4

func (p *Probe) unqueue(x *peer) {
	if x.state != waiting {
		return
	}
	if x.read {
		p.revisits.remove(x)
	} else {
		p.unread.remove(x)
	}
}

func (p *Probe) enqueue(x *peer) {
	x.state = waiting
	if x.read {
		p.revisits.add(x)
	} else {
		p.unread.add(x)
	}
}
