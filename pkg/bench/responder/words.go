//go:build linux

package main

import "btkit/pkg/peerwire"

// words are what every peer says.
type words struct {
	greeting []byte // handshake, the info-hash to be filled in, and what follows
	pieces   []byte // what is said behind the client's greeting
}

// newWords tells that all pieces are there, or with a number of them, half.
func newWords(pieces int) *words {
	h := peerwire.Handshake{Reserved: peerwire.Reserved(peerwire.BitExt | peerwire.BitFast), PeerID: [20]byte([]byte("-qB4650-responder000"))}
	greeting := peerwire.AppendExtHandshake(h.Append(nil), peerwire.ExtHandshake{V: "qBittorrent/4.6.5", Reqq: 500, P: 6881,
		MetadataSize: 20000, M: map[string]uint8{"ut_pex": 1, "ut_metadata": 2, "upload_only": 3, "ut_holepunch": 4, "lt_donthave": 7}})
	tell := peerwire.AppendHaveAll(nil)
	if pieces > 0 {
		bits := make([]byte, (pieces+7)/8)
		for i := range len(bits) / 2 {
			bits[i] = 0xff
		}
		tell = peerwire.AppendBitfield(nil, bits)
	}
	return &words{greeting: greeting, pieces: tell}
}

// hello fills in the info-hash of the client's handshake.
func (w *words) hello(handshake, b []byte) []byte {
	b = append(b, w.greeting...)
	copy(b[28:48], handshake[28:48])
	return b
}
