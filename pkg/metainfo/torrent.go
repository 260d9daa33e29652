package metainfo

import (
	"encoding/hex"

	"btkit/pkg/benc"
)

// InfoHash names a torrent on the wire, in trackers and in the DHT: SHA-1 of
// the info dictionary, or the first 20 bytes of its SHA-256 for a torrent that
// is only v2 (BEP 3, BEP 52).
type InfoHash [20]byte

// String is the hash in hex.
func (h InfoHash) String() string { return hex.EncodeToString(h[:]) }

// Sources of the knowledge about a torrent, as in record.Torrent.
const (
	SourceFile     = "file"
	SourceMagnet   = "magnet"
	SourceMetadata = "metadata"
)

// Torrent is what a .torrent file, an info dictionary or a magnet link says.
// Text is as the stranger wrote it; records clean it.
type Torrent struct {
	// The hash spoken on the wire.
	InfoHash InfoHash
	// SHA-1 of the info dictionary; nil if the torrent is only v2.
	V1 *[20]byte
	// SHA-256 of the info dictionary; nil if the torrent is only v1 (BEP 52).
	V2 *[32]byte
	// Suggested name of file or folder.
	Name string
	// Number of pieces, 0 if unknown.
	Pieces int64
	// Length of a piece in bytes.
	PieceBytes int64
	// Length of the content in bytes and number of files, both without padding
	// files (BEP 47).
	Bytes, FileCount int64
	// Whether the torrent is private (BEP 27); nil if unknown.
	Private *bool
	// Announce URLs, a list per tier (BEP 12), without repetitions.
	Trackers [][]string
	// Addresses from x.pe of a magnet link, "ip:port".
	Peers []string
	// Web seeds (BEP 19).
	WebSeeds []string
	// SourceFile, SourceMagnet or SourceMetadata.
	Source string
	// The info dictionary exactly as it came; nil if unknown. It shares the
	// memory of the input.
	Info []byte
	// Breaches of BEP 3 that did no harm.
	Oddities benc.Oddities

	info benc.Value
}

// File is one file of a torrent.
type File struct {
	// Place among the files, padding files left out, from 0.
	Index int64
	// Path inside the torrent, parts joined by "/".
	Path string
	// Length in bytes.
	Bytes int64
}

// Threshold is the number of pieces at which a download counts as complete:
// 98 % of them, rounded up.
func Threshold(pieces int64) int64 { return (98*pieces + 99) / 100 }
