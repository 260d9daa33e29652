package lsd

import (
	"net/netip"
	"time"

	"btkit/pkg/manners"
)

// Datagrams heard: libtorrent sends one per torrent, each up to three times,
// so an honest sender of many torrents comes in bursts.
const (
	perSender      = 5.0 // a second
	burstPerSender = 100
	perSecond      = 200.0 // of all senders together
	burstOfAll     = 1000
	maxSenders     = 1024 // remembered at once
)

// guard bounds how many datagrams are looked into, by sender and in all.
type guard struct {
	all     *manners.Pace
	senders map[netip.Addr]*manners.Pace
}

func newGuard() *guard {
	return &guard{all: manners.NewPace(perSecond, burstOfAll), senders: map[netip.Addr]*manners.Pace{}}
}

// take says whether a datagram of the sender may be looked into now.
func (g *guard) take(from netip.Addr, now time.Time) bool {
	pace := g.senders[from]
	if pace == nil {
		if len(g.senders) >= maxSenders { // forged, in a network of this size
			clear(g.senders)
		}
		pace = manners.NewPace(perSender, burstPerSender)
		g.senders[from] = pace
	}
	return pace.Take(now) && g.all.Take(now)
}
