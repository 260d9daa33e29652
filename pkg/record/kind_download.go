package record

import (
	"net/netip"
	"time"
)

// Download is one confirmed download: a settled reading below the threshold,
// later one at or above it, by the same identity. Written once per download.
type Download struct {
	Header
	// Torrent downloaded.
	InfoHash string `json:"infohash"`
	// Address of the peer.
	IP netip.Addr `json:"ip"`
	// Port of the identity: dialled, or where the peer says that it listens.
	Port uint16 `json:"port,omitempty"`
	// Client and version.
	Client string `json:"client,omitempty"`
	// Who opened the connection of the reading that confirmed: "out", "in"
	// or "pcap".
	Direction string `json:"direction,omitempty"`
	// What the identity rests on: "address" (dialled address and port),
	// "listen-port" (address and named port) or "peer-id".
	Identity string `json:"identity"`
	// Time of the first settled reading.
	FirstTS time.Time `json:"first_ts"`
	// Pieces at that time.
	FirstHave int64 `json:"first_have"`
	// Time of the last settled reading below the threshold before the crossing.
	BelowTS time.Time `json:"below_ts"`
	// Pieces at that time.
	BelowHave int64 `json:"below_have"`
	// Time of the first settled reading at or above the threshold.
	AboveTS time.Time `json:"above_ts"`
	// Pieces at that time.
	AboveHave int64 `json:"above_have"`
	// Estimate of when it crossed the threshold, between the two readings: by its
	// latest rate, else evenly. Counts per hour go by this time.
	CrossedTS time.Time `json:"crossed_ts"`
	// Pieces at the completion threshold.
	Need int64 `json:"need"`
	// Pieces of the torrent.
	Pieces int64 `json:"pieces"`
	// Highest rate between two readings at least 30 s apart, bytes per second.
	RateBPS float64 `json:"rate_bps,omitempty"`
	// Settled readings of this peer so far.
	Readings int64 `json:"readings"`
	// Conversations that gave them.
	Visits int64 `json:"visits"`
}
