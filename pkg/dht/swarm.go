package dht

import (
	"net/netip"
	"time"
)

// maxSeen bounds the peers remembered per swarm; a DHT of honest nodes names
// some thousand.
const maxSeen = 200_000

// swarm is an info-hash to look up. A hybrid torrent has two (BEP 52).
type swarm struct {
	hash    ID
	private bool                        // never looked up again (BEP 27)
	seen    map[netip.AddrPort]struct{} // peers reported in this run
}

// job is a swarm's lookups in one family.
type job struct {
	swarm  *swarm
	family Family
	due    time.Time
	failed int // of the last ones in a row, how many reached no node
}

// first says whether a peer is new in this run. Past maxSeen nothing is new.
func (s *swarm) first(peer netip.AddrPort) bool {
	if _, ok := s.seen[peer]; ok || len(s.seen) >= maxSeen {
		return false
	}
	s.seen[peer] = struct{}{}
	return true
}

// jobs is a heap of those that wait, by time.
type jobs []*job

func (q jobs) Len() int           { return len(q) }
func (q jobs) Less(i, k int) bool { return q[i].due.Before(q[k].due) }
func (q jobs) Swap(i, k int)      { q[i], q[k] = q[k], q[i] }
func (q *jobs) Push(x any)        { *q = append(*q, x.(*job)) }
func (q *jobs) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}
