package record

// Torrent names a torrent to measure. The same torrent may come several
// times: later records add trackers and fill in what was unknown.
type Torrent struct {
	Header
	// 20 bytes as spoken on the wire: SHA-1 of the info dictionary, or the
	// first 20 bytes of its SHA-256 for a pure v2 torrent (BEP 3, BEP 52).
	InfoHash string `json:"infohash"`
	// 32 bytes, SHA-256 of the info dictionary (BEP 52).
	InfoHashV2 string `json:"infohash_v2,omitempty"`
	// Name that the info dictionary or the magnet link suggests.
	Name string `json:"name,omitempty"`
	// Raw bytes of the name in hex, when cleaning changed it.
	NameHex string `json:"name_hex,omitempty"`
	// Number of pieces.
	Pieces int64 `json:"pieces,omitempty"`
	// Length of a piece in bytes.
	PieceBytes int64 `json:"piece_bytes,omitempty"`
	// Length of the content in bytes, padding files left out.
	Bytes int64 `json:"bytes,omitempty"`
	// Number of files, padding files left out.
	Files int64 `json:"files,omitempty"`
	// Whether the torrent is private (BEP 27): its trackers are then the only
	// source of peers.
	Private *bool `json:"private,omitempty"`
	// Announce URLs, a list per tier (BEP 12).
	Trackers [][]string `json:"trackers,omitempty"`
	// Pieces at the completion threshold: ceil(98 % of pieces).
	Need int64 `json:"need,omitempty"`
	// Where this knowledge comes from: "file", "magnet", "metadata", "tex" (trackers
	// that a peer named, BEP 28) or "local" (trackers of the network we are in, BEP 22).
	Source string `json:"source,omitempty"`
	// Addresses that the magnet link names (x.pe), "ip:port".
	Peers []string `json:"peers,omitempty"`
	// Web seeds (BEP 19, BEP 17), listed and never contacted.
	WebSeeds []string `json:"web_seeds,omitempty"`
}
