package announce

import (
	"context"
	crand "crypto/rand"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"time"

	"btkit/pkg/peerid"
	"btkit/pkg/record"
	"btkit/pkg/tracker"
)

// Asker puts one question; *tracker.Client is one.
type Asker interface {
	Announce(context.Context, tracker.Request) tracker.Reply
	Scrape(context.Context, tracker.ScrapeRequest) tracker.Replies
}

// Sink takes records; *record.Writer is one.
type Sink interface{ Put(record.Record) error }

// Defaults of Options.
const (
	DefaultPort    = 6881
	DefaultNumWant = 200
	DefaultPerHost = 4
	DefaultRate    = 1.0
	DefaultBurst   = 4
	DefaultAtOnce  = 256
)

// peerIDPrefix names us in a peer id of our own (BEP 20).
const peerIDPrefix = "-BK0100-"

// Options of a Source. Asker and Out are needed; zero values of the others
// are a sensible run.
type Options struct {
	Asker Asker
	Out   Sink
	// Address families to ask over; both.
	Families []tracker.Family
	// Wish for the time between two questions; it only lengthens what the
	// tracker wishes, unless Impatient. 0 is the tracker's wish.
	Every time.Duration
	// Take Every though the tracker wishes for more: for one's own trackers.
	Impatient bool
	// Ask each tracker once and end when the input has ended.
	Once bool
	// Do not announce, so that we are in nobody's list of peers.
	ScrapeOnly bool
	// Do not scrape.
	NoScrape bool
	// Port to announce until a listen record names another; 6881.
	Port uint16
	// Peer id to announce until a listen record names another; a random one in
	// Azureus style (BEP 20).
	PeerID tracker.Hash
	// Addresses of this host: a listen record for all of them makes each our
	// own.
	Local []netip.Addr
	// Addresses of this host to ask from, at most one of a family; families
	// without one leave it to the system, or to a listen record.
	From []netip.Addr
	// Says why this host cannot come from the address that a listen record
	// names. Nil takes no addresses from listen records.
	Ours func(netip.Addr) error
	// Searches the network around an address of ours for trackers, such as
	// FindLocal; nil is no search.
	FindLocal func(context.Context, netip.Addr) ([]string, error)
	// Our addresses as others see them; trackers may tell more of them.
	External []netip.Addr
	// Peers wished for in an answer; 200.
	NumWant int
	// Questions at one tracker host at once; 4.
	PerHost int
	// Questions to one tracker host per second; 1. Negative is no limit.
	Rate float64
	// Questions that may begin at once after a pause; 4.
	Burst int
	// Questions at once in all; 256.
	AtOnce int
	// Clock; time.Now.
	Now func() time.Time
	// Chance: key and jitter.
	Random *rand.Rand
	// Remarks; none.
	Log *slog.Logger
	// Told how many torrents or trackers could not be taken for want of room.
	Dropped func(int64)
}

func (o Options) orDefaults() Options {
	fill(&o.Port, DefaultPort)
	fill(&o.NumWant, DefaultNumWant)
	fill(&o.PerHost, DefaultPerHost)
	fill(&o.Rate, DefaultRate)
	fill(&o.Burst, DefaultBurst)
	fill(&o.AtOnce, DefaultAtOnce)
	if len(o.Families) == 0 {
		o.Families = []tracker.Family{tracker.IPv4, tracker.IPv6}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64()))
	}
	if o.PeerID == (tracker.Hash{}) {
		// Cannot fail: crypto/rand always gives bytes.
		o.PeerID, _ = peerid.New(peerIDPrefix, crand.Reader)
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Dropped == nil {
		o.Dropped = func(int64) {}
	}
	return o
}

func fill[T comparable](field *T, value T) {
	var zero T
	if *field == zero {
		*field = value
	}
}
