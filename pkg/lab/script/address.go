package script

import "net/netip"

// Address is the address of peer i, from 0: 127.16 to 127.215, neighbours in
// different /16, so that limits per network are not met by chance. The ports are
// below those that systems hand out to outgoing connections and above the usual
// ones of this protocol, so that a listener on all addresses does not stand in
// the way.
func Address(i int) netip.Addr {
	return netip.AddrFrom4([4]byte{127, byte(16 + i%200), byte(i / 200 % 256), byte(1 + i/51200%254)})
}
