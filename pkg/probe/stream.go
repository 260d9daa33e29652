package probe

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"time"

	"btkit/pkg/client"
	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/refusal"
	"btkit/pkg/tracker"
	"btkit/pkg/visit"
	"btkit/pkg/ways"
)

// take takes in a record of the stream.
func (p *Probe) take(r any) {
	switch r := r.(type) {
	case *record.Torrent:
		p.torrent(r)
	case *record.Peer:
		p.hearsay(r)
	case *record.Listen:
		p.listener(r)
	case *record.Visit:
		p.otherVisit(r)
	case *record.Progress:
		p.otherReading(r)
	}
}

// torrent adds a torrent or what is new about it. A hybrid torrent has two
// swarms (BEP 52).
func (p *Probe) torrent(r *record.Torrent) {
	t, ok := p.torrents[r.InfoHash]
	if !ok {
		made, err := visit.NewTorrent(r)
		if err != nil {
			return
		}
		t = p.swarm(made, nil)
		if twin := made.Twin(); twin != nil {
			p.swarm(twin, t)
		}
	}
	need := r.Need
	if p.options.Percent > 0 {
		need = p.need(r.Pieces)
	}
	t.Learn(r.Pieces, need, r.PieceBytes)
	for _, hash := range []string{r.InfoHash, fmt.Sprintf("%.40s", r.InfoHashV2)} {
		if swarm := p.torrents[hash]; swarm != nil {
			p.exchanges(swarm, r)
		}
	}
	for _, addr := range r.Peers {
		if to, err := netip.ParseAddrPort(addr); err == nil {
			p.add(t, to)
		}
	}
}

// exchanges decides whether peers may name other peers and trackers of a
// torrent: not of a private one (BEP 27).
func (p *Probe) exchanges(t *torrent, r *record.Torrent) {
	if r.Private != nil {
		t.private = *r.Private
	}
	switch known := t.trackers.Load(); {
	case t.private:
		t.trackers.Store(nil)
	case known == nil:
		t.trackers.Store(tracker.NewExchange(r.Trackers, p.options.Allow))
	default:
		known.Know(r.Trackers)
	}
}

// isPrivate ends exchange in all swarms of a torrent.
func (p *Probe) isPrivate(t *torrent) {
	for _, swarm := range p.torrents {
		if swarm.first == t.first {
			p.exchanges(swarm, &record.Torrent{Private: record.Bool(true)})
		}
	}
}

// swarm begins to follow a swarm, with the peers that were named before; first
// is the other swarm of a hybrid torrent, if there is one.
func (p *Probe) swarm(made *visit.Torrent, first *torrent) *torrent {
	t := &torrent{Torrent: made, first: first, number: uint64(len(p.torrents))}
	if first == nil {
		t.first = t
	}
	p.torrents[made.Hex()] = t
	for _, early := range p.early[made.Hex()] {
		p.hearsay(early)
	}
	delete(p.early, made.Hex())
	return t
}

// hearsay adds a peer that a source named. An incoming peer is only noted as
// engaged: the port of its connection is not where it listens.
func (p *Probe) hearsay(r *record.Peer) {
	t, ok := p.torrents[r.InfoHash]
	if !ok {
		if r.Source != "incoming" && len(p.early[r.InfoHash]) < maxEarly && len(p.early) < maxEarly {
			p.early[r.InfoHash] = append(p.early[r.InfoHash], r)
		} else {
			p.forgotten++
		}
		return
	}
	if r.Source == "incoming" {
		p.incoming(t.at(r.IP))
		return
	}
	p.add(t, netip.AddrPortFrom(r.IP, r.Port))
	if x := p.find(t.at(r.IP.Unmap()), r.Port); x != nil {
		x.hints |= hints(r)
		p.revive(x)
	}
}

// revive gives a peer that was given up another chance when a source still
// names it, as often as it takes to give it up.
func (p *Probe) revive(x *peer) {
	if now := p.options.Now(); x.state == gone && !p.options.Once && now.Sub(x.began) >= givenUp {
		x.failures, x.due = 0, now
		p.enqueue(x)
	}
}

