package probe

import (
	"context"
	"net"
	"net/netip"
	"time"

	"btkit/pkg/client"
	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/talk"
	"btkit/pkg/visit"
	"btkit/pkg/ways"
)

// maxFetching is how many conversations of a torrent fetch its metadata at
// once.
const maxFetching = 3

// event is what a conversation tells the loop.
type event struct {
	p       *peer
	conv    *talk.Conversation // began
	reading *visit.Reading     // a settled reading
	at      time.Time
	silent  bool // says nothing about its pieces
	how     outcome.Outcome
	end     *record.Visit // ended
	habits  *client.Habits
	rate    float64 // pieces per second at the end, if paced
	paced   bool
	peers   []peerwire.PexPeer // heard
	answer  *peerwire.Holepunch
	private bool // the torrent, by its metadata
}

// talker runs one attempt at a peer; it is the conversation's host.
type talker struct {
	probe   *Probe
	p       *peer
	n       int64
	session uint64
	way     ways.Way
	by      *relayed // nil when the peer is dialled
	dialled func()   // to be called when dialling is over, or the context of all would remember it
}

// relayed is how we were introduced to a peer: by whom, and from which of our
// addresses we have to come.
type relayed struct{ by, from netip.AddrPort }

// run dials and talks, and reports the end. While a conversation is held it
// waits below here: what is done before and after has its own functions, so
// that it leaves nothing on the stack.
func (t *talker) run(ctx, dialling context.Context) {
	v := t.begin()
	t.end(v, t.talk(ctx, dialling, v))
}

func (t *talker) begin() *visit.Conversation {
	o := &t.probe.options
	start := visit.Start{Torrent: t.p.t.Torrent, Addr: t.p.addr, Session: t.session, Direction: visit.Out,
		N: t.n, Transport: t.way.Transport(), Crypto: "plain", At: o.Now(), Rules: o.Rules}
	if t.way.Encrypted() {
		start.Crypto = "rc4" // what is asked for, until something is agreed on
	}
	if t.by != nil {
		start.Relay = t.by.by.String()
	}
	return visit.New(start)
}

func (t *talker) end(v *visit.Conversation, how outcome.Outcome) {
	at := t.probe.options.Now()
	readings, end := v.End(at, how)
	for _, r := range readings {
		t.Told(nil, r)
	}
	if !t.probe.options.Gaps {
		end.GapMS = 0
	}
	e := event{p: t.p, how: how, end: end, at: at}
	e.rate, e.paced = v.Rate()
	if end.PeerID != "" {
		e.habits = client.Of(v.Handshake().PeerID, v.Client())
	}
	t.probe.events <- e
}

func (t *talker) talk(ctx, dialling context.Context, v *visit.Conversation) outcome.Outcome {
	c, err := t.call(dialling, v)
	t.dialled()
	if err != nil {
		return outcome.Of(err)
	}
	stop := context.AfterFunc(ctx, c.Leave)
	defer stop()
	return c.Open()
}

// call dials, and hands the conversation to the loop.
func (t *talker) call(ctx context.Context, v *visit.Conversation) (*talk.Conversation, error) {
	o := &t.probe.options
	if err := o.Allow(t.p.addr.Addr()); err != nil {
		return nil, err
	}
	conn, err := t.dial(ctx)
	if err != nil {
		return nil, err
	}
	v.Connected(o.Now())
	self := t.probe.self()
	local := talk.Local(conn)
	v.Local(talk.Ranked(netip.AddrPortFrom(local.Addr(), self.Port), t.p.addr))
	c := talk.New(conn, v, self, o.Manner, t)
	if t.way.Encrypted() {
		c.Encrypt(func(conn net.Conn, first []byte, moved func(rx, tx int)) (net.Conn, string, error) {
			return o.Encrypt(conn, t.p.t.InfoHash, first, moved)
		})
	}
	if !o.Once {
		t.probe.events <- event{p: t.p, conv: c}
	}
	if ctx.Err() != nil {
		c.Leave()
	}
	return c, nil
}

// dial opens a stream to the peer.
func (t *talker) dial(ctx context.Context) (net.Conn, error) {
	switch o := &t.probe.options; {
	case t.by != nil:
		return o.Punch(ctx, t.by.from, t.p.addr)
	case t.way.Transport() == "utp":
		return o.UTP(ctx, t.p.addr)
	default:
		return o.Dial(ctx, t.p.addr)
	}
}

// Told passes a reading on to the stream and to the loop.
func (t *talker) Told(_ *talk.Conversation, r *record.Progress) {
	t.probe.put(r)
	reading := visit.Reading{Have: r.Have, Pieces: r.Pieces, Need: r.Need, Settled: r.Settled, Complete: r.Complete,
		UploadOnly: r.UploadOnly != nil && *r.UploadOnly, SuperSeed: r.SuperSeed}
	t.probe.events <- event{p: t.p, reading: &reading, at: r.TS}
}

// Exchanged hands the addresses to the loop.
func (t *talker) Exchanged(_ *talk.Conversation, peers []peerwire.PexPeer) {
	t.probe.events <- event{p: t.p, peers: append([]peerwire.PexPeer(nil), peers...)}
}

// Trackers tells the stream of trackers that are new (BEP 28).
func (t *talker) Trackers(_ *talk.Conversation, urls []string) {
	if fresh := t.p.t.trackers.Load().Offer(t.p.addr.Addr(), urls); len(fresh) > 0 {
		t.probe.put(talk.Trackers(t.p.t.Torrent, fresh))
	}
}

// Introduced hands the answer of a relay to the loop.
func (t *talker) Introduced(_ *talk.Conversation, answer peerwire.Holepunch) {
	t.probe.events <- event{p: t.p, answer: &answer}
}

// Silent holds on to peers that say nothing: a handshake followed by silence
// often means that the peer has no piece yet. The loop may still need the slot.
func (t *talker) Silent(*talk.Conversation) bool {
	if t.probe.options.Once {
		return false
	}
	t.probe.events <- event{p: t.p, silent: true}
	return true
}

// WantMetadata lets a few conversations per torrent fetch it.
func (t *talker) WantMetadata(*talk.Conversation) bool {
	t.probe.fetchLock.Lock()
	defer t.probe.fetchLock.Unlock()
	if t.p.t.fetching >= maxFetching {
		return false
	}
	t.p.t.fetching++
	return true
}

// Metadata verifies an info dictionary by its hash and tells the stream, and the
// loop if the torrent is private.
func (t *talker) Metadata(_ *talk.Conversation, info []byte) bool {
	private, ok := t.metadata(info)
	if private {
		t.probe.events <- event{p: t.p, private: true}
	}
	return ok
}

func (t *talker) metadata(info []byte) (private, ok bool) {
	t.probe.fetchLock.Lock()
	defer t.probe.fetchLock.Unlock()
	t.p.t.fetching--
	if info == nil || t.p.t.Pieces() > 0 {
		return false, info != nil
	}
	found, err := talk.Verify(t.p.t.Torrent, info)
	if err != nil {
		return false, false
	}
	t.p.t.Learn(found.Pieces, t.probe.need(found.Pieces), found.PieceBytes)
	for _, r := range found.Records() {
		r.Need = t.p.t.Need()
		t.probe.put(r)
	}
	return found.Private != nil && *found.Private, true
}
