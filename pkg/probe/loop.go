package probe

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

// counters since the start.
type counters struct {
	ok       int64
	outcomes map[string]int64
	changed  bool
	talk     time.Duration // mean length of a visit that was not held
	ends     int64         // visits ended

	// What pace was measured at, and how many visits ended per second since
	// then, 0 while unknown.
	paceAt   time.Time
	paceEnds int64
	pace     float64
}

// paceSpan is how long visits are counted to know their pace.
const paceSpan = 10 * time.Second

// measure updates the pace at which visits end.
func (c *counters) measure(now time.Time) {
	span := now.Sub(c.paceAt)
	switch {
	case c.paceAt.IsZero():
		c.paceAt = now
	case span >= paceSpan:
		c.pace = float64(c.ends-c.paceEnds) / span.Seconds()
		c.paceAt, c.paceEnds = now, c.ends
	}
}

// idle is how long the loop sleeps when nothing is due.
const idle = time.Minute

// inboundPause is how long a peer that talks to our listener is left alone.
const inboundPause = 30 * time.Second

// busyPause is how long to wait for another conversation at the same address.
const busyPause = 10 * time.Second

// dispatch starts what is due and fits.
func (p *Probe) dispatch(ctx context.Context) {
	now := p.options.Now()
	p.makeRoom(now)
	for p.running < p.options.Slots {
		q := p.nextQueue(now)
		if q == nil || p.pace.Next(now) > 0 {
			return
		}
		x := q.take()
		if wait := p.mustWait(x); wait > 0 {
			x.due = now.Add(wait)
			q.add(x)
			continue
		}
		p.start(ctx, x, now)
	}
}

// nextQueue is where the next visit comes from: peers without a reading first.
func (p *Probe) nextQueue(now time.Time) *queue {
	switch {
	case p.unread.isDue(now):
		return &p.unread
	case p.revisits.isDue(now):
		return &p.revisits
	}
	return nil
}

// mustWait says for how long a peer may not be dialled yet: another
// conversation with its address is open, or its network is at its limit.
func (p *Probe) mustWait(x *peer) time.Duration {
	switch {
	case p.inbound[x.place()] > 0:
		return inboundPause
	case p.active[x.place()] != nil, !p.nets.Enter(x.addr.Addr()):
		return time.Duration(float64(busyPause) * (0.5 + p.options.Roll()))
	}
	return 0
}

func (p *Probe) start(ctx context.Context, x *peer, now time.Time) {
	p.pace.Take(now) // there is one: asked before
	x.state, x.began, x.stop, x.held, x.conv = busy, now, false, false, nil
	x.attempts++
	p.session++
	p.active[x.place()] = x
	p.running++
	t := &talker{probe: p, p: x, n: x.attempts, session: p.session}
	p.wait.Add(1)
	go func() {
		defer p.wait.Done()
		t.run(ctx)
	}()
}

// untilNext is how long the loop may sleep.
func (p *Probe) untilNext() time.Duration {
	if p.stopping {
		return idle
	}
	full := p.running >= p.options.Slots
	wait := idle
	now := p.options.Now()
	for _, q := range []queue{p.unread, p.revisits} {
		if x := q.first(); x != nil && (!full || x.due.After(now)) {
			wait = min(wait, x.due.Sub(now))
		}
	}
	pace := p.pace.Next(now)
	switch {
	case full && p.othersWait(now) && pace > 0: // then room is made
		return min(wait, pace)
	case full: // what is due waits for an event
		return wait
	}
	return max(wait, pace, 0)
}

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
		if swarm := p.torrents[hash]; swarm != nil && r.Private != nil {
			swarm.private = *r.Private
		}
	}
	for _, addr := range r.Peers {
		if to, err := netip.ParseAddrPort(addr); err == nil {
			p.add(t, to)
		}
	}
}

// swarm begins to follow a swarm, with the peers that were named before; first
// is the other swarm of a hybrid torrent, if there is one.
func (p *Probe) swarm(made *visit.Torrent, first *torrent) *torrent {
	t := &torrent{Torrent: made, first: first}
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
		if len(p.early[r.InfoHash]) < maxEarly && len(p.early) < maxEarly {
			p.early[r.InfoHash] = append(p.early[r.InfoHash], r)
		} else {
			p.forgotten++
		}
		return
	}
	if r.Source == "incoming" {
		p.inbound[t.at(r.IP)]++
		return
	}
	p.add(t, netip.AddrPortFrom(r.IP, r.Port))
}

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
	if addr.Port() == 0 || !addr.Addr().IsValid() || p.known >= p.options.MaxPeers {
		return false
	}
	at := t.at(addr.Addr())
	if p.find(at, addr.Port()) != nil || len(p.peers[at]) >= maxPorts {
		return false
	}
	p.order++
	x := &peer{t: t, addr: addr, due: p.options.Now(), order: p.order}
	p.peers[at] = append(p.peers[at], x)
	p.known++
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
	if x == nil || x.state == busy || p.options.Once && x.state == gone {
		return
	}
	p.unqueue(x)
	if p.options.Once { // it has been read, and that is all of a round
		x.state = gone
		return
	}
	x.learn(visit.Reading{Have: r.Have, Pieces: r.Pieces, Need: r.Need, Settled: r.Settled, Complete: r.Complete,
		UploadOnly: r.UploadOnly != nil && *r.UploadOnly, SuperSeed: r.SuperSeed}, r.TS)
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
}

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

// apply takes in what a conversation tells.
func (p *Probe) apply(e event) {
	x := e.p
	switch {
	case e.conv != nil:
		x.conv = e.conv
		if x.stop {
			x.conv.Leave()
		}
	case e.reading != nil:
		p.settled(x, *e.reading, e.at)
	case e.silent:
		p.silent(x)
	case e.ended:
		p.ended(x, e)
	case e.peers != nil:
		p.exchanged(x, e)
	}
}

func (p *Probe) ended(x *peer, e event) {
	delete(p.active, x.place())
	delete(p.held, x)
	if p.options.PerNet > 0 {
		p.nets.Leave(x.addr.Addr())
	}
	p.running--
	if x.stop {
		p.leaving--
	}
	held := x.held
	x.conv, x.held = nil, false
	p.count.outcomes[string(e.how)]++
	p.count.ends++
	p.count.changed = true
	if e.stage == visit.StageSettled {
		p.count.ok++
	}
	if !held {
		p.count.talk += (e.at.Sub(x.began) - p.count.talk) / 16
	}
	x.due = x.next(p.options.Now(), e.how, e.stage, &p.options)
	if p.options.Once && e.how != outcome.LocalError || fatal(e.how) || x.isGone(e.at) {
		x.state = gone
		return
	}
	p.enqueue(x)
}

// exchanged adds the peers that a peer named and tells the stream of new ones.
func (p *Probe) exchanged(x *peer, e event) {
	if x.t.private { // its peers come from its trackers alone (BEP 27)
		return
	}
	for _, heard := range e.peers {
		if !p.add(x.t, heard.Addr) {
			continue
		}
		p.put(&record.Peer{InfoHash: x.t.Hex(), IP: heard.Addr.Addr(), Port: heard.Addr.Port(), Source: "pex",
			Via: x.addr.String(), Flags: record.Int(int64(heard.Flags)), Seed: record.Bool(heard.Flags&2 != 0)})
	}
}
