package script

import (
	"crypto/sha1"
	"fmt"
	"math/rand/v2"
)

// Torrent is a torrent without content: its piece hashes are random.
type Torrent struct {
	Name     string
	InfoHash [20]byte
	// The bencoded info dictionary (BEP 3), served by ut_metadata too.
	Info []byte
	// Pieces, bytes of a piece, pieces at the threshold of 98 %.
	Pieces     int
	PieceBytes int64
	Need       int
}

// Need is ceil(98 % of pieces), the threshold of completion.
func Need(pieces int) int { return (98*pieces + 99) / 100 }

func newTorrent(o Options, n int) Torrent {
	r := rand.New(rand.NewPCG(o.Seed, uint64(n)<<32|1))
	hashes := make([]byte, 20*o.Pieces)
	for i := range hashes {
		hashes[i] = byte(r.Uint32())
	}
	t := Torrent{Name: fmt.Sprintf("lab-%d-%d", o.Seed, n+1), Pieces: o.Pieces, PieceBytes: o.PieceBytes, Need: Need(o.Pieces)}
	bytes := int64(o.Pieces) * o.PieceBytes
	t.Info = fmt.Appendf(nil, "d6:lengthi%de4:name%d:%s12:piece lengthi%de6:pieces%d:%se",
		bytes, len(t.Name), t.Name, o.PieceBytes, len(hashes), hashes)
	t.InfoHash = sha1.Sum(t.Info)
	return t
}

// File is the .torrent file with the given announce URLs, a tier each (BEP 12).
func (t Torrent) File(trackers []string) []byte {
	b := []byte("d")
	if len(trackers) > 0 {
		b = fmt.Appendf(b, "8:announce%d:%s13:announce-listl", len(trackers[0]), trackers[0])
		for _, url := range trackers {
			b = fmt.Appendf(b, "l%d:%se", len(url), url)
		}
		b = append(b, 'e')
	}
	b = append(b, "4:info"...)
	b = append(b, t.Info...)
	return append(b, 'e')
}
