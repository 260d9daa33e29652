// Package resolve fetches the info dictionary of a torrent from peers, over
// the extension protocol (BEP 9, BEP 10), and lets none through whose hash is
// not the one asked for.
//
// Peers are hostile: size, time and repetition are bounded, each attempt rests
// on one peer alone, and one that sent wrong bytes is not asked again.
//
// Finding peers is left to the caller, who also decides how they are dialled
// and which addresses may be contacted. No content is ever asked for.
package resolve
