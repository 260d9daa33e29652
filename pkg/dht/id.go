package dht

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"math/big"
	"math/bits"
	"net/netip"
)

// ID names a node or a torrent: 20 bytes, one point of the key space (BEP 5).
type ID [20]byte

// Node is a DHT node as somebody listed it.
type Node struct {
	ID   ID
	Addr netip.AddrPort
}

func (id ID) String() string { return hex.EncodeToString(id[:]) }

// ParseID reads 40 hex digits.
func ParseID(text string) (id ID, ok bool) {
	if len(text) != 2*len(id) {
		return ID{}, false
	}
	_, err := hex.Decode(id[:], []byte(text))
	return id, err == nil
}

// RandomID draws a point of the key space.
func RandomID() (id ID) {
	// rand.Read never fails on the systems that Go supports.
	_, _ = rand.Read(id[:])
	return id
}

// Distance is the XOR metric of BEP 5; distances compare as big-endian numbers.
func (id ID) Distance(to ID) (d ID) {
	for i := range id {
		d[i] = id[i] ^ to[i]
	}
	return d
}

// compareDistance is negative when a is closer to target than b.
func compareDistance(target, a, b ID) int {
	da, db := a.Distance(target), b.Distance(target)
	return bytes.Compare(da[:], db[:])
}

// sharedBits is the number of leading bits that two ids have in common.
func sharedBits(a, b ID) int {
	for i, x := range a.Distance(b) {
		if x != 0 {
			return 8*i + bits.LeadingZeros8(x)
		}
	}
	return 8 * len(a)
}

// NetworkSize estimates the number of nodes in the DHT from the distance of
// the k-th closest live node to a point of the key space: (k-1) * 2^160 / d_k.
// The relative standard deviation is 1/sqrt(k-2), so small k say little.
func NetworkSize(k int, distance ID) float64 {
	d := new(big.Float).SetInt(new(big.Int).SetBytes(distance[:]))
	if k < 2 || d.Sign() == 0 {
		return 0
	}
	space := new(big.Float).SetMantExp(big.NewFloat(float64(k-1)), 160)
	n, _ := space.Quo(space, d).Float64()
	return n
}
