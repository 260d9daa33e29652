package talk

import (
	"btkit/pkg/metainfo"
	"btkit/pkg/visit"
)

// Verify reads an info dictionary if it is the torrent's.
func Verify(t *visit.Torrent, info []byte) (*metainfo.Torrent, error) {
	var v2 *[32]byte
	if len(t.InfoHashV2) == 32 {
		v2 = (*[32]byte)(t.InfoHashV2)
	}
	if v2 != nil && [20]byte(v2[:20]) == t.InfoHash {
		return metainfo.FromInfo(info, nil, v2)
	}
	return metainfo.FromInfo(info, &t.InfoHash, v2)
}
