package resolve

import (
	"cmp"
	"context"
	"errors"
	"net"
	"net/netip"
	"time"

	"btkit/pkg/metainfo"
)

// Defaults of a Resolver.
const (
	DefaultParallel = 8
	DefaultDial     = 10 * time.Second
	DefaultStep     = 10 * time.Second
	DefaultPeer     = 60 * time.Second
	DefaultRetry    = 60 * time.Second
)

// maxTried bounds the addresses remembered in one search.
const maxTried = 10_000

// ErrNoPeer says that all candidates were asked and none had the info
// dictionary.
var ErrNoPeer = errors.New("no peer gave the info dictionary")

// Target is the torrent whose info dictionary is wanted. At least one of V1
// and V2 is set; those that are set are verified.
type Target struct {
	InfoHash metainfo.InfoHash // spoken in the handshake
	V1       *[20]byte
	V2       *[32]byte
}

// Attempt is what came of asking one peer.
type Attempt struct {
	Addr    netip.AddrPort
	Started time.Time
	Took    time.Duration
	RxBytes int64
	// Nil if the peer gave the info dictionary; else outcome.Of says how it
	// ended.
	Err error
}

// Options of a Resolver. Only Dial has to be set; the zero value of everything
// else means the default.
type Options struct {
	// Opens a byte stream to a peer.
	Dial func(context.Context, netip.AddrPort) (net.Conn, error)
	// Our peer id (BEP 20).
	PeerID [20]byte
	// Name and version told in the extension handshake; "" tells none.
	Client string
	// Peers asked at once in one search.
	Parallel int
	// Longest time to connect.
	DialTime time.Duration
	// Longest time for the handshake, and then from one wanted message to the
	// next.
	StepTime time.Duration
	// Longest time for one peer in all.
	PeerTime time.Duration
	// Least time until the same peer is asked again.
	RetryTime time.Duration
	// Clock; nil means time.Now.
	Now func() time.Time
}

// Resolver fetches info dictionaries. It may serve several searches at once;
// whoever lied in one is not asked in any other.
type Resolver struct {
	Options
	banned banned
}

// New makes a Resolver.
func New(o Options) *Resolver {
	o.DialTime = cmp.Or(o.DialTime, DefaultDial)
	o.StepTime = cmp.Or(o.StepTime, DefaultStep)
	o.PeerTime = cmp.Or(o.PeerTime, DefaultPeer)
	o.RetryTime = cmp.Or(o.RetryTime, DefaultRetry)
	o.Parallel = cmp.Or(o.Parallel, DefaultParallel)
	if o.Now == nil {
		o.Now = time.Now
	}
	return &Resolver{Options: o}
}

// Fetch asks the candidates until one has given the verified info dictionary.
// It takes candidates only as fast as it can ask them. It ends with ErrNoPeer
// when the channel is closed and all were asked in vain, and with the error of
// the context when that ends first. An info dictionary with the right hash
// that cannot be read is an error at once, since all others are the same.
// Report, if not nil, takes every attempt when it has ended, one at a time.
func (r *Resolver) Fetch(ctx context.Context, target Target, candidates <-chan netip.AddrPort, report func(Attempt)) (*metainfo.Torrent, error) {
	if report == nil {
		report = func(Attempt) {}
	}
	s := &search{
		Resolver: r,
		target:   target,
		report:   report,
		tried:    make(map[netip.AddrPort]time.Time),
		// Each attempt under way has a place, so none waits to deliver its end.
		ended: make(chan ended, r.Parallel),
	}
	ctx, cancel := context.WithCancel(ctx)
	defer s.drain()
	defer cancel()
	return s.run(ctx, candidates)
}
