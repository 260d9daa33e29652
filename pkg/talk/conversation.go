package talk

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"sync"
	"sync/atomic"
	"time"

	"btkit/pkg/client"
	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
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

// Conversation is one talk. Run leads it; Leave may be called from anywhere.
type Conversation struct {
	Visit *visit.Conversation

	self   Self
	manner Manner
	host   Host
	conn   net.Conn // the connection, which ends and wakes the conversation
	stream net.Conn // what is read and written: the connection, or what encrypts it
	secure Secure
	now    func() time.Time

	decoder   peerwire.Decoder
	leaving   atomic.Bool
	greeted   atomic.Bool                    // the handshakes are done
	asked     atomic.Pointer[netip.AddrPort] // introduction to ask for
	began     time.Time
	spoke     time.Time // of our latest message
	silentAt  time.Time // when Silent is asked; zero when it no longer matters
	rejected  int32
	done      bool // nothing more to be had
	fetchDone bool
	pex, tex  gossip
	rx        int64 // bytes after the handshake
	extra     int64 // bytes of metadata that we asked for, beside the budget
	fetch     *fetch
	small     [smallRead]byte
}

// New makes a conversation on an open stream.
func New(conn net.Conn, v *visit.Conversation, self Self, manner Manner, host Host) *Conversation {
	c := &Conversation{Visit: v, self: self, manner: manner, host: host, conn: conn, stream: conn, now: time.Now}
	c.began = c.now()
	return c
}

// Leave asks the conversation to end; it ends as "ok", or as "canceled" before
// the peer's handshake.
func (c *Conversation) Leave() {
	c.leaving.Store(true)
	if !c.greeted.Load() { // nothing was learnt that an abrupt end could spoil
		c.conn.Close()
		return
	}
	c.wake()
}

// wake lets the conversation look up from reading.
func (c *Conversation) wake() {
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

// greet says what follows our handshake.
func (c *Conversation) greet(h peerwire.Handshake) error {
	at := c.now()
	c.greeted.Store(true)
	c.Visit.Greeted(at, h)
	if c.manner.KeepAlive > 0 { // not more than its program takes for good manners
		c.manner.KeepAlive = max(c.manner.KeepAlive, client.Of(h.PeerID, "").KeepAliveGap())
	}
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
	if err := c.introduce(); err != nil { // the same
		return 0, err
	}
	n, err = c.stream.Read(buf)
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

func (c *Conversation) write(b []byte) error {
	c.spoke = c.now()
	if err := c.conn.SetWriteDeadline(c.spoke.Add(writeTime)); err != nil {
		return err
	}
	n, err := c.stream.Write(b)
	c.moved(0, n)
	return err
}

func (c *Conversation) moved(rx, tx int) { c.Visit.Moved(rx, tx) }
