package listen

import (
	"net/netip"
	"time"

	"btkit/pkg/talk"
	"btkit/pkg/visit"
)

// Options say how to listen. New fills in what is zero.
type Options struct {
	Slots   int // conversations at once
	PerAddr int // conversations at once with one address
	Percent int64
	Gaps    bool
	Plain   bool // take no encrypted connections
	Manner  talk.Manner
	Rules   visit.Rules
	PeerID  [20]byte
	Client  string // name in the extension handshake, empty for the usual one
	Allow   func(netip.Addr) error
	Now     func() time.Time
}

func (o *Options) defaults() {
	if o.Slots <= 0 {
		o.Slots = 512
	}
	if o.PerAddr <= 0 {
		o.PerAddr = 8
	}
	if o.Allow == nil {
		o.Allow = func(netip.Addr) error { return nil }
	}
	if o.Now == nil {
		o.Now = time.Now
	}
}
