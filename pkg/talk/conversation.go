package talk

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

// smallRead fits what a held peer says at once: a few announcements. Only a
// conversation that has more to say borrows a big buffer.
const (
	smallRead = 256
	bigRead   = 16 << 10
)

var bigBuffers = sync.Pool{New: func() any { return new([bigRead]byte) }}

// writeTime bounds one write of a few hundred bytes.
const writeTime = 10 * time.Second

// budget is how much a peer may send, beside ten bytes per piece.
const budget = 4 << 20

// Manner is how a conversation is led. Times of zero mean no bound.
type Manner struct {
	Handshake time.Duration // for the peer's 68 bytes
	Silence   time.Duration // for the first word about its pieces
	KeepAlive time.Duration // between our keep-alives
	Hold      time.Duration // for the whole conversation
	Once      bool          // leave as soon as the reading has settled
}

// DefaultManner follows the notes on real clients: below libtorrent's limit of
// 120 s of silence, above what others take for flooding.
func DefaultManner() Manner {
	return Manner{Handshake: 10 * time.Second, Silence: 30 * time.Second, KeepAlive: 95 * time.Second}
}

// Host hears what comes of a conversation, from the conversation's goroutine.
type Host interface {
	// Told is given every progress record, in order.
	Told(c *Conversation, p *record.Progress)
	// Exchanged is given the addresses that the peer passes on (BEP 11). The
	// slice is valid during the call only.
	Exchanged(c *Conversation, peers []peerwire.PexPeer)
	// Silent says that the peer has said nothing about its pieces for so long;
	// the answer is whether to hold on.
	Silent(c *Conversation) bool
	// Metadata is given an info dictionary that the peer sent, not verified yet
	// (BEP 9); it says whether it is the right one. After every WantMetadata that
	// said yes it is called once, with nil if nothing came of it.
	Metadata(c *Conversation, info []byte) bool
	// WantMetadata says whether this conversation should fetch it.
	WantMetadata(c *Conversation) bool
}

// Conversation is one talk. Run leads it; Leave may be called from anywhere.
type Conversation struct {
	Visit *visit.Conversation

	self   Self
	manner Manner
	host   Host
	conn   net.Conn
	now    func() time.Time

	decoder   peerwire.Decoder
	leaving   atomic.Bool
	done      bool // nothing more to be had
	began     time.Time
	spoke     time.Time // of our latest message
	silentAt  time.Time // when Silent is asked; zero when it no longer matters
	rejected  int
	rx        int64 // bytes after the handshake
	extra     int64 // bytes of metadata that we asked for, beside the budget
	fetch     *fetch
	fetchDone bool
	small     [smallRead]byte
}

// New makes a conversation on an open stream.
func New(conn net.Conn, v *visit.Conversation, self Self, manner Manner, host Host) *Conversation {
	c := &Conversation{Visit: v, self: self, manner: manner, host: host, conn: conn, now: time.Now}
	c.began = c.now()
	return c
}

// Leave asks the conversation to end; it ends as "ok", or as "canceled" before
// the peer's handshake.
func (c *Conversation) Leave() {
	c.leaving.Store(true)
	// A failure means that the connection is gone already.
	_ = c.conn.SetReadDeadline(time.Now())
}

// errLeft ends a conversation from our side.
var errLeft = errors.New("left")

// Open leads a conversation that we began, to its end. It closes the stream
// and says how it ended.
func (c *Conversation) Open() outcome.Outcome {
	defer c.conn.Close()
	return c.talk(c.call())
}

// Answer leads a conversation that the peer began and whose handshake has been
// read, with what followed it.
func (c *Conversation) Answer(h peerwire.Handshake, rest []byte) outcome.Outcome {
	defer c.conn.Close()
	return c.talk(c.answer(h, rest))
}

// call says our handshake first. It gives what came behind the peer's.
func (c *Conversation) call() (rest []byte, err error) {
	if err := c.write(c.self.handshake(c.Visit.Torrent().InfoHash)); err != nil {
		return nil, err
	}
	h, rest, err := readHandshake(c.conn, c.manner.Handshake, c.moved, c.leaving.Load)
	if err != nil && c.leaving.Load() {
		return nil, outcome.Fail(outcome.Canceled, nil)
	}
	if err != nil {
		return nil, err
	}
	if err := c.check(h); err != nil {
		c.Visit.Greeted(c.now(), h)
		return nil, err
	}
	return rest, c.greet(h)
}

