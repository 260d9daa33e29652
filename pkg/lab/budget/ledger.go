package budget

import (
	"net/netip"
	"time"

	"btkit/pkg/client"
)

// Names of breaches, in the words of the truth record.
const (
	KeepAlives = "keep-alives" // more of them in a minute than the client takes
	Reconnects = "reconnects"  // more connections in a minute of the play
	Pause      = "pause"       // came back sooner after a conversation
	Second     = "second"      // a connection beside one that has been open for a while
)

const (
	// grace is for how long two connections of one visitor may be open: both
	// sides may dial at the same time, by two transports.
	grace = 2 * time.Second
	// maxVisitors bounds the memory of a ledger; more are not counted.
	maxVisitors = 1024
)

// Ledger is what one peer knows of its visitors. It is for one goroutine at a
// time; the clock is the caller's.
type Ledger struct {
	habits   *client.Habits
	minute   time.Duration // of connections
	visitors map[netip.Addr]*visitor
	// Most keep-alives of one conversation within a minute, and most connections
	// of one visitor within a minute of the play.
	MostKeepAlives, MostConnects int64
	// Breaches by name.
	Breaches map[string]int64
}

type visitor struct {
	connects recent
	open     []*Conversation
	last     time.Time // end of the last conversation
}

// Conversation is a connection of a visitor.
type Conversation struct {
	ledger *Ledger
	with   *visitor
	since  time.Time
	alive  recent
	talked bool
}

// New counts for a client of the given habits, in a play of the given pace:
// visitors may come back as much faster.
func New(h *client.Habits, pace float64) *Ledger {
	return &Ledger{habits: h, minute: time.Duration(float64(time.Minute) * pace),
		visitors: map[netip.Addr]*visitor{}, Breaches: map[string]int64{}}
}

// Opens is a connection with a visitor, whoever dialled. The result is told how
// it goes on; it is never nil.
func (l *Ledger) Opens(with netip.Addr, dialled bool, at time.Time) *Conversation {
	v := l.visitors[with]
	if v == nil {
		v = &visitor{}
		if len(l.visitors) < maxVisitors {
			l.visitors[with] = v
		}
	}
	if dialled {
		l.judge(v, at)
	}
	c := &Conversation{ledger: l, with: v, since: at}
	v.open = append(v.open, c)
	return c
}

// judge looks at a connection that a visitor opened.
func (l *Ledger) judge(v *visitor, at time.Time) {
	n := int64(v.connects.add(at, l.minute))
	l.MostConnects = max(l.MostConnects, n)
	l.breach(Reconnects, l.habits.Reconnects > 0 && n > int64(l.habits.Reconnects))
	// The peer may notice the end a little later than the visitor.
	pause := l.habits.Pause - l.habits.Pause/5
	l.breach(Pause, !v.last.IsZero() && at.Sub(v.last) < pause)
	for _, c := range v.open {
		if c.talked && at.Sub(c.since) > grace && l.habits.Second == client.SecondRefused {
			l.breach(Second, true)
			return
		}
	}
}

func (l *Ledger) breach(name string, is bool) {
	if is {
		l.Breaches[name]++
	}
}

// Talks says that handshakes have been exchanged.
func (c *Conversation) Talks() { c.talked = true }

// KeepAlive is one from the visitor.
func (c *Conversation) KeepAlive(at time.Time) {
	l := c.ledger
	n := int64(c.alive.add(at, time.Minute))
	l.MostKeepAlives = max(l.MostKeepAlives, n)
	l.breach(KeepAlives, l.habits.KeepAlives > 0 && n > int64(l.habits.KeepAlives))
}

// Ends is the end of the connection.
func (c *Conversation) Ends(at time.Time) {
	v := c.with
	for i, other := range v.open {
		if other == c {
			v.open = append(v.open[:i], v.open[i+1:]...)
			break
		}
	}
	if c.talked {
		v.last = at
	}
}

// recent is the latest times of something, at most maxRecent.
type recent []time.Time

const maxRecent = 64

// add notes one more and says how many there were within a span up to it.
func (r *recent) add(at time.Time, span time.Duration) int {
	kept := (*r)[:0]
	for _, t := range *r {
		if at.Sub(t) < span {
			kept = append(kept, t)
		}
	}
	if len(kept) >= maxRecent {
		kept = append(kept[:0], kept[1:]...)
	}
	*r = append(kept, at)
	return len(*r)
}
