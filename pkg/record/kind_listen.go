package record

import "net/netip"

// Listen says where this host takes connections from peers.
type Listen struct {
	Header
	// Local address listened on.
	IP netip.Addr `json:"ip"`
	// TCP port listened on; sources announce it, bt-probe names it as "p".
	Port uint16 `json:"port"`
	// Whether uTP is taken at the UDP port of the same number (BEP 29).
	UTP *bool `json:"utp,omitempty"`
	// Peer id of this host and run, 20 bytes (BEP 20).
	PeerID string `json:"peer_id"`
}
