package record

import (
	"net/netip"
	"time"
)

// Truth is what a lab swarm knows about one of its peers, written by bt-lab.
type Truth struct {
	Header
	// Torrent of the peer.
	InfoHash string `json:"infohash"`
	// Address of the peer.
	IP netip.Addr `json:"ip"`
	// Port where it listens, or would if it could be reached.
	Port uint16 `json:"port"`
	// Peer id, 20 bytes.
	PeerID string `json:"peer_id"`
	// "seed", "leecher", "partial-seed" or "super-seed".
	Role string `json:"role"`
	// Whether it takes connections.
	Reachable bool `json:"reachable"`
	// Whether it opens connections itself.
	DialsOut bool `json:"dials_out"`
	// Whether it ever exchanged a handshake with the toolkit.
	Met bool `json:"met"`
	// When it joined the swarm.
	ArrivedTS time.Time `json:"arrived_ts"`
	// When it left the swarm; absent if it stayed to the end.
	LeftTS time.Time `json:"left_ts,omitempty"`
	// When it crossed the threshold; absent if it never did or began above it.
	CrossedTS time.Time `json:"crossed_ts,omitempty"`
	// When it became complete; absent if it never did or began complete.
	CompletedTS time.Time `json:"completed_ts,omitempty"`
	// Pieces when it joined.
	FirstHave int64 `json:"first_have"`
	// Pieces at the end.
	LastHave int64 `json:"last_have"`
	// Pieces of the torrent.
	Pieces int64 `json:"pieces"`
	// Pieces at the completion threshold.
	Need int64 `json:"need"`
}
