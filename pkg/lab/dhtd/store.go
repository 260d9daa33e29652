package dhtd

import (
	"math/rand/v2"
	"net/netip"
	"sync"
	"time"
)

// Entry is what a node stores about a peer.
type Entry struct {
	// Whether it was announced as a seed (BEP 33).
	Seed bool
	// When it is forgotten; zero means never.
	Until time.Time
}

// store is the announced peers of one node.
type store struct {
	mu     sync.Mutex
	chance *rand.Rand
	peers  map[ID]map[netip.AddrPort]Entry
}

// bounds of a store, so that announces from the network cannot fill the memory.
const (
	maxTorrents = 4096
	maxStored   = 8192
)

func (s *store) put(hash ID, addr netip.AddrPort, e Entry) {
	s.mu.Lock()
	defer s.mu.Unlock()
	peers := s.peers[hash]
	if peers == nil {
		if len(s.peers) >= maxTorrents {
			return
		}
		peers = map[netip.AddrPort]Entry{}
		s.peers[hash] = peers
	}
	if _, known := peers[addr]; known || len(peers) < maxStored {
		peers[addr] = e
	}
}

// alive gives the entries of a torrent in random order and forgets the old ones.
func (s *store) alive(hash ID, now time.Time) (addrs []netip.AddrPort, seeds []bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for addr, e := range s.peers[hash] {
		if !e.Until.IsZero() && now.After(e.Until) {
			delete(s.peers[hash], addr)
			continue
		}
		addrs, seeds = append(addrs, addr), append(seeds, e.Seed)
	}
	s.chance.Shuffle(len(addrs), func(i, j int) {
		addrs[i], addrs[j] = addrs[j], addrs[i]
		seeds[i], seeds[j] = seeds[j], seeds[i]
	})
	return addrs, seeds
}

// samples is up to n info-hashes stored here, and the number of all.
func (s *store) samples(n int) (hashes []ID, all int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for h := range s.peers {
		if len(hashes) < n {
			hashes = append(hashes, h)
		}
	}
	return hashes, len(s.peers)
}