// answer says our handshake second, to ourselves too, so that the side that
// dialled knows.
func (c *Conversation) answer(h peerwire.Handshake, rest []byte) ([]byte, error) {
	c.moved(peerwire.HandshakeLen+len(rest), 0)
	if err := c.write(c.self.handshake(h.InfoHash)); err != nil {
		return nil, err
	}
	if h.PeerID == c.self.PeerID {
		return nil, outcome.Fail(outcome.Self, nil)
	}
	return rest, c.greet(h)
}

// check compares the answer with the question.
func (c *Conversation) check(h peerwire.Handshake) error {
	t := c.Visit.Torrent()
	upgraded := t.InfoHashV2 != nil && string(h.InfoHash[:]) == string(t.InfoHashV2[:20])
	switch {
	case h.PeerID == c.self.PeerID:
		return outcome.Fail(outcome.Self, nil)
	case h.InfoHash != t.InfoHash && !upgraded:
		return outcome.Fail(outcome.WrongInfoHash, nil)
	}
	return nil
}

// greet says what follows our handshake.
func (c *Conversation) greet(h peerwire.Handshake) error {
	at := c.now()
	c.Visit.Greeted(at, h)
	c.decoder.MaxFrame = peerwire.FrameCap(int(c.Visit.Torrent().Pieces()))
	if c.manner.Silence > 0 {
		c.silentAt = at.Add(c.manner.Silence)
	}
	return c.write(c.self.greeting(h))
}

// talk goes from what came behind the handshake to the end, unless the
// handshakes failed. A conversation waits in here; what lies below it on the
// stack while it waits is kept small, since a thousand of them are held.
func (c *Conversation) talk(rest []byte, err error) outcome.Outcome {
	if err == nil {
		err = c.feed(rest)
	}
	buf := c.small[:]
	for err == nil {
		var n int
		n, err = c.round(buf)
		buf = c.nextBuffer(buf, n)
	}
	c.nextBuffer(buf, 0)
	if c.fetch != nil {
		c.endFetch("metadata-unfinished")
	}
	if errors.Is(err, errLeft) {
		return outcome.OK
	}
	return outcome.Of(err)
}

// nextBuffer gives the buffer for the next read: a borrowed big one while the
// peer fills what it gets.
func (c *Conversation) nextBuffer(buf []byte, n int) []byte {
	switch {
	case len(buf) == smallRead && n == smallRead:
		return bigBuffers.Get().(*[bigRead]byte)[:]
	case len(buf) == bigRead && n < bigRead:
		bigBuffers.Put((*[bigRead]byte)(buf))
		return c.small[:]
	}
	return buf
}

// round waits for bytes or for the next thing that is due, and does it.
func (c *Conversation) round(buf []byte) (n int, err error) {
	if err := c.conn.SetReadDeadline(c.due()); err != nil {
		return 0, err
	}
	if c.done || c.leaving.Load() { // asked before the deadline above undid it
		return 0, errLeft
	}
	n, err = c.conn.Read(buf)
	if n > 0 {
		c.moved(n, 0)
		if err := c.feed(buf[:n]); err != nil {
			return n, err
		}
	}
	if err != nil && !errors.Is(err, os.ErrDeadlineExceeded) {
		return n, err
	}
	return n, c.regular()
}

// due is when round must look up at the latest.
func (c *Conversation) due() time.Time {
	var next time.Time
	for _, t := range [...]time.Time{c.Visit.Due(), c.silentAt, after(c.spoke, c.manner.KeepAlive),
		after(c.began, c.manner.Hold), c.fetch.due(), c.lookUp()} {
		if !t.IsZero() && (next.IsZero() || t.Before(next)) {
			next = t
		}
	}
	return next
}

// sizeWait is how often a conversation looks whether the number of pieces has
// become known by another one; a reading waits for that.
const sizeWait = time.Second

func (c *Conversation) lookUp() time.Time {
	if c.Visit.Torrent().Pieces() > 0 {
		return time.Time{}
	}
	return c.now().Add(sizeWait)
}

func after(t time.Time, d time.Duration) time.Time {
	if d <= 0 {
		return time.Time{}
	}
	return t.Add(d)
}

// regular does what is due by the clock.
func (c *Conversation) regular() error {
	at := c.now()
	c.tell(at)
	if _, ok := c.Visit.Reading(); ok {
		c.silentAt = time.Time{}
	}
	switch {
	case c.leaving.Load(), c.done:
		return errLeft
	case c.manner.Hold > 0 && at.Sub(c.began) >= c.manner.Hold:
		return errLeft
	case !c.silentAt.IsZero() && !at.Before(c.silentAt):
		c.silentAt = time.Time{}
		if !c.host.Silent(c) {
			return outcome.Fail(outcome.Timeout, fmt.Errorf("silent"))
		}
	}
	c.giveUpFetch(at)
	if err := c.maybeFetch(); err != nil { // the host may have had no place before
		return err
	}
	if c.manner.KeepAlive > 0 && at.Sub(c.spoke) >= c.manner.KeepAlive {
		return c.write(peerwire.AppendKeepAlive(nil))
	}
	return nil
}

