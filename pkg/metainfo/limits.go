package metainfo

import "btkit/pkg/benc"

// Bounds on what is read. Honest torrents stay well below: the largest info
// dictionary of a survey of 6,498 torrents had 4.2 MB.
const (
	// MaxFileBytes is the largest .torrent file.
	MaxFileBytes = 32 << 20
	// MaxInfoBytes is the largest info dictionary.
	MaxInfoBytes = 16 << 20
	// MaxMagnetBytes is the longest magnet link.
	MaxMagnetBytes = 64 << 10

	maxFiles    = 1_000_000
	maxPieces   = 1 << 24 // a bitfield of 2 MiB, the longest frame
	maxLength   = 1<<53 - 1
	maxTrackers = 500
	maxSeeds    = 100 // web seeds
	maxPeers    = 100 // x.pe of a magnet link
	maxURLBytes = 1024
)

// fileLimits admits a million files and the deepest folders of a v2 tree.
var fileLimits = benc.Limits{Depth: 64, Nodes: 1 << 24}
