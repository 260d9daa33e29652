package dht

import (
	"net/netip"
	"sync"
	"time"
)

// Rates per remote address. libtorrent ignores an address for five minutes
// after 50 messages within 10 s; these stay far below.
const (
	nodeGap    = time.Second      // between two queries
	localGap   = time.Second / 4  // the same in networks of one's own, which have no quota
	nodeWindow = 10 * time.Minute // for the quota
	// DefaultNodeQuota is the most queries to one address within ten minutes.
	DefaultNodeQuota = 20
)

// maxPaced bounds the addresses remembered; the oldest give way.
const maxPaced = 50_000

// paceBook remembers when each remote address was queried. The clock is an
// argument and it never sleeps.
type paceBook struct {
	quota int // per nodeWindow; 0 or less means no quota

	mu   sync.Mutex
	sent map[netip.AddrPort][]time.Time // ascending, none older than nodeWindow when last used
}

func newPaceBook(quota int) *paceBook {
	return &paceBook{quota: quota, sent: map[netip.AddrPort][]time.Time{}}
}

// paceKey is what counts as one remote address: on the internet the address
// with all its ports, in private networks, where one host plays many nodes,
// address and port.
func paceKey(to netip.AddrPort) netip.AddrPort {
	if isLocal(to.Addr()) {
		return to
	}
	return netip.AddrPortFrom(to.Addr(), 0)
}

// take books a query to an address at this time, or says how long to wait
// before asking again.
func (p *paceBook) take(to netip.AddrPort, now time.Time) (wait time.Duration) {
	key := paceKey(to)
	p.mu.Lock()
	defer p.mu.Unlock()
	times := fresh(p.sent[key], now)
	gap, quota := nodeGap, p.quota
	if isLocal(to.Addr()) {
		gap, quota = localGap, 0
	}
	if n := len(times); n > 0 {
		wait = times[n-1].Add(gap).Sub(now)
	}
	if n := len(times); quota > 0 && n >= quota {
		wait = max(wait, times[n-quota].Add(nodeWindow).Sub(now))
	}
	if wait > 0 {
		return wait
	}
	if len(p.sent) >= maxPaced {
		p.forget(now)
	}
	p.sent[key] = append(times, now)
	return 0
}

// fresh leaves out what is older than the window.
func fresh(times []time.Time, now time.Time) []time.Time {
	for len(times) > 0 && now.Sub(times[0]) >= nodeWindow {
		times = times[1:]
	}
	return times
}

// forget makes room for a tenth of maxPaced: addresses out of the window go
// first, then those that were left alone for the longest time.
func (p *paceBook) forget(now time.Time) {
	for age := nodeWindow; len(p.sent) > maxPaced*9/10; age /= 2 {
		for key, times := range p.sent {
			if now.Sub(times[len(times)-1]) >= age && len(p.sent) > maxPaced*9/10 {
				delete(p.sent, key)
			}
		}
		if age == 0 {
			return
		}
	}
}
