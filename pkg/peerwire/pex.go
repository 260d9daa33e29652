package peerwire

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"btkit/pkg/benc"
	"btkit/pkg/outcome"
)

// Flags of a peer in a PEX message (BEP 11): hints of a third party, never
// facts about the peer. Other bits are kept as they came.
const (
	PexEncryption uint8 = 0x01 // prefers encryption
	PexSeed       uint8 = 0x02 // seed or upload-only
	PexUTP        uint8 = 0x04 // supports uTP
	PexHolepunch  uint8 = 0x08 // supports ut_holepunch
	PexReachable  uint8 = 0x10 // the sender connected to it, so it took connections
)

const (
	pexBody = 500 << 10 // bytes of a message, as libtorrent bounds it
	pexMax  = 200       // peers of one list of a message that are kept
)

// PexPeer is a peer that another peer named.
type PexPeer struct {
	Addr  netip.AddrPort
	Flags uint8 // 0 in Dropped
}

// Pex is a message of ut_pex (BEP 11).
type Pex struct {
	Added    []PexPeer
	Dropped  []PexPeer
	Refused  int      // entries that were left out: port 0, address not allowed, repeated or too many
	Oddities []string // breaches that did not spoil the rest
}

// ParsePex reads the payload of a ut_pex message. Entries with port 0, repeated
// entries and those whose address allow refuses are left out and counted; without
// allow Routable decides. At most 200 entries of each list are kept. What is no
// dictionary is outcome.Malformed, a message over 500 KiB outcome.TooLarge.
func ParsePex(payload []byte, allow func(netip.Addr) bool) (p Pex, err error) {
	if len(payload) > pexBody {
		return p, outcome.Fail(outcome.TooLarge, fmt.Errorf("pex message of %d bytes", len(payload)))
	}
	v, _, odd, err := parseDict(payload)
	if err != nil {
		return p, fmt.Errorf("pex message: %w", err)
	}
	if allow == nil {
		allow = Routable
	}
	p.Oddities = odd.Strings()
	r := pexReader{pex: &p, allow: allow}
	p.Added = r.read(nil, v, "added", 4)
	p.Added = r.read(p.Added, v, "added6", 16)
	p.Dropped = r.read(nil, v, "dropped", 4)
	p.Dropped = r.read(p.Dropped, v, "dropped6", 16)
	return p, nil
}

// Routable is the rule of BEP 11 readers on the internet: no unspecified,
// loopback, multicast, link-local or private address.
func Routable(a netip.Addr) bool {
	return a.IsGlobalUnicast() && !a.IsPrivate()
}

type pexReader struct {
	pex   *Pex
	allow func(netip.Addr) bool
}

// read adds the peers of one key, whose addresses have size bytes.
func (r pexReader) read(list []PexPeer, v benc.Value, key string, size int) []PexPeer {
	b, ok := v.Get(key).Bytes()
	if !ok {
		return list
	}
	if len(b)%(size+2) != 0 {
		r.odd("pex-length")
	}
	flags, _ := v.Get(key + ".f").Bytes()
	for i := 0; (i+1)*(size+2) <= len(b); i++ {
		peer := PexPeer{Addr: compact(b[i*(size+2):], size)}
		if i < len(flags) {
			peer.Flags = flags[i]
		}
		list = r.add(list, peer)
	}
	return list
}

func (r pexReader) add(list []PexPeer, peer PexPeer) []PexPeer {
	if len(list) >= pexMax {
		r.odd("pex-many")
	}
	if len(list) >= pexMax || peer.Addr.Port() == 0 || !r.allow(peer.Addr.Addr()) {
		r.pex.Refused++
		return list
	}
	for _, p := range list {
		if p.Addr == peer.Addr {
			r.odd("pex-duplicate")
			r.pex.Refused++
			return list
		}
	}
	return append(list, peer)
}

// odd notes a breach once.
func (r pexReader) odd(what string) {
	for _, o := range r.pex.Oddities {
		if o == what {
			return
		}
	}
	r.pex.Oddities = append(r.pex.Oddities, what)
}

// compact reads an address of size bytes and a port.
func compact(b []byte, size int) netip.AddrPort {
	a, _ := netip.AddrFromSlice(b[:size])
	return netip.AddrPortFrom(a.Unmap(), binary.BigEndian.Uint16(b[size:]))
}

// Thin keeps of a message's peers at most perAddr ports of an address and
// perNet addresses of an IPv4 /24 or IPv6 /64, so that nobody can aim us at one
// host. It is meant for peers that will be contacted.
func Thin(peers []PexPeer, perAddr, perNet int) []PexPeer {
	var out []PexPeer
	ports, hosts := map[netip.Addr]int{}, map[netip.Prefix]int{}
	for _, p := range peers {
		a := p.Addr.Addr()
		bits := 64
		if a.Is4() {
			bits = 24
		}
		net, err := a.Prefix(bits)
		if err != nil || !a.IsValid() || ports[a] >= perAddr || ports[a] == 0 && hosts[net] >= perNet {
			continue
		}
		if ports[a] == 0 {
			hosts[net]++
		}
		ports[a]++
		out = append(out, p)
	}
	return out
}
