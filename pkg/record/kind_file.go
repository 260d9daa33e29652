package record

// File is one file of a torrent.
type File struct {
	Header
	// Torrent the file belongs to.
	InfoHash string `json:"infohash"`
	// Place in the torrent, from 0.
	Index int64 `json:"index"`
	// Path inside the torrent, parts joined by "/".
	Path string `json:"path"`
	// Raw bytes of the path in hex, when cleaning changed it.
	PathHex string `json:"path_hex,omitempty"`
	// Length in bytes.
	Bytes int64 `json:"bytes"`
}