// tell passes on what is due and decides whether the peer is of further
// interest: one that cannot cross the threshold is let go.
func (c *Conversation) tell(at time.Time) {
	for _, p := range c.Visit.Progress(at) {
		c.host.Told(c, p)
	}
	r, ok := c.Visit.Reading()
	if ok && r.Exact && (c.manner.Once || !r.CanProgress()) && c.fetch == nil {
		c.done = true
	}
}

// feed takes in bytes of the peer.
func (c *Conversation) feed(b []byte) error {
	c.rx += int64(len(b))
	if c.rx > budget+c.extra+10*c.Visit.Torrent().Pieces() {
		return outcome.Fail(outcome.TooLarge, fmt.Errorf("%d bytes received", c.rx))
	}
	at := c.now()
	return c.decoder.Feed(b, func(m peerwire.Message) error { return c.hear(at, m) })
}

func (c *Conversation) hear(at time.Time, m peerwire.Message) error {
	if err := c.Visit.Hear(at, m); err != nil {
		return err
	}
	// Every announcement is told at its own time, so a crossing is not lost
	// among the messages of one read.
	c.tell(at)
	switch {
	case m.ID == peerwire.Request:
		return c.reject(m)
	case m.ID == peerwire.Extended && m.Ext == visit.ExtPex:
		c.exchange(m.Payload)
	case m.ID == peerwire.Extended && m.Ext == visit.ExtMetadata:
		return c.metadata(m.Payload)
	case m.ID == peerwire.Extended && m.Ext == 0:
		return c.maybeFetch()
	}
	return nil
}

// exchange hands on the addresses that the peer passes on; what cannot be read
// is nothing.
func (c *Conversation) exchange(payload []byte) {
	if pex, err := peerwire.ParsePex(payload, anyAddr); err == nil && len(pex.Added) > 0 {
		c.host.Exchanged(c, pex.Added)
	}
}

// maxRejects bounds our answers to a peer that keeps asking.
const maxRejects = 64

// reject answers a request, once each, where the fast extension asks for it
// (BEP 6).
func (c *Conversation) reject(m peerwire.Message) error {
	c.rejected++
	if !c.Visit.Handshake().Fast() || c.rejected > maxRejects {
		return nil
	}
	return c.write(peerwire.AppendRejectRequest(nil, m.Index, m.Begin, m.Length))
}

func (c *Conversation) write(b []byte) error {
	c.spoke = c.now()
	if err := c.conn.SetWriteDeadline(c.spoke.Add(writeTime)); err != nil {
		return err
	}
	n, err := c.conn.Write(b)
	c.moved(0, n)
	return err
}

func (c *Conversation) moved(rx, tx int) { c.Visit.Moved(rx, tx) }

// ReadHandshake reads the handshake of a peer that dialled us, and what
// followed it. Package outcome classifies the error.
func ReadHandshake(conn net.Conn, timeout time.Duration) (peerwire.Handshake, []byte, error) {
	return readHandshake(conn, timeout, func(int, int) {}, func() bool { return false })
}

// readHandshake reads the peer's handshake, within one deadline for all of it.
func readHandshake(conn net.Conn, timeout time.Duration, moved func(rx, tx int), left func() bool) (h peerwire.Handshake, rest []byte, err error) {
	if err := conn.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return h, nil, err
	}
	if left() { // asked before the deadline above undid it
		return h, nil, errLeft
	}
	var d peerwire.HandshakeDecoder
	buf := make([]byte, smallRead)
	for {
		n, err := conn.Read(buf)
		moved(n, 0)
		if n > 0 {
			rest, err := d.Feed(buf[:n])
			if err != nil {
				return h, nil, err
			}
			if h, ok := d.Handshake(); ok {
				return h, rest, nil
			}
		}
		if err != nil {
			return h, nil, early(err, len(d.Bytes()))
		}
	}
}

// early tells a close before the first byte from one in the middle.
func early(err error, got int) error {
	if errors.Is(err, io.EOF) && got == 0 {
		return outcome.Fail(outcome.ClosedEarly, err)
	}
	return err
}

// anyAddr leaves the choice of addresses to the host, which knows our policy.
func anyAddr(netip.Addr) bool { return true }
