package resolve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"time"

	"btkit/pkg/metainfo"
	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
)

const (
	// ourMetadataID is the number under which peers send us ut_metadata.
	ourMetadataID = 1
	readBytes     = 16 << 10
	// maxIdleBytes is what a peer may send beside the info dictionary.
	maxIdleBytes = 3 << 20
)

// errDone ends the decoding when the info dictionary is there.
var errDone = errors.New("done")

// conversation is one attempt at one peer.
type conversation struct {
	search    *search
	conn      net.Conn
	decoder   peerwire.Decoder
	theirs    uint8 // the peer's number for ut_metadata, 0 until known
	info      *metainfo.Assembly
	rx, limit int64
	step      time.Time // until then something wanted has to come
}

// ask dials a peer and gives the info dictionary as it sent it, unverified.
func (s *search) ask(ctx context.Context, addr netip.AddrPort) (info []byte, rx int64, err error) {
	dialing, cancel := context.WithTimeout(ctx, s.DialTime)
	defer cancel()
	conn, err := s.Dial(dialing, addr)
	if err != nil {
		return nil, 0, fmt.Errorf("dial: %w", err)
	}
	// A closed connection wakes the reader when the search is over.
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	defer conn.Close()
	c := &conversation{search: s, conn: conn, limit: maxIdleBytes}
	info, err = c.talk()
	if err != nil && ctx.Err() != nil {
		err = fmt.Errorf("%w: %w", ctx.Err(), err)
	}
	return info, c.rx, err
}

func (c *conversation) talk() ([]byte, error) {
	c.progress()
	rest, err := c.handshake()
	if err != nil {
		return nil, err
	}
	if err := c.feed(rest); err != nil {
		return c.result(err)
	}
	c.progress()
	buf := make([]byte, readBytes)
	for {
		n, err := c.read(buf)
		if err != nil {
			return nil, fmt.Errorf("read messages: %w", err)
		}
		if err := c.feed(buf[:n]); err != nil {
			return c.result(err)
		}
	}
}

func (c *conversation) result(err error) ([]byte, error) {
	if errors.Is(err, errDone) {
		return c.info.Bytes(), nil
	}
	return nil, err
}

func (c *conversation) feed(p []byte) error { return c.decoder.Feed(p, c.message) }

// progress gives the peer time for the next step.
func (c *conversation) progress() { c.step = time.Now().Add(c.search.StepTime) }

func (c *conversation) read(buf []byte) (int, error) {
	if c.rx > c.limit {
		return 0, outcome.Fail(outcome.TooLarge, fmt.Errorf("%d bytes without an info dictionary", c.rx))
	}
	if err := c.conn.SetReadDeadline(c.step); err != nil {
		return 0, err
	}
	n, err := c.conn.Read(buf)
	c.rx += int64(n)
	if n > 0 {
		err = nil
	}
	return n, err
}

func (c *conversation) write(b []byte) error {
	if err := c.conn.SetWriteDeadline(c.step); err != nil {
		return err
	}
	_, err := c.conn.Write(b)
	return err
}

// message looks at extension messages only; what the peer says of pieces is
// not our business here.
func (c *conversation) message(m peerwire.Message) error {
	switch {
	case m.ID == peerwire.Piece:
		return outcome.Fail(outcome.BadPayload, errors.New("peer sent content"))
	case m.ID != peerwire.Extended:
		return nil
	case m.Ext == 0:
		return c.extensions(m.Payload)
	case m.Ext == ourMetadataID:
		return c.metadata(m.Payload)
	}
	return nil
}

// extensions takes an extension handshake; the first one with ut_metadata
// counts, later ones may only change the number.
func (c *conversation) extensions(payload []byte) error {
	e, err := peerwire.ParseExtHandshake(payload)
	if err != nil {
		return nil // such a message is to be ignored (BEP 10)
	}
	if c.info != nil {
		return c.renumber(e)
	}
	c.theirs = e.ID(peerwire.NameMetadata)
	if c.theirs == 0 {
		return outcome.Fail(outcome.Unsupported, errors.New("peer has no ut_metadata"))
	}
	if c.info, err = metainfo.NewAssembly(e.MetadataSize); err != nil {
		return err
	}
	c.limit += e.MetadataSize
	c.progress()
	return c.request()
}

func (c *conversation) renumber(e peerwire.ExtHandshake) error {
	id, told := e.M[peerwire.NameMetadata]
	if !told {
		return nil
	}
	if id == 0 {
		return outcome.Fail(outcome.Failure, errors.New("peer switched ut_metadata off"))
	}
	c.theirs = id
	return nil
}

// request asks for blocks until enough are under way.
func (c *conversation) request() error {
	var b []byte
	for block, ok := c.info.Next(); ok; block, ok = c.info.Next() {
		b = peerwire.AppendMetadataRequest(b, c.theirs, block)
	}
	if len(b) == 0 {
		return nil
	}
	if err := c.write(b); err != nil {
		return fmt.Errorf("write request: %w", err)
	}
	return nil
}

func (c *conversation) metadata(payload []byte) error {
	if c.info == nil {
		return nil
	}
	m, err := peerwire.ParseMetadata(payload)
	if err != nil {
		return c.info.Stray()
	}
	switch m.Kind {
	case peerwire.MetadataData:
		return c.block(m)
	case peerwire.MetadataReject:
		return outcome.Fail(outcome.Failure, errors.New("peer refused a block"))
	case peerwire.MetadataRequest:
		return c.refuse(m.Piece)
	}
	return nil
}

func (c *conversation) block(m peerwire.Metadata) error {
	wanted, err := c.info.Put(m.Piece, m.Block)
	switch {
	case err != nil:
		return err
	case c.info.Done():
		return errDone
	case !wanted:
		return nil
	}
	c.progress()
	return c.request()
}

// refuse answers a peer that takes us for a source. Each such question counts
// as a stray message, which bounds the answers.
func (c *conversation) refuse(block int) error {
	if err := c.info.Stray(); err != nil {
		return err
	}
	return c.write(peerwire.AppendMetadataReject(nil, c.theirs, block))
}
