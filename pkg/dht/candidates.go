package dht

import (
	"net/netip"
	"slices"
	"time"
)

// Bounds of a lookup's list of nodes.
const (
	closestK       = 8   // k of BEP 5: nodes to which announces go
	maxCandidates  = 256 // kept per lookup, the farthest unasked give way
	maxPerBigNet   = 2   // nodes of one /16 (IPv6 /48) …
	bigNetAmong    = 16  // … among so many closest
	lowPorts       = 1024
	maxSharedBits  = 24 + 12 // see tooClose
	maxNodesFromOf = 64      // nodes taken from one answer; honest ones list 8 per family
)

// nodeState is what has become of a candidate.
type nodeState uint8

const (
	unasked nodeState = iota
	asked             // a first query is open
	stale             // … and has been so for so long that we go on without it
	alive             // has answered
	dead              // has not, or wrongly
	skipped           // not asked, for the limit per address
)

// candidate is one node of a lookup's list.
type candidate struct {
	Node
	known  bool // the id is known: somebody listed it, or it answered
	old    bool // the id is from an earlier run and may have changed
	router bool // only our bootstrap list names it
	state  nodeState
	// No query to it before this time.
	notBefore time.Time
	asks      int     // queries sent to it
	again     ask     // what to ask it next, once it has answered
	quiet     int     // answers in a row with less than 2 % new addresses
	held      *answer // peers that wait for the control question
	cleared   bool    // the control question has been answered
}

// candidates are the nodes of a lookup in the order of their distance to the
// target; those whose id is not known come last.
type candidates struct {
	target  ID
	allow   func(netip.Addr) error
	list    []*candidate
	byAddr  map[netip.AddrPort]*candidate
	perNet  map[netip.Prefix]*candidate
	refused map[string]int // nodes left out, by reason
}

func newCandidates(target ID, allow func(netip.Addr) error) *candidates {
	return &candidates{target: target, allow: allow, byAddr: map[netip.AddrPort]*candidate{},
		perNet: map[netip.Prefix]*candidate{}, refused: map[string]int{}}
}

// tooClose refuses ids that no honest node has by chance. The closest of N
// nodes shares log2 N leading bits with the target; N is below 2^24, and 12
// bits more happen to one lookup in 4096.
func tooClose(target, id ID) bool { return sharedBits(target, id) > maxSharedBits }

// addBootstrap adds a node of which only the address is known, and says
// whether it is a new one.
func (c *candidates) addBootstrap(addr netip.AddrPort) bool {
	if c.byAddr[addr] != nil || c.allow(addr.Addr()) != nil {
		return false
	}
	c.insert(&candidate{Node: Node{Addr: addr}, router: true})
	return true
}

// add takes a listed node if it may be contacted and is not one too many of
// its network. It says whether the node is a new one.
func (c *candidates) add(n Node) bool {
	if have := c.byAddr[n.Addr]; have != nil {
		have.router = false
		return false
	}
	if why := c.why(n); why != "" {
		c.refused[why]++
		return false
	}
	fresh := &candidate{Node: n, known: true}
	if !isLocal(n.Addr.Addr()) {
		c.perNet[smallNet(n.Addr.Addr())] = fresh
	}
	c.insert(fresh)
	return true
}

// why says why a listed node is left out, "" if it is not.
func (c *candidates) why(n Node) string {
	switch local := isLocal(n.Addr.Addr()); {
	case c.allow(n.Addr.Addr()) != nil:
		return "address"
	case tooClose(c.target, n.ID):
		return "too-close"
	case local:
		return ""
	case n.Addr.Port() < lowPorts:
		return "port"
	}
	if other := c.perNet[smallNet(n.Addr.Addr())]; other != nil && other.state != dead {
		return "same-network"
	}
	return ""
}

func (c *candidates) insert(fresh *candidate) {
	at, _ := slices.BinarySearchFunc(c.list, fresh, c.compare)
	c.list = slices.Insert(c.list, at, fresh)
	c.byAddr[fresh.Addr] = fresh
	if len(c.list) > maxCandidates {
		c.dropFarthest()
	}
}

func (c *candidates) compare(a, b *candidate) int {
	switch {
	case a.known && b.known:
		return compareDistance(c.target, a.ID, b.ID)
	case a.known:
		return -1
	case b.known:
		return 1
	}
	return a.Addr.Compare(b.Addr)
}

func (c *candidates) dropFarthest() {
	for i, n := range slices.Backward(c.list) {
		if n.state == unasked || n.state == dead {
			c.list = slices.Delete(c.list, i, i+1)
			delete(c.byAddr, n.Addr)
			n.state = dead // its place in its network is free again
			return
		}
	}
}

// identify gives a node the id that it answered with, if it had none, and
// says whether the answer's id is the one under which the node was listed.
func (c *candidates) identify(n *candidate, id ID) bool {
	if n.known && (!n.old || n.ID == id) {
		return n.ID == id
	}
	if tooClose(c.target, id) {
		return false
	}
	at := slices.Index(c.list, n)
	if at < 0 {
		return false
	}
	c.list = slices.Delete(c.list, at, at+1)
	n.ID, n.known, n.old = id, true, false
	c.insert(n)
	return true
}

// next gives the closest node to be asked for the first time, as long as
// fewer than width closer ones are alive; nil if there is none.
func (c *candidates) next(width int, now time.Time) *candidate {
	living, place, nets := 0, 0, map[netip.Prefix]int{}
	for _, n := range c.list {
		if n.state == dead || n.state == skipped {
			continue
		}
		net := bigNet(n.Addr.Addr())
		if place < bigNetAmong && nets[net] >= maxPerBigNet && n.state == unasked && !isLocal(n.Addr.Addr()) {
			n.state = skipped
			c.refused["crowded"]++
			continue
		}
		if n.state == unasked && !n.notBefore.After(now) {
			return n
		}
		place++
		nets[net]++
		if n.state == alive {
			living++
		}
		if living >= width {
			return nil
		}
	}
	return nil
}

// waiting gives the soonest time at which a node within the width may be
// asked, for those that had to be put off; zero if there is none.
func (c *candidates) waiting(width int) (soonest time.Time) {
	living := 0
	for _, n := range c.list {
		if n.state == alive {
			living++
		}
		if living > width {
			break
		}
		if n.state == unasked && !n.notBefore.IsZero() && (soonest.IsZero() || n.notBefore.Before(soonest)) {
			soonest = n.notBefore
		}
	}
	return soonest
}

// settled says whether the n closest nodes that can answer have all done so.
// With fewer nodes than that, all of them must have.
func (c *candidates) settled(n int) bool {
	for _, node := range c.list {
		switch node.state {
		case unasked, asked:
			return false
		case alive:
			n--
		}
		if n <= 0 {
			break
		}
	}
	return true
}

// distance of the n-th closest live node to the target; zero and false if
// there are fewer.
func (c *candidates) distance(n int) (ID, bool) {
	for _, node := range c.list {
		if node.state != alive || !node.known {
			continue
		}
		if n--; n == 0 {
			return node.ID.Distance(c.target), true
		}
	}
	return ID{}, false
}
