package resolve

import (
	"errors"
	"fmt"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
)

// handshake exchanges handshakes, sends what follows ours, and gives the bytes
// that came after theirs.
func (c *conversation) handshake() (rest []byte, err error) {
	s := c.search
	ours := peerwire.Handshake{
		Reserved: peerwire.Reserved(peerwire.BitExt | peerwire.BitFast),
		InfoHash: s.target.InfoHash,
		PeerID:   s.PeerID,
	}
	if err := c.write(ours.Append(nil)); err != nil {
		return nil, fmt.Errorf("write handshake: %w", err)
	}
	theirs, rest, err := c.readHandshake()
	if err != nil {
		return nil, fmt.Errorf("read handshake: %w", err)
	}
	switch {
	case theirs.InfoHash != s.target.InfoHash:
		return nil, outcome.Fail(outcome.WrongInfoHash, errors.New("peer answered for another torrent"))
	case theirs.PeerID == s.PeerID:
		return nil, outcome.Fail(outcome.Self, errors.New("peer is ourselves"))
	case !theirs.Ext():
		return nil, outcome.Fail(outcome.Unsupported, errors.New("peer has no extension protocol"))
	}
	return rest, c.introduce(theirs.Fast())
}

func (c *conversation) readHandshake() (h peerwire.Handshake, rest []byte, err error) {
	var decoder peerwire.HandshakeDecoder
	buf := make([]byte, readBytes)
	for {
		n, err := c.read(buf)
		if err != nil {
			if end := decoder.End(); outcome.Of(err) == outcome.Closed && end != nil {
				err = end
			}
			return h, nil, err
		}
		if rest, err = decoder.Feed(buf[:n]); err != nil {
			return h, nil, err
		}
		if h, ok := decoder.Handshake(); ok {
			return h, rest, nil
		}
	}
}

// introduce says that we speak ut_metadata and have nothing. Without the fast
// extension the latter is not to be said; the keep-alive in its place completes
// the handshake of rTorrent.
func (c *conversation) introduce(fast bool) error {
	b := peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{
		M: map[string]uint8{peerwire.NameMetadata: ourMetadataID},
		V: c.search.Client,
	})
	if fast {
		b = peerwire.AppendHaveNone(b)
	} else {
		b = peerwire.AppendKeepAlive(b)
	}
	if err := c.write(b); err != nil {
		return fmt.Errorf("write extension handshake: %w", err)
	}
	return nil
}
