package script

import (
	"net/netip"
	"time"
)

// Role of a peer, in the words of the truth record.
type Role string

// The roles.
const (
	Leecher     Role = "leecher"
	Seed        Role = "seed"
	PartialSeed Role = "partial-seed"
	SuperSeed   Role = "super-seed"
	Hostile     Role = "hostile"
)

// Reach says what happens to a connection that is opened to a peer.
type Reach int

// The ways.
const (
	Open    Reach = iota // taken
	Refuses              // refused: nobody listens
	Silent               // lost: no answer at all
)

// Peer is the part that one peer plays. Spans count from the beginning.
type Peer struct {
	Torrent int
	Role    Role
	Client  Client
	IP      netip.Addr
	Port    uint16
	ID      [20]byte
	// What happens to a TCP connection.
	Reach Reach
	// Whether it is behind a NAT: datagrams reach it only from where it has sent
	// some.
	NAT bool
	// Whether it takes no connection that is not encrypted.
	Encrypted bool
	// Whether it takes and opens uTP connections only.
	UTPOnly bool
	// Whether it tells of one more tracker (BEP 28).
	Tex bool
	// When it has no slot for a newcomer.
	Slots Slots
	// Whether it opens connections to those it hears of.
	Dials bool
	// Whether it hears of nobody but by visits.
	Shy bool
	// When it comes, and when it goes; zero means that it stays.
	Arrive, Leave time.Duration
	// Pieces when it comes, and pieces at which it stops.
	First, Last int
	// Pieces per second.
	Rate float64
	// Number of the step at which it loses pieces, and how many.
	LoseAt, Lose int
	// Pieces held back from the bitfield and told by HAVEs.
	Withhold int
	// Whether it refuses every second visit.
	Busy bool
	// Whether a HAVE precedes the bitfield.
	Early bool
	// Order of its pieces: piece n is (Mul*n + Add) mod pieces.
	Mul, Add int
	// What a hostile peer does, from 0.
	Attack int
	// Source of everything random that the peer does while it plays.
	Seed uint64
}

// Reachable says whether a newcomer can open a connection to it, by one of the
// transports.
func (p *Peer) Reachable() bool { return !p.NAT && (p.Reach == Open || p.UTPOnly) }

// Punches says whether a peer behind a NAT comes out when a relay asks it to
// (BEP 55).
func (p *Peer) Punches() bool { return p.NAT && p.Client.HolepunchID > 0 }

// Steps is the number of pieces that it gets while it plays.
func (p *Peer) Steps() int {
	if p.Rate <= 0 {
		return 0
	}
	return p.Last - p.First + p.Lose
}

// Step is when step n, from 0, happens: somewhere in the n-th of equal spans.
func (p *Peer) Step(n int) time.Duration {
	at := (float64(n) + jitter(p.Seed, n)) / p.Rate
	return p.Arrive + time.Duration(at*float64(time.Second))
}

// After is the number of pieces after step n.
func (p *Peer) After(n int) int {
	have := p.First + n + 1
	if p.Lose > 0 && n >= p.LoseAt {
		have -= p.Lose
	}
	return have
}

// Crosses is the first step after which it has so many pieces; ok is false if it
// never gets there or has them from the start.
func (p *Peer) Crosses(need int) (step int, ok bool) {
	step = need - p.First - 1
	if p.Lose > 0 && step >= p.LoseAt {
		step += p.Lose
	}
	return step, step >= 0 && step < p.Steps()
}

// Piece is the index of its n-th piece.
func (p *Peer) Piece(n, pieces int) int {
	return int((int64(p.Mul)*int64(n) + int64(p.Add)) % int64(pieces))
}

// Chance is a number in [0, 1) that depends on its arguments only.
func Chance(seed uint64, n int) float64 { return jitter(seed, n) }

// jitter is a number in [0, 1) that depends on its arguments only (splitmix64).
func jitter(seed uint64, n int) float64 {
	z := seed + uint64(n+1)*0x9e3779b97f4a7c15
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return float64((z^z>>31)>>11) / (1 << 53)
}
