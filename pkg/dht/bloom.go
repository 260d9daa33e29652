package dht

import (
	"crypto/sha1"
	"math"
	"math/bits"
	"net/netip"
)

const (
	filterBytes = 256
	filterBits  = 8 * filterBytes
)

// Filter is the Bloom filter of BEP 33 over addresses without ports: 2048
// bits, two per address.
type Filter [filterBytes]byte

// positions of an address's two bits (BEP 33).
func positions(addr netip.Addr) [2]int {
	h := sha1.Sum(addr.Unmap().AsSlice())
	return [2]int{
		(int(h[0]) | int(h[1])<<8) % filterBits,
		(int(h[2]) | int(h[3])<<8) % filterBits,
	}
}

// Add puts an address in.
func (f *Filter) Add(addr netip.Addr) {
	for _, i := range positions(addr) {
		f[i/8] |= 1 << (i % 8)
	}
}

// Has says whether the address may be in; false is certain.
func (f *Filter) Has(addr netip.Addr) bool {
	for _, i := range positions(addr) {
		if f[i/8]&(1<<(i%8)) == 0 {
			return false
		}
	}
	return true
}

// Union takes in everything that is in other. Filters of several nodes are
// united and estimated once; adding their estimates would count twice.
func (f *Filter) Union(other *Filter) {
	for i := range f {
		f[i] |= other[i]
	}
}

func (f *Filter) zeroBits() int {
	ones := 0
	for _, b := range f {
		ones += bits.OnesCount8(b)
	}
	return filterBits - ones
}

// Estimate is the number of addresses in the filter: exactly 0 for an empty
// one. A filter without a zero bit is saturated: the estimate is then that of
// one zero bit left, 7805.7, and the truth may be anything above.
func (f *Filter) Estimate() (n float64, saturated bool) {
	zero := f.zeroBits()
	switch zero {
	case filterBits:
		return 0, false
	case 0:
		zero, saturated = 1, true
	}
	const m = float64(filterBits)
	return math.Log(float64(zero)/m) / (2 * math.Log(1-1/m)), saturated
}
