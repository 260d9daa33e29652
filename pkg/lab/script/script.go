package script

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"time"
)

// Script is the whole play.
type Script struct {
	Options  Options
	Torrents []Torrent
	Peers    []Peer
}

// Attacks is the number of ways in which hostile peers misbehave.
const Attacks = 10

// ErrOptions says that an option is out of range.
var ErrOptions = errors.New("lab swarm")

// New writes the play; the error wraps ErrOptions.
func New(o Options) (*Script, error) {
	if err := o.check(); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrOptions, err)
	}
	o = o.filled()
	s := &Script{Options: o}
	for n := range o.Torrents {
		s.Torrents = append(s.Torrents, newTorrent(o, n))
	}
	w := &writer{o: o, r: rand.New(rand.NewPCG(o.Seed, 0)), need: Need(o.Pieces)}
	s.Peers = w.peers()
	return s, nil
}

// writer holds what is needed while a play is being written. Every choice is
// taken from r in a fixed order, so a seed names a play for ever.
type writer struct {
	o    Options
	r    *rand.Rand
	need int
}

func (w *writer) peers() []Peer {
	var peers []Peer
	for _, part := range []struct {
		role Role
		n    int
	}{{Seed, w.o.Seeds}, {Leecher, w.o.Leechers}, {PartialSeed, w.o.Partial}, {SuperSeed, w.o.Super}, {Hostile, w.o.Hostile}} {
		for range part.n {
			peers = append(peers, Peer{Role: part.role})
		}
	}
	w.r.Shuffle(len(peers), func(i, j int) { peers[i], peers[j] = peers[j], peers[i] })
	for i := range peers {
		w.person(&peers[i], i)
	}
	w.lazy(peers)
	w.reach(peers)
	w.habits(peers)
	w.lives(peers)
	w.hard(peers)
	return peers
}

// person gives a peer what does not depend on the others.
func (w *writer) person(p *Peer, i int) {
	p.Torrent = i % w.o.Torrents
	p.IP, p.Port = Address(i), uint16(20000+w.r.IntN(10000))
	p.Seed = w.r.Uint64()
	const letters = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	for j := range p.ID {
		p.ID[j] = letters[w.r.IntN(len(letters))]
	}
	w.runs(p, w.client(func(Client) bool { return true }))
	p.Mul, p.Add = w.r.IntN(w.o.Pieces)+1, w.r.IntN(w.o.Pieces)
	for gcd(p.Mul, w.o.Pieces) != 1 {
		p.Mul++
	}
	if p.Role == Hostile {
		p.Attack = i % Attacks
	}
}

// runs gives a peer its client.
func (w *writer) runs(p *Peer, c Client) {
	p.Client = c.Scaled(w.o.Pace)
	copy(p.ID[:], c.IDPrefix)
}

// client draws one of those that will do, by weight.
func (w *writer) client(does func(Client) bool) Client {
	var all []Client
	for _, c := range Clients {
		for range c.Weight {
			if does(c) {
				all = append(all, c)
			}
		}
	}
	return all[w.r.IntN(len(all))]
}

// reach decides who can be reached and who dials.
func (w *writer) reach(peers []Peer) {
	honest := where(peers, func(p *Peer) bool { return p.Role != Hostile })
	closed := w.some(honest, w.o.Unreachable)
	for n, i := range closed {
		peers[i].Reach = Refuses + Reach(n%2)
	}
	for i := range peers {
		peers[i].Dials = peers[i].Role != Hostile && peers[i].Client.Redial > 0
	}
	for _, i := range w.some(closed, w.o.Mute) {
		peers[i].Dials = false
	}
}

// lazy lets some hold back pieces, with clients that do that.
func (w *writer) lazy(peers []Peer) {
	all := where(peers, func(p *Peer) bool { return p.Role != Hostile && p.Role != SuperSeed })
	for _, i := range w.some(all, w.o.Lazy) {
		peers[i].Withhold = min(24, w.o.Pieces/10)
		w.runs(&peers[i], w.client(func(c Client) bool { return c.Lazy }))
	}
}

// habits gives oddities of manner to some.
func (w *writer) habits(peers []Peer) {
	all := where(peers, func(p *Peer) bool { return p.Role != Hostile && p.Role != SuperSeed })
	for _, i := range w.some(all, w.o.Early) {
		peers[i].Early = true
	}
	open := where(peers, func(p *Peer) bool { return p.Role != Hostile && p.Reach == Open })
	for _, i := range w.some(open, w.o.Busy) {
		peers[i].Busy = true
	}
}

// some picks a share of the given indexes, exactly up to rounding.
func (w *writer) some(from []int, share float64) []int {
	picked := append([]int(nil), from...)
	w.r.Shuffle(len(picked), func(i, j int) { picked[i], picked[j] = picked[j], picked[i] })
	return picked[:part(share, len(picked))]
}

// span is a random span between two others.
func (w *writer) span(from, to time.Duration) time.Duration {
	return from + time.Duration(w.r.Float64()*float64(to-from))
}

func where(peers []Peer, is func(*Peer) bool) (indexes []int) {
	for i := range peers {
		if is(&peers[i]) {
			indexes = append(indexes, i)
		}
	}
	return indexes
}

func part(share float64, of int) int { return int(math.Round(share * float64(of))) }

func gcd(a, b int) int {
	for b != 0 {
		a, b = b, a%b
	}
	return a
}
