package dht

import (
	"net/netip"

	"github.com/anacrolix/dht/v2"
)

// Secure says whether a node's id fits its address (BEP 42). Private,
// loopback and link-local addresses are exempt. Many honest nodes fail it, so
// it serves as a weight and never shuts a node out.
func Secure(id ID, addr netip.Addr) bool {
	addr = addr.Unmap()
	return addr.IsPrivate() || dht.NodeIdSecure(id, addr.AsSlice())
}
