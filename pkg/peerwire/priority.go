package peerwire

import (
	"bytes"
	"encoding/binary"
	"hash/crc32"
	"net/netip"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Priority is the canonical peer priority of BEP 40, the same for both ends of
// a connection: peers with higher values are contacted first. Two addresses of
// different families have none and give 0.
func Priority(a, b netip.AddrPort) uint32 {
	x, y := a.Addr().Unmap().AsSlice(), b.Addr().Unmap().AsSlice()
	switch {
	case len(x) != len(y) || len(x) == 0:
		return 0
	case bytes.Equal(x, y):
		x = binary.BigEndian.AppendUint16(nil, a.Port())
		y = binary.BigEndian.AppendUint16(nil, b.Port())
	default:
		maskHosts(x, y)
	}
	if bytes.Compare(x, y) > 0 {
		x, y = y, x
	}
	return crc32.Checksum(append(x, y...), castagnoli)
}

// maskHosts keeps the first two bytes of IPv4 and six of IPv6, or one more than
// the two addresses have in common, and every other bit of the rest.
func maskHosts(x, y []byte) {
	whole := 2
	if len(x) == 16 {
		whole = 6
	}
	common := 0
	for common < len(x) && x[common] == y[common] {
		common++
	}
	if common >= whole {
		whole = common + 1
	}
	for i := whole; i < len(x); i++ {
		x[i] &= 0x55
		y[i] &= 0x55
	}
}
