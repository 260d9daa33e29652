package peerwire

import (
	"crypto/sha1"
	"encoding/binary"
	"math"
	"net/netip"
)

// AllowedFastSet is the set of pieces that an honest peer allows a peer at an
// IPv4 address to request while choked (BEP 6), k of them or all when there are
// fewer, in the order of the BEP; nil for IPv6, where it is not defined.
func AllowedFastSet(addr netip.Addr, infoHash [20]byte, pieces, k int) []uint32 {
	addr = addr.Unmap()
	if !addr.Is4() || pieces <= 0 || pieces > math.MaxInt32 {
		return nil
	}
	ip := addr.As4()
	ip[3] = 0
	x := append(ip[:], infoHash[:]...)
	k = min(k, pieces)
	var set []uint32
	seen := map[uint32]bool{}
	for len(set) < k {
		sum := sha1.Sum(x)
		x = sum[:]
		for i := 0; i < len(x) && len(set) < k; i += 4 {
			index := binary.BigEndian.Uint32(x[i:]) % uint32(pieces)
			if !seen[index] {
				seen[index] = true
				set = append(set, index)
			}
		}
	}
	return set
}
