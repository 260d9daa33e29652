package swarm

import (
	"time"

	"btkit/pkg/benc"
	"btkit/pkg/lab/script"
	"btkit/pkg/peerwire"
)

// greets sends what a client says unasked after the handshakes: extension
// handshake, pieces, and what its kind adds. It says false if the visitor is one
// connection too many.
func (p *peer) greets(c *conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	client := &p.plan.Client
	if c.full {
		return false
	}
	for _, other := range p.conns {
		if client.OneByID && other != c && other.open && other.theirs.PeerID == c.theirs.PeerID {
			return false
		}
	}
	if !p.here {
		return false
	}
	if p.met.IsZero() {
		p.met = p.swarm.opt.Now()
		p.swarm.counters.met.Add(1)
	}
	c.open, c.since = true, p.swarm.opt.Now()
	c.tally.Talks()
	c.fast = client.Fast && c.theirs.Fast()
	c.awaits = client.AwaitsMessage
	var b []byte
	if c.theirs.Ext() {
		b = peerwire.AppendExtended(b, 0, p.extension(c))
	}
	b = p.state(c, b)
	for n := range client.AllowedFast {
		if c.fast {
			b = peerwire.AppendAllowedFast(b, uint32(n*7%p.torrent.Pieces))
		}
	}
	if client.Unchokes && p.chance.IntN(2) == 0 {
		b = peerwire.AppendUnchoke(b)
	}
	c.send(b)
	p.keep(c)
	return true
}

// extension is the peer's extension handshake (BEP 10).
func (p *peer) extension(c *conn) []byte {
	client := &p.plan.Client
	m := map[string]int{"ut_metadata": client.MetadataID}
	for name, id := range map[string]int{"ut_pex": client.PexID, "upload_only": client.UploadOnlyID, "lt_donthave": client.DontHaveID,
		"ut_holepunch": client.HolepunchID} {
		if id > 0 {
			m[name] = id
		}
	}
	h := map[string]any{"m": m, "v": client.Version, "metadata_size": len(p.torrent.Info), "reqq": client.Queue,
		"yourip": string(c.remote.Addr().AsSlice())}
	if c.contact.IsValid() {
		h["p"] = int(p.port)
	}
	if p.wantsNothing() {
		h["upload_only"] = 1
	}
	if p.plan.Encrypted || client.DialsEncrypted {
		h["e"] = 1
	}
	if p.plan.Tex {
		m["lt_tex"], h["tr"] = texID, p.swarm.texHash()
	}
	b, err := benc.Encode(h)
	if err != nil {
		return []byte("de")
	}
	return b
}

// wantsNothing is BEP 21: complete, or content with what it has. A super-seed
// keeps it to itself.
func (p *peer) wantsNothing() bool {
	return p.plan.Client.UploadOnlyID > 0 && (p.plan.Role == script.PartialSeed || p.seed() && p.plan.Role != script.SuperSeed)
}

// state tells the visitor which pieces the peer has, the way its client does.
func (p *peer) state(c *conn, b []byte) []byte {
	if p.plan.Role == script.SuperSeed {
		return p.pretend(c, b)
	}
	told := p.have
	late := min(p.plan.Withhold, p.have/2)
	if late == 0 && p.plan.Early && p.have > 1 {
		b = peerwire.AppendHave(b, p.piece(p.have-1))
		told--
	}
	c.told = p.have
	switch {
	case c.fast && p.seed() && late == 0:
		b = peerwire.AppendHaveAll(b)
	case c.fast && p.have == 0:
		b = peerwire.AppendHaveNone(b)
	case p.have > 0:
		b = peerwire.AppendBitfield(b, p.bits(told-late))
	case p.plan.Client.AwaitsMessage:
		b = peerwire.AppendKeepAlive(b)
	}
	return p.holdBack(c, b, late)
}

// pretend is a super-seed (BEP 16): it has nothing, then one piece.
func (p *peer) pretend(c *conn, b []byte) []byte {
	if c.fast {
		b = peerwire.AppendHaveNone(b)
	}
	index := uint32(p.chance.IntN(p.torrent.Pieces))
	c.told = p.have
	p.swarm.agenda.after(p.within(500*time.Millisecond), func() { c.send(peerwire.AppendHave(nil, index)) })
	return b
}

// holdBack tells of the last pieces by HAVEs: at once, or with gaps that stay
// below the three seconds after which a reading counts as settled.
func (p *peer) holdBack(c *conn, b []byte, late int) []byte {
	gap := p.plan.Client.LazyGap
	var after time.Duration
	for n := p.have - late; n < p.have; n++ {
		have := peerwire.AppendHave(nil, p.piece(n))
		if gap == 0 {
			b = append(b, have...)
			continue
		}
		after += p.within(gap)
		p.swarm.agenda.after(after, func() { c.send(have) })
	}
	return b
}

func (p *peer) piece(n int) uint32 { return uint32(p.plan.Piece(n, p.torrent.Pieces)) }

// bits is the bitfield of the first n pieces of the peer's order.
func (p *peer) bits(n int) []byte {
	b := make([]byte, (p.torrent.Pieces+7)/8)
	for i := range n {
		k := p.piece(i)
		b[k/8] |= 0x80 >> (k % 8)
	}
	return b
}

// keep plans the end of the conversation, if the client has one in mind, and
// what is to be said meanwhile.
func (p *peer) keep(c *conn) {
	if idle := p.plan.Client.Idle; idle > 0 {
		p.swarm.agenda.after(idle+p.within(idle/20), func() { p.tires(c) })
	}
	p.swarm.agenda.after(110*time.Second, func() { p.breathe(c) })
}

// tires ends a conversation without payload.
func (p *peer) tires(c *conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	longer := p.plan.Client.IdleInterested - p.swarm.opt.Now().Sub(c.since)
	if c.interested && longer > 0 {
		p.swarm.agenda.after(longer, func() { p.tires(c) })
		return
	}
	c.close()
}

// breathe sends a keep-alive every 110 s, as long as the conversation lasts.
func (p *peer) breathe(c *conn) {
	if c.isClosed() {
		return
	}
	c.send(peerwire.AppendKeepAlive(nil))
	p.swarm.agenda.after(110*time.Second, func() { p.breathe(c) })
}
