package listen

import (
	"net"
	"net/netip"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/talk"
	"btkit/pkg/visit"
)

// maxFetching is how many conversations of a torrent fetch its metadata at
// once.
const maxFetching = 3

// maxKnown bounds the addresses heard by peer exchange that are remembered per
// torrent.
const maxKnown = 1 << 16

// answer leads one conversation that a peer began.
func (l *Listener) answer(conn net.Conn, addr netip.AddrPort) {
	began := l.options.Now()
	g, err := l.greet(conn)
	if err != nil {
		l.count(outcome.Of(err))
		turnAway(conn)
		return
	}
	t := l.find(g.theirs.InfoHash)
	if t == nil {
		l.count(outcome.UnknownHash)
		turnAway(conn)
		return
	}
	v := visit.New(visit.Start{Torrent: t.Torrent, Addr: addr, Session: l.session.Add(1), Direction: visit.In,
		Transport: transport(conn), Crypto: g.crypto, At: began, Rules: l.options.Rules})
	v.Connected(l.options.Now())
	v.Moved(g.rx, g.tx)
	local := talk.Local(conn)
	v.Local(talk.Ranked(local, addr))
	host := &host{l: l, t: t}
	c := talk.New(g.stream, v, l.self(local), l.options.Manner, host)
	l.begin(c)
	l.put(&record.Peer{InfoHash: t.Hex(), IP: addr.Addr(), Port: addr.Port(), Source: "incoming"})
	how := c.Answer(g.theirs, g.rest)
	readings, end := v.End(l.options.Now(), how)
	for _, r := range readings {
		host.Told(c, r)
	}
	if !l.options.Gaps {
		end.GapMS = 0
	}
	if end.Stage == visit.StageSettled {
		l.settled.Add(1)
	}
	l.put(end)
	l.end(c, string(how))
}

// self is how we answer on this connection: the port is the one that was
// dialled.
func (l *Listener) self(local netip.AddrPort) talk.Self {
	return talk.Self{PeerID: l.options.PeerID, Client: l.options.Client, Port: local.Port()}
}

// transport names what a connection runs over, as visit records do.
func transport(conn net.Conn) string {
	if conn.LocalAddr().Network() == "udp" {
		return "utp"
	}
	return "tcp"
}

// host hears what comes of a conversation.
type host struct {
	l *Listener
	t *torrent
}

func (h *host) Told(_ *talk.Conversation, r *record.Progress) { h.l.put(r) }

// Silent holds on as long as there is room: a peer without pieces may say
// nothing for long.
func (h *host) Silent(*talk.Conversation) bool { return h.l.hasRoom() }

// Exchanged tells the stream of addresses that are new to this listener; not of
// a private torrent (BEP 27).
func (h *host) Exchanged(c *talk.Conversation, peers []peerwire.PexPeer) {
	if h.t.private.Load() {
		return
	}
	for _, p := range peers {
		if !h.isNew(p.Addr) {
			continue
		}
		h.l.put(talk.Hearsay(h.t.Torrent, p, c.Visit.Addr()))
	}
}

// Trackers tells the stream of trackers that are new (BEP 28).
func (h *host) Trackers(c *talk.Conversation, urls []string) {
	if h.t.private.Load() {
		return
	}
	if fresh := h.t.trackers.Offer(c.Visit.Addr().Addr(), urls); len(fresh) > 0 {
		h.l.put(talk.Trackers(h.t.Torrent, fresh))
	}
}

// Introduced is for those that ask for introductions, which the listener does
// not: whom a relay sends to us is simply taken.
func (h *host) Introduced(*talk.Conversation, peerwire.Holepunch) {}

func (h *host) isNew(addr netip.AddrPort) bool {
	h.t.mu.Lock()
	defer h.t.mu.Unlock()
	if _, ok := h.t.known[addr]; ok || len(h.t.known) >= maxKnown {
		return false
	}
	h.t.known[addr] = struct{}{}
	return true
}

func (h *host) WantMetadata(*talk.Conversation) bool {
	h.t.mu.Lock()
	defer h.t.mu.Unlock()
	if h.t.fetching >= maxFetching {
		return false
	}
	h.t.fetching++
	return true
}

// Metadata verifies an info dictionary by its hash and tells the stream.
func (h *host) Metadata(_ *talk.Conversation, info []byte) bool {
	h.t.mu.Lock()
	defer h.t.mu.Unlock()
	h.t.fetching--
	if info == nil || h.t.Pieces() > 0 {
		return info != nil
	}
	found, err := talk.Verify(h.t.Torrent, info)
	if err != nil {
		return false
	}
	if found.Private != nil {
		h.t.private.Store(*found.Private)
	}
	h.t.Learn(found.Pieces, h.l.need(found.Pieces, 0), found.PieceBytes)
	for _, r := range found.Records() {
		r.Need = h.t.Need()
		h.l.put(r)
	}
	return true
}
