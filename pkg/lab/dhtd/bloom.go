package dhtd

import (
	"crypto/sha1"
	"net/netip"
)

// bloom is a filter of BEP 33: 2048 bits, two of them for each address.
type bloom [256]byte

func (b *bloom) add(ip netip.Addr) {
	h := sha1.Sum(ip.AsSlice())
	for _, i := range []int{int(h[0]) | int(h[1])<<8, int(h[2]) | int(h[3])<<8} {
		i %= 2048
		b[i/8] |= 1 << (i % 8)
	}
}
