package dhtd

import (
	"bytes"
	"math/bits"
	"net/netip"
	"slices"
)

// ID is a node's id or an info-hash, 160 bits.
type ID [20]byte

// K is the size of a bucket and of a list of nodes (BEP 5).
const K = 8

// Contact is a node that another node knows.
type Contact struct {
	ID   ID
	Addr netip.AddrPort
}

// xor is the distance of two ids.
func xor(a, b ID) (d ID) {
	for i := range d {
		d[i] = a[i] ^ b[i]
	}
	return d
}

// shared is the number of leading bits that two ids have in common, 0 to 160.
func shared(a, b ID) int {
	for i := range a {
		if x := a[i] ^ b[i]; x != 0 {
			return 8*i + bits.LeadingZeros8(x)
		}
	}
	return 160
}

// closest sorts contacts by their distance to target, in place, and gives the
// first n.
func closest(contacts []Contact, target ID, n int) []Contact {
	slices.SortFunc(contacts, func(a, b Contact) int {
		x, y := xor(a.ID, target), xor(b.ID, target)
		return bytes.Compare(x[:], y[:])
	})
	return contacts[:min(n, len(contacts))]
}

// routes makes the table of the node me out of all nodes, which are in random
// order: K for each length of common prefix.
func routes(me ID, all []Contact) []Contact {
	var full [161]int
	var table []Contact
	for _, c := range all {
		n := shared(me, c.ID)
		if n < 160 && full[n] < K {
			full[n]++
			table = append(table, c)
		}
	}
	return table
}
