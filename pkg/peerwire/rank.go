package peerwire

import "net/netip"

// BestLocal is the one of our addresses whose canonical priority towards a peer
// is highest (BEP 40): clients that are full keep the connections of highest
// priority. Addresses of the other family are left out; ok is false if no other is
// there. port is where we take connections.
func BestLocal(ours []netip.Addr, port uint16, peer netip.AddrPort) (best netip.Addr, ok bool) {
	var most uint32
	for _, a := range ours {
		if a.Unmap().Is4() != peer.Addr().Unmap().Is4() {
			continue
		}
		if rank := Priority(netip.AddrPortFrom(a, port), peer); !ok || rank > most {
			best, most, ok = a, rank, true
		}
	}
	return best, ok
}
