package lsd

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"

	"btkit/pkg/record"
)

// Bounds on what is kept of one run.
const (
	maxTorrents = 100_000
	maxAddrs    = 2000 // of one torrent: local networks are smaller
	maxPorts    = 8    // of one address and torrent: clients on one host
)

// torrent is an info-hash that is listened for. A hybrid has two (BEP 52).
type torrent struct {
	hash    Hash
	private bool // neither announced nor listened for (BEP 27)
	seen    map[netip.Addr][]uint16
}

// first says whether a peer is new in this run. Past the bounds nothing is.
func (t *torrent) first(peer netip.AddrPort) bool {
	ports, known := t.seen[peer.Addr()]
	if slices.Contains(ports, peer.Port()) || len(ports) >= maxPorts || !known && len(t.seen) >= maxAddrs {
		return false
	}
	if t.seen == nil {
		t.seen = map[netip.Addr][]uint16{}
	}
	t.seen[peer.Addr()] = append(ports, peer.Port())
	return true
}

// hashesOf gives the info-hashes of a torrent's swarms.
func hashesOf(t *record.Torrent) ([]Hash, error) {
	first, err := hex.DecodeString(t.InfoHash)
	if err != nil || len(first) != len(Hash{}) {
		return nil, fmt.Errorf("%w: torrent: member \"infohash\": expected 40 hex digits", record.ErrNotRecord)
	}
	hashes := []Hash{Hash(first)}
	if t.InfoHashV2 == "" {
		return hashes, nil
	}
	v2, err := hex.DecodeString(t.InfoHashV2)
	if err != nil || len(v2) != 32 {
		return nil, fmt.Errorf("%w: torrent: member \"infohash_v2\": expected 64 hex digits", record.ErrNotRecord)
	}
	if second := Hash(v2[:len(Hash{})]); second != hashes[0] {
		hashes = append(hashes, second)
	}
	return hashes, nil
}
