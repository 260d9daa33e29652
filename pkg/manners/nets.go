package manners

import (
	"net/netip"
	"sync"
)

// Widths of what counts as one remote network: what providers hand out to one
// place, so that one host with many addresses is not asked by many at once.
const (
	NetBits4 = 24
	NetBits6 = 48
)

// Nets holds how many conversations are open per remote network and refuses
// more than Limit at once. It is safe for concurrent use; its memory is
// bounded by the number of conversations that are open.
type Nets struct {
	// Limit is the number of conversations per network, 0 for no limit.
	Limit int

	mu   sync.Mutex
	open map[netip.Prefix]int
}

// NetOf returns the remote network of an address.
func NetOf(addr netip.Addr) netip.Prefix {
	addr = addr.Unmap().WithZone("")
	bits := NetBits6
	if addr.Is4() {
		bits = NetBits4
	}
	p, err := addr.Prefix(bits)
	if err != nil {
		return netip.Prefix{} // the zero address: all such share one network
	}
	return p
}

// Enter counts a conversation with addr and says whether it may begin. Each
// Enter that returned true wants one Leave.
func (n *Nets) Enter(addr netip.Addr) bool {
	if n.Limit <= 0 {
		return true
	}
	net := NetOf(addr)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open[net] >= n.Limit {
		return false
	}
	if n.open == nil {
		n.open = make(map[netip.Prefix]int)
	}
	n.open[net]++
	return true
}

// Leave counts the end of a conversation with addr.
func (n *Nets) Leave(addr netip.Addr) {
	net := NetOf(addr)
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.open[net] > 1 {
		n.open[net]--
	} else {
		delete(n.open, net)
	}
}

// Open returns the number of networks with at least one open conversation.
func (n *Nets) Open() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.open)
}
