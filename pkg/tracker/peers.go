package tracker

import (
	"encoding/binary"
	"net/netip"
	"strconv"
	"strings"

	"btkit/pkg/benc"
)

// Keep says whether an address from an answer may be used; an error leaves it
// out.
type Keep func(netip.Addr) error

// maxNames bounds the host names kept of one answer.
const maxNames = 100

// Reasons why an entry of a peer list is left out.
const (
	SkipBad         = "bad-entry"
	SkipPort        = "port-zero"
	SkipUnspecified = "unspecified"
	SkipMulticast   = "multicast"
	SkipDenied      = "denied"
)

var broadcast = netip.AddrFrom4([4]byte{255, 255, 255, 255})

// addPeer takes an address, or counts why not.
func (r *Reply) addPeer(ip netip.Addr, port uint16, keep Keep) {
	ip = ip.Unmap()
	switch {
	case port == 0:
		r.skip(SkipPort)
	case ip.IsUnspecified():
		r.skip(SkipUnspecified)
	case ip.IsMulticast(), ip == broadcast:
		r.skip(SkipMulticast)
	case keep != nil && keep(ip) != nil:
		r.skip(SkipDenied)
	default:
		r.Peers = append(r.Peers, netip.AddrPortFrom(ip, port))
	}
}

// addCompact takes addresses of so many bytes, each followed by a port
// (BEP 23, 7, 15). What is left over at the end is noted and dropped.
func (r *Reply) addCompact(b []byte, addrLen int, keep Keep) {
	for len(b) >= addrLen+2 {
		ip, _ := netip.AddrFromSlice(b[:addrLen])
		r.addPeer(ip, binary.BigEndian.Uint16(b[addrLen:]), keep)
		b = b[addrLen+2:]
	}
	if len(b) > 0 {
		r.odd("peers-truncated")
	}
}

// setEncrypted reads "crypto_flags", a byte for each entry of the compact list
// of IPv4 peers: 1 stands for a peer that takes encrypted connections only. It
// answers supportcrypto=1, which no BEP describes; some trackers know it.
func (r *Reply) setEncrypted(peers, flags benc.Value) {
	const each = 6
	list, _ := peers.Bytes()
	marks, ok := flags.Bytes()
	if !ok || len(marks) != len(list)/each {
		if flags.Kind() != benc.Absent {
			r.odd("bad-crypto-flags")
		}
		return
	}
	for i, mark := range marks {
		if mark != 1 {
			continue
		}
		if r.Encrypted == nil {
			r.Encrypted = map[netip.AddrPort]bool{}
		}
		b := list[i*each:]
		ip := netip.AddrFrom4([4]byte(b))
		r.Encrypted[netip.AddrPortFrom(ip, binary.BigEndian.Uint16(b[4:]))] = true
	}
}

// addPeers takes the value of "peers" or "peers6" in any form in the wild.
func (r *Reply) addPeers(v benc.Value, addrLen int, keep Keep) {
	switch v.Kind() {
	case benc.String:
		b, _ := v.Bytes()
		r.addCompact(b, addrLen, keep)
	case benc.List:
		for item := range v.List() {
			r.addItem(item, keep)
		}
	case benc.Absent:
	default:
		r.odd("peers-bad-type")
	}
}

// addItem takes one entry of a list: a dictionary, or, from one tracker, a
// compact address.
func (r *Reply) addItem(item benc.Value, keep Keep) {
	if b, ok := item.Bytes(); ok && (len(b) == 6 || len(b) == 18) {
		r.odd("peers-list-of-strings")
		r.addCompact(b, len(b)-2, keep)
		return
	}
	port, hasPort := item.Get("port").Int()
	host := item.Get("ip").Text()
	if !hasPort || port < 0 || port > 65535 || host == "" {
		r.skip(SkipBad)
		return
	}
	if ip, err := netip.ParseAddr(host); err == nil && ip.Zone() == "" {
		r.addPeer(ip, uint16(port), keep)
		return
	}
	r.addName(host, port)
}

func (r *Reply) addName(host string, port int64) {
	const maxName = 253
	if len(host) > maxName || len(r.Names) >= maxNames || strings.ContainsFunc(strings.ToLower(host), notInName) {
		r.skip(SkipBad)
		return
	}
	r.Names = append(r.Names, host+":"+strconv.FormatInt(port, 10))
}
