package dht

import (
	"encoding/binary"
	"net/netip"
)

// Lengths of compact addresses: IPv4 (BEP 5) and IPv6 (BEP 32).
const (
	compactPeer4 = 4 + 2
	compactPeer6 = 16 + 2
	compactNode4 = 20 + compactPeer4
	compactNode6 = 20 + compactPeer6
)

// maxNodes bounds the nodes read from one answer.
const maxNodes = 512

// readPeer reads a compact peer of 6 or 18 bytes. IPv4-mapped addresses come
// back as IPv4.
func readPeer(b []byte) (netip.AddrPort, bool) {
	if len(b) != compactPeer4 && len(b) != compactPeer6 {
		return netip.AddrPort{}, false
	}
	split := len(b) - 2
	addr, _ := netip.AddrFromSlice(b[:split])
	port := binary.BigEndian.Uint16(b[split:])
	return netip.AddrPortFrom(addr.Unmap(), port), port != 0
}

// readPeers splits a string of compact peers, the old form of "values".
func readPeers(b []byte) (peers []netip.AddrPort) {
	stride := compactPeer4
	if len(b)%compactPeer4 != 0 && len(b)%compactPeer6 == 0 {
		stride = compactPeer6
	}
	for ; len(b) >= stride; b = b[stride:] {
		if peer, ok := readPeer(b[:stride]); ok {
			peers = append(peers, peer)
		}
	}
	return peers
}

// readNodes reads the whole entries of "nodes" or "nodes6". IPv4-mapped
// addresses in "nodes6" repeat IPv4 nodes and are left out.
func readNodes(b []byte, stride int) (nodes []Node) {
	for ; len(b) >= stride && len(nodes) < maxNodes; b = b[stride:] {
		addr, _ := netip.AddrFromSlice(b[20 : stride-2])
		port := binary.BigEndian.Uint16(b[stride-2 : stride])
		if port != 0 && !addr.Is4In6() {
			nodes = append(nodes, Node{ID: ID(b[:20]), Addr: netip.AddrPortFrom(addr, port)})
		}
	}
	return nodes
}

// appendPeer writes a compact peer.
func appendPeer(to []byte, peer netip.AddrPort) []byte {
	to = append(to, peer.Addr().AsSlice()...)
	return binary.BigEndian.AppendUint16(to, peer.Port())
}
