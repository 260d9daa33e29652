package record

import "net/netip"

// Regression says that a peer has fewer pieces than it had before. It is
// flagged, never counted as negative progress, and undoes no confirmation.
type Regression struct {
	Header
	// Torrent read.
	InfoHash string `json:"infohash"`
	// Address of the peer.
	IP netip.Addr `json:"ip"`
	// Port of the identity.
	Port uint16 `json:"port,omitempty"`
	// Pieces before.
	FromHave int64 `json:"from_have"`
	// Pieces now.
	ToHave int64 `json:"to_have"`
	// Whether it fell from at or above the threshold to below it.
	Below bool `json:"below"`
	// Whether it was taken for another client behind the same address: peer
	// id and client changed and progress fell by more than 5 %.
	Split bool `json:"split,omitempty"`
}
