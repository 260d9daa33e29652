package peerwire

import "encoding/binary"

// AppendPex adds the frame of a ut_pex message; id is the receiver's number for
// ut_pex. Empty lists are sent as empty, the flags of IPv4 and IPv6 apart.
func AppendPex(dst []byte, id uint8, added, dropped []PexPeer) []byte {
	in4, flags4, in6, flags6 := split(added)
	out4, _, out6, _ := split(dropped)
	b := []byte{'d'}
	b = appendTextPair(b, "added", string(in4))
	b = appendTextPair(b, "added.f", string(flags4))
	b = appendTextPair(b, "added6", string(in6))
	b = appendTextPair(b, "added6.f", string(flags6))
	b = appendTextPair(b, "dropped", string(out4))
	b = appendTextPair(b, "dropped6", string(out6))
	return AppendExtended(dst, id, append(b, 'e'))
}

// split writes peers in compact form, by family.
func split(peers []PexPeer) (v4, flags4, v6, flags6 []byte) {
	for _, p := range peers {
		a := p.Addr.Addr().Unmap()
		if a.Is4() {
			v4 = binary.BigEndian.AppendUint16(append(v4, a.AsSlice()...), p.Addr.Port())
			flags4 = append(flags4, p.Flags)
		} else if a.Is6() {
			v6 = binary.BigEndian.AppendUint16(append(v6, a.AsSlice()...), p.Addr.Port())
			flags6 = append(flags6, p.Flags)
		}
	}
	return v4, flags4, v6, flags6
}
