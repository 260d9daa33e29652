package dht

import (
	"net/netip"
	"slices"
	"sync"
	"time"
)

// maxKnown bounds the nodes remembered per family: enough to start hundreds
// of lookups close to their torrents, little enough to be walked each time.
const maxKnown = 5000

// maxStrikes is how many different ids an address may show before it is
// ignored. One wrong id may be the fault of whoever listed it.
const maxStrikes = 2

// goodNode is a node that has answered.
type goodNode struct {
	id     ID
	seen   time.Time
	failed int  // queries in a row without an answer
	old    bool // from the cache, not heard of in this run
}

// known is what this process knows about nodes of one family. It is not a
// routing table: a read-only client answers nobody, so it needs starting
// points near its torrents and nothing else.
type known struct {
	mu     sync.Mutex
	nodes  map[netip.AddrPort]*goodNode
	shown  map[netip.AddrPort][]ID // ids that an address showed, when they differ
	banned map[netip.AddrPort]bool
}

func newKnown() *known {
	return &known{nodes: map[netip.AddrPort]*goodNode{}, shown: map[netip.AddrPort][]ID{},
		banned: map[netip.AddrPort]bool{}}
}

// answered remembers a node, and says whether the address may be believed: an
// address that shows ever new ids may not.
func (k *known) answered(n Node, now time.Time) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	old, ok := k.nodes[n.Addr]
	if ok && old.id != n.ID {
		k.strike(n.Addr, old.id, n.ID)
	}
	if k.banned[n.Addr] {
		return false
	}
	k.nodes[n.Addr] = &goodNode{id: n.ID, seen: now}
	if len(k.nodes) > maxKnown {
		k.forgetOldest()
	}
	return true
}

// strike notes that an address has changed its id.
func (k *known) strike(addr netip.AddrPort, ids ...ID) {
	for _, id := range ids {
		if !slices.Contains(k.shown[addr], id) {
			k.shown[addr] = append(k.shown[addr], id)
		}
	}
	if len(k.shown[addr]) <= maxStrikes {
		return
	}
	delete(k.nodes, addr)
	delete(k.shown, addr)
	if len(k.banned) < maxKnown {
		k.banned[addr] = true
	}
}

// failed notes that a node did not answer; after two such it is forgotten.
func (k *known) failed(addr netip.AddrPort) {
	k.mu.Lock()
	defer k.mu.Unlock()
	n, ok := k.nodes[addr]
	if !ok {
		return
	}
	if n.failed++; n.failed >= 2 {
		delete(k.nodes, addr)
	}
}

// ban ignores an address for the rest of the run.
func (k *known) ban(addr netip.AddrPort) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.nodes, addr)
	if len(k.banned) < maxKnown {
		k.banned[addr] = true
	}
}

func (k *known) isBanned(addr netip.AddrPort) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.banned[addr]
}

func (k *known) len() int {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.nodes)
}

// closest gives up to n nodes in the order of their distance to the target.
func (k *known) closest(target ID, n int) []savedNode {
	all := k.all()
	slices.SortFunc(all, func(a, b savedNode) int { return compareDistance(target, a.ID, b.ID) })
	return all[:min(n, len(all))]
}

// all lists the nodes, in no order.
func (k *known) all() []savedNode {
	k.mu.Lock()
	defer k.mu.Unlock()
	all := make([]savedNode, 0, len(k.nodes))
	for addr, n := range k.nodes {
		all = append(all, savedNode{Node: Node{ID: n.id, Addr: addr}, seen: n.seen, old: n.old})
	}
	return all
}

// add remembers a node of the cache file, as old as it says.
func (k *known) add(s savedNode) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if len(k.nodes) < maxKnown {
		k.nodes[s.Addr] = &goodNode{id: s.ID, seen: s.seen, old: true}
	}
}

// forgetOldest makes room for a tenth of maxKnown.
func (k *known) forgetOldest() {
	type aged struct {
		addr netip.AddrPort
		seen time.Time
	}
	all := make([]aged, 0, len(k.nodes))
	for addr, n := range k.nodes {
		all = append(all, aged{addr, n.seen})
	}
	slices.SortFunc(all, func(a, b aged) int { return a.seen.Compare(b.seen) })
	for _, a := range all[:maxKnown/10] {
		delete(k.nodes, a.addr)
	}
}
