package record

import "net/netip"

// Peer is an address that a source gave for a torrent: hearsay until visited.
type Peer struct {
	Header
	// Torrent the address was given for.
	InfoHash string `json:"infohash"`
	// Address, IPv4 or IPv6.
	IP netip.Addr `json:"ip"`
	// TCP port where the peer is said to listen.
	Port uint16 `json:"port"`
	// Who gave it: "tracker", "dht", "pex", "lsd", "incoming", "pcap", "file"
	// or "magnet".
	Source string `json:"source"`
	// Tracker URL, node or peer that gave it.
	Via string `json:"via,omitempty"`
	// Whether the source says that the peer is a seed.
	Seed *bool `json:"seed,omitempty"`
	// Peer exchange flags as received (BEP 11), 0 to 255.
	Flags *int64 `json:"flags,omitempty"`
	// Whether the source says that the peer prefers encryption.
	Encryption *bool `json:"encryption,omitempty"`
	// Whether the source says that the peer speaks uTP (BEP 29).
	UTP *bool `json:"utp,omitempty"`
	// Whether the source says that the peer can be reached by hole punching
	// (BEP 55).
	Holepunch *bool `json:"holepunch,omitempty"`
	// Whether the source says that it opened a connection to the peer.
	Reachable *bool `json:"reachable,omitempty"`
}
