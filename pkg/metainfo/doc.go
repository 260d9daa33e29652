// Package metainfo reads what names a torrent: .torrent files, info
// dictionaries and magnet links, of BitTorrent v1, v2 and both at once (BEP 3,
// 5, 9, 12, 19, 27, 47, 52, 53), and makes records of it.
//
// It takes files and links from strangers: size, depth and counts are bounded,
// and an error says at which byte what was expected (*benc.SyntaxError).
//
// Fetching an info dictionary from peers is left to pkg/resolve. Nothing here
// reads or writes content, and no name in a torrent is ever used as a path.
package metainfo
