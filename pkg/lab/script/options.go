package script

import (
	"errors"
	"fmt"
	"time"
)

// Options describes a swarm. Defaults gives a sensible one. Shares are between 0
// and 1, of the peers they speak of, and are met exactly, up to rounding.
type Options struct {
	// Everything random follows from it.
	Seed uint64
	// Torrents, over which all peers are spread evenly.
	Torrents int
	// Pieces of a torrent and bytes of a piece.
	Pieces     int
	PieceBytes int64
	// Peers by role. Hostile ones are none of the others.
	Leechers, Seeds, Partial, Super, Hostile int
	// Span that the play is made for.
	Duration time.Duration
	// Leechers that cross the threshold in that span; negative means the share
	// Finish of the leechers.
	Finishing int
	Finish    float64
	// Peers that take no connection, and the share of them that never dials out
	// either.
	Unreachable, Mute float64
	// Peers that hold back some pieces from their bitfield.
	Lazy float64
	// Reachable peers that refuse every second visit for want of a slot.
	Busy float64
	// Finishing leechers that leave 20 to 90 s after crossing, times Pace.
	Leave float64
	// Other leechers that leave before the end.
	GiveUp float64
	// Leechers that lose some pieces on the way.
	Regress float64
	// Peers that send a HAVE before their bitfield.
	Early float64
	// Peers there from the beginning; the others come in the first 40 % of the
	// span.
	Present float64
	// Least span from a finishing leecher's coming to its crossing.
	MinBelow time.Duration
	// Peers behind a NAT: what is sent to them is lost, unless they have sent
	// something there before. A share Mute of them does not dial out.
	NAT float64
	// Peers that take connections and look for nobody: they dial only visitors
	// who have named their port.
	Shy float64
	// Peers that take only encrypted connections (MSE), and peers that
	// speak uTP only.
	Encrypted, UTPOnly float64
	// Chance that a newcomer meets a client whose slots are taken; full spells
	// last 1 to 5 minutes or a multiple, times Pace.
	Full float64
	// How long finishing leechers stay after their last piece, times Pace; 0
	// means as long as they like.
	LeaveAfter time.Duration
	// Peers, as a number, that have an IPv6 address instead.
	IPv6 int
	// Peers that tell of one more tracker (BEP 28); the torrents do not name it
	// then.
	Tex float64
	// Factor for the habits of clients, 1 for those of the real programs; 0
	// means as much faster as Duration is shorter than five minutes.
	Pace float64
}

// Defaults is a swarm of 220 peers that shows something within two minutes.
func Defaults() Options {
	return Options{Seed: 1, Torrents: 1, Pieces: 1000, PieceBytes: 1 << 20, Leechers: 200, Seeds: 20, Partial: 3, Super: 1,
		Duration: 2 * time.Minute, Finishing: -1, Finish: 0.3, Unreachable: 0.4, Mute: 0.1, Lazy: 0.1, Busy: 0.1,
		Leave: 0.2, GiveUp: 0.1, Regress: 0.02, Early: 0.05, Present: 0.6}
}

// Bounds that keep addresses, memory and truth.ndjson in hand.
const (
	maxPeers    = 50_000
	maxTorrents = 1000
	maxPieces   = 1 << 20
	maxIPv6     = 1000
	minDuration = time.Second
)

// check says what is wrong with the options.
func (o Options) check() error {
	for _, n := range []int{o.Leechers, o.Seeds, o.Partial, o.Super, o.Hostile} {
		if n < 0 {
			return errors.New("number of peers is negative")
		}
	}
	for _, s := range []float64{o.Finish, o.Unreachable, o.Mute, o.Lazy, o.Busy, o.Leave, o.GiveUp, o.Regress, o.Early, o.Present,
		o.NAT, o.Shy, o.Encrypted, o.UTPOnly, o.Full, o.Tex} {
		if !(s >= 0 && s <= 1) {
			return fmt.Errorf("share %v is not between 0 and 1", s)
		}
	}
	return o.checkSizes()
}

func (o Options) checkSizes() error {
	switch peers := o.peers(); {
	case peers == 0 || peers > maxPeers:
		return fmt.Errorf("%d peers: want 1 to %d", peers, maxPeers)
	case o.Torrents < 1 || o.Torrents > maxTorrents:
		return fmt.Errorf("%d torrents: want 1 to %d", o.Torrents, maxTorrents)
	case o.Pieces < 10 || o.Pieces > maxPieces:
		return fmt.Errorf("%d pieces: want 10 to %d", o.Pieces, maxPieces)
	case o.PieceBytes < 1<<14 || o.PieceBytes > 1<<30:
		return fmt.Errorf("pieces of %d bytes: want %d to %d", o.PieceBytes, 1<<14, 1<<30)
	case o.Duration < minDuration:
		return fmt.Errorf("duration %v: want at least %v", o.Duration, minDuration)
	case o.Finishing > o.Leechers:
		return fmt.Errorf("%d of %d leechers cannot finish", o.Finishing, o.Leechers)
	case o.Pace < 0 || o.MinBelow < 0 || o.LeaveAfter < 0:
		return errors.New("negative span")
	case o.Unreachable+o.NAT > 1:
		return fmt.Errorf("shares %v unreachable and %v behind a NAT are more than all", o.Unreachable, o.NAT)
	case o.IPv6 < 0 || o.IPv6 > maxIPv6:
		return fmt.Errorf("%d peers with IPv6: want 0 to %d", o.IPv6, maxIPv6)
	}
	return nil
}

func (o Options) peers() int { return o.Leechers + o.Seeds + o.Partial + o.Super + o.Hostile }

// filled replaces what is left to us.
func (o Options) filled() Options {
	if o.Finishing < 0 {
		o.Finishing = part(o.Finish, o.Leechers)
	}
	if o.Pace == 0 {
		o.Pace = min(1, o.Duration.Seconds()/300)
	}
	if o.MinBelow == 0 {
		o.MinBelow = min(o.Duration/5, time.Minute)
	}
	o.MinBelow = min(o.MinBelow, o.Duration/3)
	return o
}
