package probe

import (
	"context"
	"net/netip"
	"sync/atomic"
	"time"

	"btkit/pkg/client"
	"btkit/pkg/refusal"
	"btkit/pkg/talk"
	"btkit/pkg/tracker"
	"btkit/pkg/visit"
	"btkit/pkg/ways"
)

// torrent is a torrent and what the loop knows of it.
type torrent struct {
	*visit.Torrent
	number   uint64   // in the order of their coming
	first    *torrent // of the two swarms of a hybrid torrent, else itself
	private  bool
	trackers atomic.Pointer[tracker.Exchange] // nil of a private one
	fetching int                              // conversations that fetch its metadata
}

// at is a place of the torrent. The two swarms of a hybrid torrent share their
// places, since a client that is in both takes one conversation.
func (t *torrent) at(ip netip.Addr) place { return place{t.first, ip} }

// place is where conversations must not overlap: most clients refuse a second
// one from the same address.
type place struct {
	t  *torrent
	ip netip.Addr
}

// state of a peer in the schedule.
type state uint8

const (
	waiting state = iota // in a queue
	busy                 // a conversation is under way
	gone                 // not to be visited again
)

// peer is one address of one torrent.
type peer struct {
	t    *torrent
	addr netip.AddrPort

	state    state
	index    int // in its queue
	due      time.Time
	order    uint64 // first come, first served among equals
	attempts int64
	failures int       // in a row
	failed   time.Time // first of them
	short    int       // attempts in a row that failed for want of our own means
	began    time.Time // latest attempt

	read    bool // has had a settled reading
	reading visit.Reading
	readAt  time.Time
	first   int64   // pieces at the first reading of the latest conversation
	rate    float64 // pieces per second, 0 while unknown

	memory  ways.Memory      // in which ways it was tried
	holes   ways.Memory      // the same of introductions
	try     ways.Try         // the latest attempt
	refused refusal.History  // why it refused
	hints   uint8            // what others say of it (BEP 11)
	named   int              // peers that it was the first to name
	relays  [maxRelays]*peer // those that named it, latest first
	habits  *client.Habits   // of its program, nil while unknown
	asked   time.Time        // when an introduction was asked for
	came    time.Time        // when it last dialled us

	cancel context.CancelFunc // ends dialling, nil when it has ended
	absent bool               // the latest attempt led to no connection
	conv   *talk.Conversation // set by the conversation, nil while dialling
	held   bool               // settled and kept open
	stop   bool               // asked to leave
}

// assumed is how long a whole download is taken to last while the peer's rate
// is unknown.
const assumed = time.Hour

// learn takes in a reading. The rate is averaged over readings that lie far
// enough apart.
func (p *peer) learn(r visit.Reading, at time.Time) {
	const apart = 5 * time.Second
	if !p.read || p.readAt.Before(p.began) {
		p.first = r.Have
	}
	switch dt := at.Sub(p.readAt); {
	case !p.read || r.Have < p.reading.Have:
		p.rate = 0
	case dt < apart:
		p.reading = keepBase(p.reading, r)
		return
	default:
		now := float64(r.Have-p.reading.Have) / dt.Seconds()
		if p.rate > 0 {
			now = (p.rate + now) / 2
		}
		p.rate = now
	}
	p.read, p.reading, p.readAt = true, r, at
}

// keepBase takes over all but the count, which stays the base of the rate.
func keepBase(base, r visit.Reading) visit.Reading {
	if r.CanProgress() {
		r.Have = base.Have
	}
	return r
}

// remaining is how long the peer will take to the threshold, by what is known.
func (p *peer) remaining(now time.Time) time.Duration {
	if !p.read {
		return assumed
	}
	missing := float64(p.reading.Need - p.reading.Have)
	if missing <= 0 || p.reading.Pieces == 0 {
		return 0
	}
	rate := p.rate
	if rate <= 0 {
		rate = float64(p.reading.Pieces) / assumed.Seconds()
	}
	left := time.Duration(missing / rate * float64(time.Second))
	return max(0, left-now.Sub(p.readAt))
}

func (p *peer) place() place { return p.t.at(p.addr.Addr()) }
