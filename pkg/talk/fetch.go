package talk

import (
	"time"

	"btkit/pkg/metainfo"
	"btkit/pkg/peerwire"
)

// fetchTime bounds fetching an info dictionary from one peer (BEP 9).
const fetchTime = 45 * time.Second

// fetch is an info dictionary on its way from this peer.
type fetch struct {
	info  *metainfo.Assembly
	until time.Time
}

func (f *fetch) due() time.Time {
	if f == nil {
		return time.Time{}
	}
	return f.until
}

// maybeFetch begins to fetch when the peer has metadata and the host wants it.
func (c *Conversation) maybeFetch() error {
	ext := c.Visit.Ext()
	if c.fetch != nil || c.fetchDone || c.Visit.Torrent().Pieces() > 0 || ext.MetadataID == 0 || ext.MetadataSize <= 0 {
		return nil
	}
	if !c.host.WantMetadata(c) {
		return nil
	}
	info, err := metainfo.NewAssembly(ext.MetadataSize)
	if err != nil { // a size that the decoder of handshakes lets through is fine
		c.endFetch("metadata-size")
		return nil
	}
	c.extra += 2 * ext.MetadataSize // with what goes around the blocks
	c.fetch = &fetch{info: info, until: c.now().Add(fetchTime)}
	return c.ask()
}

// ask requests blocks until enough are under way.
func (c *Conversation) ask() error {
	var b []byte
	for block, ok := c.fetch.info.Next(); ok; block, ok = c.fetch.info.Next() {
		b = peerwire.AppendMetadataRequest(b, c.Visit.Ext().MetadataID, block)
	}
	if b == nil {
		return nil
	}
	return c.write(b)
}

// metadata takes in a ut_metadata message. Requests are refused: we serve
// nothing.
func (c *Conversation) metadata(payload []byte) error {
	m, err := peerwire.ParseMetadata(payload)
	switch {
	case err == nil && m.Kind == peerwire.MetadataRequest:
		return c.refuse(m.Piece)
	case c.fetch == nil:
		return nil
	case err == nil && m.Kind == peerwire.MetadataReject:
		c.endFetch("metadata-refused")
		return nil
	case err == nil && m.Kind == peerwire.MetadataData:
		_, err = c.fetch.info.Put(m.Piece, m.Block)
	default:
		err = c.fetch.info.Stray()
	}
	if err != nil {
		c.endFetch("metadata-malformed")
		return nil
	}
	if !c.fetch.info.Done() {
		return c.ask()
	}
	c.finishFetch()
	return nil
}

func (c *Conversation) refuse(block int) error {
	if c.rejected++; c.rejected > maxRejects || c.Visit.Ext().MetadataID == 0 {
		return nil
	}
	return c.write(peerwire.AppendMetadataReject(nil, c.Visit.Ext().MetadataID, block))
}

func (c *Conversation) finishFetch() {
	info := c.fetch.info.Bytes()
	c.fetch, c.fetchDone = nil, true
	if !c.host.Metadata(c, info) {
		c.Visit.Odd("metadata-wrong")
		return
	}
	c.decoder.MaxFrame = peerwire.FrameCap(int(c.Visit.Torrent().Pieces()))
}

func (c *Conversation) giveUpFetch(at time.Time) {
	if c.fetch != nil && !at.Before(c.fetch.until) {
		c.endFetch("metadata-slow")
	}
}

// endFetch gives up and tells the host, which may let another peer try.
func (c *Conversation) endFetch(oddity string) {
	c.fetch, c.fetchDone = nil, true
	c.Visit.Odd(oddity)
	c.host.Metadata(c, nil)
}
