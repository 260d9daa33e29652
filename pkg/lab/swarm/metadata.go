package swarm

import (
	"fmt"

	"btkit/pkg/benc"
	"btkit/pkg/peerwire"
)

// blockLen is the size of a block of metadata (BEP 9).
const blockLen = 1 << 14

// serveMetadata answers a ut_metadata request with a block of the info
// dictionary, or rejects it.
func (c *conn) serveMetadata(payload []byte) {
	v, _, _, err := benc.Parse(payload, extensionLimits)
	kind, asks := v.Get("msg_type").Int()
	if err != nil || !asks || kind != 0 || c.metadataID == 0 {
		return
	}
	info := c.peer.torrent.Info
	n, ok := v.Get("piece").Int()
	if !ok || n < 0 || n > int64(len(info)/blockLen) || n*blockLen >= int64(len(info)) {
		c.send(peerwire.AppendExtended(nil, c.metadataID, fmt.Appendf(nil, "d8:msg_typei2e5:piecei%dee", n)))
		return
	}
	block := info[n*blockLen : min(int(n+1)*blockLen, len(info))]
	b := fmt.Appendf(nil, "d8:msg_typei1e5:piecei%de10:total_sizei%dee", n, len(info))
	c.send(peerwire.AppendExtended(nil, c.metadataID, append(b, block...)))
}
