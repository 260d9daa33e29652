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
	// Whether a stranger can open a connection to it, by TCP or uTP.
	Reachable bool `json:"reachable"`
	// Whether it opens connections itself.
	DialsOut bool `json:"dials_out"`
	// Whether it is behind a NAT.
	NAT bool `json:"nat,omitempty"`
	// Whether it comes out of a NAT when a relay asks it to (BEP 55).
	Holepunch bool `json:"holepunch,omitempty"`
	// Whether it takes no connection that is not encrypted (MSE).
	Encrypted bool `json:"encrypted,omitempty"`
	// Whether it speaks uTP.
	UTP bool `json:"utp,omitempty"`
	// Whether it speaks uTP only.
	UTPOnly bool `json:"utp_only,omitempty"`
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
	// Client and version.
	Client string `json:"client,omitempty"`
	// Factor by which the spans of its client are multiplied in this play.
	Pace float64 `json:"pace,omitempty"`
	// Milliseconds in which it had a slot for a newcomer, while it was below the
	// threshold; for a peer that never crossed, from its coming to its going.
	FreeBelowMS *int64 `json:"free_below_ms,omitempty"`
	// The same from its crossing to its going.
	FreeAboveMS *int64 `json:"free_above_ms,omitempty"`
	// Connections that it refused for want of a slot.
	Refused int64 `json:"refused,omitempty"`
	// Most keep-alives that one visitor sent it in a minute.
	KeepAlives int64 `json:"keep_alives,omitempty"`
	// Most connections that one visitor opened to it in a minute times the pace.
	Connects int64 `json:"connects,omitempty"`
	// How often visitors did what its client takes for bad manners: "keep-alives",
	// "reconnects", "pause" (came back too soon), "second" (connection).
	Breaches map[string]int64 `json:"breaches,omitempty"`
}
