package trackerd

import (
	"math/rand/v2"
	"net/netip"
	"slices"
	"sync"
)

// Hash is the info-hash as spoken on the wire.
type Hash = [20]byte

// Member is a peer of the lab.
type Member struct {
	Addr netip.AddrPort
	Seed bool
	// What others tell of it by PEX (BEP 11), without the flag of seeds.
	Flags uint8
}

// Counts is what a scrape tells (BEP 48). Completed counts those that became
// complete since the tracker began.
type Counts struct{ Complete, Incomplete, Completed int }

// Table is who is where. It is safe for concurrent use.
type Table struct {
	mu     sync.Mutex
	chance *rand.Rand
	swarms map[Hash]*swarm
}

type swarm struct {
	members []Member
	place   map[netip.AddrPort]int
	guests  []netip.AddrPort
	counts  Counts
}

// most guests of one swarm; the oldest goes first.
const maxGuests = 64

// NewTable makes a table that knows the given torrents and nobody in them.
func NewTable(chance *rand.Rand, hashes ...Hash) *Table {
	t := &Table{chance: chance, swarms: map[Hash]*swarm{}}
	for _, h := range hashes {
		t.swarms[h] = &swarm{place: map[netip.AddrPort]int{}}
	}
	return t
}

// Join adds a peer to a swarm.
func (t *Table) Join(h Hash, m Member) {
	t.with(h, func(s *swarm) {
		if _, twice := s.place[m.Addr]; twice {
			return
		}
		s.place[m.Addr] = len(s.members)
		s.members = append(s.members, m)
		s.count(m.Seed, 1)
	})
}

// Leave takes a peer out.
func (t *Table) Leave(h Hash, addr netip.AddrPort) {
	t.with(h, func(s *swarm) {
		i, there := s.place[addr]
		if !there {
			return
		}
		s.count(s.members[i].Seed, -1)
		last := len(s.members) - 1
		s.members[i] = s.members[last]
		s.place[s.members[i].Addr] = i
		s.members = s.members[:last]
		delete(s.place, addr)
	})
}

// Complete says that a peer now has everything.
func (t *Table) Complete(h Hash, addr netip.AddrPort) {
	t.with(h, func(s *swarm) {
		i, there := s.place[addr]
		if !there || s.members[i].Seed {
			return
		}
		s.members[i].Seed = true
		s.count(false, -1)
		s.count(true, 1)
		s.counts.Completed++
	})
}

// Welcome adds a guest, Dismiss takes it out, Guests lists them.
func (t *Table) Welcome(h Hash, addr netip.AddrPort) {
	t.with(h, func(s *swarm) {
		if slices.Contains(s.guests, addr) || addr.Port() == 0 {
			return
		}
		if len(s.guests) == maxGuests {
			s.guests = slices.Delete(s.guests, 0, 1)
		}
		s.guests = append(s.guests, addr)
	})
}

// Dismiss takes a guest out.
func (t *Table) Dismiss(h Hash, addr netip.AddrPort) {
	t.with(h, func(s *swarm) {
		s.guests = slices.DeleteFunc(s.guests, func(a netip.AddrPort) bool { return a == addr })
	})
}

// Guests lists who announced over the network.
func (t *Table) Guests(h Hash) (guests []netip.AddrPort) {
	t.with(h, func(s *swarm) { guests = slices.Clone(s.guests) })
	return guests
}

// Sample is up to n members at random, without the given address.
func (t *Table) Sample(h Hash, n int, except netip.AddrPort) []Member {
	return t.Choose(h, n, func(a netip.AddrPort) bool { return a != except })
}

// Choose is up to n members at random, of those that will do. It calls will under
// its lock.
func (t *Table) Choose(h Hash, n int, will func(netip.AddrPort) bool) (sample []Member) {
	t.with(h, func(s *swarm) {
		for _, i := range t.chance.Perm(len(s.members)) {
			if len(sample) == n {
				break
			}
			if will(s.members[i].Addr) {
				sample = append(sample, s.members[i])
			}
		}
	})
	return sample
}

// Absent is those of the given addresses that are no members.
func (t *Table) Absent(h Hash, of map[netip.AddrPort]bool) (gone []netip.AddrPort) {
	t.with(h, func(s *swarm) {
		for a := range of {
			if _, there := s.place[a]; !there {
				gone = append(gone, a)
			}
		}
	})
	return gone
}

// Scrape is the counts of a swarm; ok is false if the torrent is unknown.
func (t *Table) Scrape(h Hash) (c Counts, ok bool) {
	t.with(h, func(s *swarm) { c, ok = s.counts, true })
	return c, ok
}

// with runs f on a known swarm, under the lock.
func (t *Table) with(h Hash, f func(*swarm)) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if s := t.swarms[h]; s != nil {
		f(s)
	}
}

func (s *swarm) count(seed bool, by int) {
	if seed {
		s.counts.Complete += by
	} else {
		s.counts.Incomplete += by
	}
}
