package dht

import (
	"net/netip"
)

const (
	maxPortsPerAddr = 4      // more ports of one address look aimed at it
	maxHarvest      = 50_000 // peers per lookup
	outlierFactor   = 4      // see outlier
	outlierSlack    = 100
)

// harvest is what the nodes of one lookup said about the torrent's peers.
type harvest struct {
	allow   func(netip.Addr) error
	peers   map[netip.AddrPort]int // by number of nodes that name it
	ports   map[netip.Addr]int     // distinct ports per address
	stores  map[netip.AddrPort]*store
	refused map[string]int
}

// store is what one node keeps for the torrent.
type store struct {
	seeds, others *Filter // nil: the node knows no filters
	values        map[netip.AddrPort]bool
}

func newHarvest(allow func(netip.Addr) error) *harvest {
	return &harvest{allow: allow, peers: map[netip.AddrPort]int{}, ports: map[netip.Addr]int{},
		stores: map[netip.AddrPort]*store{}, refused: map[string]int{}}
}

// add takes an answer in and gives the peers that nobody had named before.
func (h *harvest) add(node netip.AddrPort, r *reply) (fresh []netip.AddrPort) {
	s := h.stores[node]
	if s == nil {
		if r.seeds == nil && len(r.values) == 0 {
			return nil
		}
		s = &store{values: map[netip.AddrPort]bool{}}
		h.stores[node] = s
	}
	if r.seeds != nil {
		s.seeds, s.others = r.seeds, r.peers
	}
	for _, peer := range r.values {
		if s.values[peer] || !h.takes(peer) {
			continue
		}
		s.values[peer] = true
		if h.peers[peer]++; h.peers[peer] == 1 {
			h.ports[peer.Addr()]++
			fresh = append(fresh, peer)
		}
	}
	return fresh
}

// takes says whether an address may be a peer at all.
func (h *harvest) takes(peer netip.AddrPort) bool {
	addr := peer.Addr()
	switch {
	case h.peers[peer] > 0:
		return true
	case !h.plausible(addr):
		h.refused["peer-address"]++
	case h.ports[addr] >= maxPortsPerAddr && !isLocal(addr):
		h.refused["peer-ports"]++
	case len(h.peers) >= maxHarvest:
		h.refused["peer-limit"]++
	default:
		return true
	}
	return false
}

// plausible refuses what cannot be a host on the internet, unless the caller
// contacts such addresses. The block list is no reason to hide a peer: who
// visits it decides.
func (h *harvest) plausible(addr netip.Addr) bool {
	if addr.Is4() && (addr.As4()[0] == 0 || addr.As4()[0] >= 224) {
		return false
	}
	return publicOnly(addr) == nil || h.allow(addr) == nil
}

// estimate gives the number of seeds and of other peers by the filters of all
// nodes; false when no node knows filters. Nodes without filters add their
// peers to the others, unless they are in the filter of the seeds.
func (h *harvest) estimate() (seeds, others float64, ok bool, odd []string) {
	outlier := h.outlier()
	if outlier != nil {
		odd = append(odd, "filter-outlier")
	}
	var seedFilter, otherFilter Filter
	for _, s := range h.stores {
		switch {
		case s.seeds == nil || s == outlier:
		case s.suspect():
			odd = addOnce(odd, "filter-mismatch")
		default:
			ok = true
			seedFilter.Union(s.seeds)
			otherFilter.Union(s.others)
		}
	}
	if !ok {
		return 0, 0, false, odd
	}
	h.addBare(&seedFilter, &otherFilter)
	seeds, full := seedFilter.Estimate()
	others, alsoFull := otherFilter.Estimate()
	if full || alsoFull {
		odd = append(odd, "filter-saturated")
	}
	return seeds, others, true, odd
}

// addBare adds the peers of nodes without filters.
func (h *harvest) addBare(seeds, others *Filter) {
	for _, s := range h.stores {
		if s.seeds != nil {
			continue
		}
		for peer := range s.values {
			if !seeds.Has(peer.Addr()) {
				others.Add(peer.Addr())
			}
		}
	}
}

// suspect says whether a node names peers that are in neither of its filters.
// A few may have come between two questions.
func (s *store) suspect() bool {
	missing := 0
	for peer := range s.values {
		if !s.seeds.Has(peer.Addr()) && !s.others.Has(peer.Addr()) {
			missing++
		}
	}
	return missing > 1+len(s.values)/10
}

// outlier finds the node, if any, whose filters count far more than those of
// all others together justify. It takes three filters to tell.
func (h *harvest) outlier() *store {
	var most *store
	var first, second float64
	n := 0
	for _, s := range h.stores {
		if s.seeds == nil {
			continue
		}
		n++
		switch count := s.count(); {
		case count > first:
			most, first, second = s, count, first
		case count > second:
			second = count
		}
	}
	if n < 3 || first <= outlierFactor*second+outlierSlack {
		return nil
	}
	return most
}

func (s *store) count() float64 {
	seeds, _ := s.seeds.Estimate()
	others, _ := s.others.Estimate()
	return seeds + others
}

func addOnce(list []string, word string) []string {
	for _, have := range list {
		if have == word {
			return list
		}
	}
	return append(list, word)
}
