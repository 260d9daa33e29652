// Package probe visits peers: it holds the schedule of whom to talk to and
// when, and reports what came of it. One loop owns all of that; each
// conversation runs in a goroutine of its own and tells the loop what happens.
//
// Hold first: a conversation is kept open for as long as the client lets it
// and the peer may still cross the threshold, so the crossing is seen when it
// happens. Peers are revisited where a client won't hold, and where there are
// more peers than slots.
package probe

import (
	"context"
	"net"
	"net/netip"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/talk"
	"btkit/pkg/visit"
)

// Dial opens a byte stream to a peer. Its error is classified by package
// outcome.
type Dial func(context.Context, netip.AddrPort) (net.Conn, error)

// Punch opens a uTP stream to a peer that opens one to us at the same time,
// coming from our side of another connection (BEP 55). Nil asks for no
// introductions.
type Punch func(ctx context.Context, from, to netip.AddrPort) (net.Conn, error)

// Encrypt makes an open stream an encrypted one, for the torrent of this
// info-hash; see talk.Secure. Nil speaks in the clear only.
type Encrypt func(conn net.Conn, infohash [20]byte, first []byte, moved func(rx, tx int)) (stream net.Conn, crypto string, err error)

// Options say how to probe. New fills in what is zero.
type Options struct {
	Slots    int     // conversations at once
	Rate     float64 // new connections per second, 0 for no limit
	PerNet   int     // conversations at once per remote network, 0 for no limit
	Percent  int64   // completion threshold, percent of the pieces; 0 takes the torrent's
	Once     bool    // visit each peer once
	Revisit  time.Duration
	Gaps     bool // write the longest silence of every visit
	MaxPeers int  // peers known at once
	Manner   talk.Manner
	Rules    visit.Rules
	Self     talk.Self
	Dial     Dial // over TCP
	UTP      Dial // over uTP, nil if that is not spoken
	Punch    Punch
	Encrypt  Encrypt
	Allow    func(netip.Addr) error // address policy; its error is classified
	Now      func() time.Time
	Roll     func() float64 // chance, 0 to 1
}

func (o *Options) defaults() {
	if o.Slots <= 0 {
		o.Slots = 64
	}
	if o.Revisit <= 0 {
		o.Revisit = time.Minute
	}
	if o.MaxPeers <= 0 {
		o.MaxPeers = 1 << 20
	}
	if o.Allow == nil {
		o.Allow = func(netip.Addr) error { return nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Roll == nil {
		o.Roll = func() float64 { return 0.5 }
	}
	o.Manner.Once = o.Once
}

// fatal says that another attempt at this peer would give nothing else.
func fatal(o outcome.Outcome) bool {
	return o == outcome.Self || o == outcome.Denied
}