// incoming notes that a peer has dialled us. Dialling it meanwhile is called
// off: it would see two connections.
func (p *Probe) incoming(at place) {
	p.inbound[at]++
	if x := p.active[at]; x != nil && x.cancel != nil && !p.options.Once {
		x.cancel()
	}
}

// hints are what a source says of a peer, as the flags of BEP 11.
func hints(r *record.Peer) (flags uint8) {
	if r.Flags != nil {
		flags = uint8(*r.Flags)
	}
	if r.Encryption != nil && *r.Encryption {
		flags |= peerwire.PexEncryption
	}
	return flags
}

// listener takes over the port and the peer id of the listener, so that peers
// see one host.
func (p *Probe) listener(r *record.Listen) {
	p.selfLock.Lock()
	defer p.selfLock.Unlock()
	p.selfNow.Port = r.Port
	if id, err := visit.ParseInfoHash(r.PeerID); err == nil {
		p.selfNow.PeerID = id
	}
	p.selfNow = p.selfNow.Prepared()
}

// otherReading takes over what the listener learnt of a peer.
func (p *Probe) otherReading(r *record.Progress) {
	t := p.torrents[r.InfoHash]
	if t == nil || r.Direction != visit.In || r.ListenPort == 0 {
		return
	}
	p.add(t, netip.AddrPortFrom(r.IP, r.ListenPort))
	x := p.find(t.at(r.IP), r.ListenPort)
	if x == nil || p.options.Once && x.state == gone {
		return
	}
	if x.state != busy && p.options.Once { // it has been read, and that is all of a round
		p.unqueue(x)
		x.state = gone
		return
	}
	p.unqueue(x)
	x.learn(visit.Reading{Have: r.Have, Pieces: r.Pieces, Need: r.Need, Settled: r.Settled, Complete: r.Complete,
		UploadOnly: r.UploadOnly != nil && *r.UploadOnly, SuperSeed: r.SuperSeed, PartialSeed: r.PartialSeed}, r.TS)
	if x.state == busy { // what is planned behind it goes by this reading
		return
	}
	x.failures = 0
	x.due = later(p.options.Now().Add(p.options.Revisit), x.afterReading(p.options.Now(), &p.options))
	p.enqueue(x)
}

// otherVisit notes that a conversation of the listener has ended.
func (p *Probe) otherVisit(r *record.Visit) {
	t := p.torrents[r.InfoHash]
	if t == nil || r.Direction != visit.In {
		return
	}
	at := t.at(r.IP)
	if p.inbound[at]--; p.inbound[at] <= 0 {
		delete(p.inbound, at)
	}
	if p.tried(at) {
		p.count.backs++
	}
	if now := p.options.Now(); r.TS.After(now) { // by the clock of another host
		r.TS = now
	}
	p.rest(at, r.TS)
	if x := p.find(at, r.ListenPort); x != nil {
		p.came(x, r)
	}
}

// rest leaves the peers at a place alone for a pause.
func (p *Probe) rest(at place, since time.Time) {
	for _, x := range p.peers[at] {
		if after := since.Add(x.pause()); x.state == waiting && x.due.Before(after) {
			p.unqueue(x)
			x.due = after
			p.enqueue(x)
		}
	}
}

// tried says whether a peer at this place was ever dialled.
func (p *Probe) tried(at place) bool {
	for _, x := range p.peers[at] {
		if x.attempts > 0 {
			return true
		}
	}
	return false
}

// came notes how a peer came to the listener.
func (p *Probe) came(x *peer, r *record.Visit) {
	way := ways.Over(r.Transport, r.Crypto != "plain")
	x.came = r.TS
	if id, err := hex.DecodeString(r.PeerID); err == nil && len(id) == 20 {
		x.habits = client.Of([20]byte(id), r.Client)
	}
	x.memory.Came(way)
	a := refusal.Attempt{At: r.TS, Session: r.Session, Outcome: outcome.Outcome(r.Outcome), Stage: r.Stage, Way: way, Incoming: true,
		Answered: true, Read: r.Have != nil}
	if a.Read {
		a.First, a.Have, a.Complete = *r.Have, *r.Have, *r.Have == r.Pieces
	}
	x.refused.Add(a)
}
