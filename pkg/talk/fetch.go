package talk

import (
	"time"

	"btkit/pkg/peerwire"
)

// Bounds on fetching metadata from one peer (BEP 9; peer wire notes, 8).
const (
	fetchInFlight = 3
	fetchTime     = 45 * time.Second
	fetchIgnored  = 16 // odd messages before it is given up
)

// fetch is an info dictionary on its way, all of it from one peer, so that a
// liar is known.
type fetch struct {
	size    int64
	blocks  [][]byte
	asked   int
	got     int
	ignored int
	until   time.Time
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
	c.fetch = &fetch{size: ext.MetadataSize, blocks: make([][]byte, peerwire.MetadataBlocks(ext.MetadataSize)), until: c.now().Add(fetchTime)}
	return c.ask()
}

func (c *Conversation) ask() error {
	f := c.fetch
	var b []byte
	for f.asked < len(f.blocks) && f.asked-f.got < fetchInFlight {
		b = peerwire.AppendMetadataRequest(b, c.Visit.Ext().MetadataID, f.asked)
		f.asked++
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
	if err == nil && m.Kind == peerwire.MetadataRequest {
		if c.rejected++; c.rejected > maxRejects || c.Visit.Ext().MetadataID == 0 {
			return nil
		}
		return c.write(peerwire.AppendMetadataReject(nil, c.Visit.Ext().MetadataID, m.Piece))
	}
	f := c.fetch
	if f == nil {
		return nil
	}
	if err != nil || m.Kind == peerwire.MetadataReject || !m.Fits(f.size) || m.Piece >= len(f.blocks) || f.blocks[m.Piece] != nil {
		if f.ignored++; m.Kind == peerwire.MetadataReject || f.ignored > fetchIgnored {
			c.endFetch("metadata-refused")
		}
		return nil
	}
	f.blocks[m.Piece] = append([]byte(nil), m.Block...)
	f.got++
	if f.got < len(f.blocks) {
		return c.ask()
	}
	c.finishFetch()
	return nil
}

func (c *Conversation) finishFetch() {
	info := make([]byte, 0, c.fetch.size)
	for _, b := range c.fetch.blocks {
		info = append(info, b...)
	}
	if !c.host.Metadata(c, info) {
		c.endFetch("metadata-wrong")
		return
	}
	c.endFetch("")
	c.decoder.MaxFrame = peerwire.FrameCap(int(c.Visit.Torrent().Pieces()))
}

func (c *Conversation) giveUpFetch(at time.Time) {
	if c.fetch != nil && !at.Before(c.fetch.until) {
		c.endFetch("metadata-slow")
	}
}

func (c *Conversation) endFetch(oddity string) {
	c.fetch, c.fetchDone = nil, true
	if oddity != "" {
		c.Visit.Odd(oddity)
	}
}
