package announce

import (
	"hash/maphash"
	"net/netip"

	"btkit/pkg/tracker"
)

// maxSeen bounds one generation of the memory of seen addresses; there are
// two, of about 16 bytes per address.
const maxSeen = 1 << 20

// seen remembers which addresses were seen for which torrent. When it is full
// it forgets those that were not seen again for the longest time. It keeps 64
// bits per address: in a million, two are taken for one with a chance of one
// in thirty million.
type seen struct {
	seed     maphash.Seed
	max      int
	now, old map[uint64]struct{}
}

func newSeen(most int) *seen {
	return &seen{seed: maphash.MakeSeed(), max: most, now: map[uint64]struct{}{}}
}

// first says whether the address is new for the torrent.
func (s *seen) first(torrent tracker.Hash, at netip.AddrPort) bool {
	key := maphash.Comparable(s.seed, struct {
		torrent tracker.Hash
		at      netip.AddrPort
	}{torrent, at})
	if _, ok := s.now[key]; ok {
		return false
	}
	_, known := s.old[key]
	if len(s.now) >= s.max {
		s.old, s.now = s.now, map[uint64]struct{}{}
	}
	s.now[key] = struct{}{}
	return !known
}
