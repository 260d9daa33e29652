package mse

import "math/bits"

// Method is a set of ways to go on after the handshake, as on the wire.
type Method uint32

// The methods that exist.
const (
	Plain Method = 1 << 0
	RC4   Method = 1 << 1
)

// Result says what came of a handshake. After a failure it holds what was known
// by then.
type Result struct {
	Provided Method   // offered by the side that called, unknown bits included
	Selected Method   // one of them, chosen by the side that was called
	SKEY     [20]byte // info-hash; the truncated one of version 2 where that was used
	PadIn    int      // bytes of padding behind the key of the other side

	// ShortSecret says that the shared secret begins with a zero byte, one time
	// in 256. libtorrent and rTorrent get it wrong when they are called: they
	// close, or wait without end. A call that failed like this proves nothing;
	// the next one has other keys.
	ShortSecret bool
}

// Crypto is the word for the visit record: "rc4", or "mse-plain" for an
// encrypted handshake after which both go on in the clear. It is empty before
// a method was selected.
func (r Result) Crypto() string {
	switch r.Selected {
	case RC4:
		return "rc4"
	case Plain:
		return "mse-plain"
	}
	return ""
}

// selectedFrom says whether m is exactly one of the methods that were provided.
func (m Method) selectedFrom(provided Method) bool {
	return bits.OnesCount32(uint32(m)) == 1 && m&provided == m
}

// choose takes the cheapest method of those that both sides have; zero if there
// is none.
func choose(provided, ours Method) Method {
	both := provided & ours & (Plain | RC4)
	if both&Plain != 0 {
		return Plain
	}
	return both
}
