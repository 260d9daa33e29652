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
	h, rest, err := l.read(conn)
	if err != nil {
		l.count(outcome.Of(err))
		conn.Close()
		return
	}
	t := l.find(h.InfoHash)
	if t == nil {
		l.count(outcome.UnknownHash)
		conn.Close()
		return
	}
	v := visit.New(visit.Start{Torrent: t.Torrent, Addr: addr, Session: l.session.Add(1), Direction: visit.In,
		Transport: "tcp", At: began, Rules: l.options.Rules})
	v.Connected(l.options.Now())
	host := &host{l: l, t: t}
	c := talk.New(conn, v, l.self(conn), l.options.Manner, host)
	l.begin(c)
	l.put(&record.Peer{InfoHash: t.Hex(), IP: addr.Addr(), Port: addr.Port(), Source: "incoming"})
	how := c.Answer(h, rest)
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
func (l *Listener) self(conn net.Conn) talk.Self {
	self := talk.Self{PeerID: l.options.PeerID, Client: l.options.Client}
	if local, err := netip.ParseAddrPort(conn.LocalAddr().String()); err == nil {
		self.Port = local.Port()
	}
	return self
}

// host hears what comes of a conversation.
type host struct {
	l *Listener
	t *torrent
}

func (h *host) Told(_ *talk.Conversation, r *record.Progress) { h.l.put(r) }

// Silent holds on: a peer without pieces may say nothing for long.
func (h *host) Silent(*talk.Conversation) bool { return true }

// Exchanged tells the stream of addresses that are new to this listener.
func (h *host) Exchanged(c *talk.Conversation, peers []peerwire.PexPeer) {
	if h.t.private {
		return
	}
	for _, p := range peers {
		if !h.isNew(p.Addr) {
			continue
		}
		h.l.put(&record.Peer{InfoHash: h.t.Hex(), IP: p.Addr.Addr(), Port: p.Addr.Port(), Source: "pex",
			Via: c.Visit.Addr().String(), Flags: record.Int(int64(p.Flags)), Seed: record.Bool(p.Flags&2 != 0)})
	}
}

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
	h.t.Learn(found.Pieces, h.l.need(found.Pieces, 0), found.PieceBytes)
	for _, r := range found.Records() {
		r.Need = h.t.Need()
		h.l.put(r)
	}
	return true
}
