package talk

import (
	"bytes"
	"errors"
	"io"
	"net"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
)

// call says our handshake first. It gives what came behind the peer's.
func (c *Conversation) call() (rest []byte, err error) {
	h, rest, err := c.handshakes()
	if err != nil && c.leaving.Load() {
		return nil, outcome.Fail(outcome.Canceled, nil)
	}
	if err != nil {
		return nil, err
	}
	if err := c.check(h); err != nil {
		c.Visit.Greeted(c.now(), h)
		return nil, err
	}
	return rest, c.greet(h)
}

// handshakes exchanges them, in the clear or encrypted.
func (c *Conversation) handshakes() (h peerwire.Handshake, rest []byte, err error) {
	first := c.self.handshake(c.Visit.Torrent().InfoHash)
	if c.secure == nil {
		err = c.write(first)
	} else {
		err = c.encrypt(first)
	}
	if err != nil {
		return h, nil, err
	}
	return readHandshake(c.stream, c.small[:], c.manner.Handshake, c.moved)
}

// answer says our handshake second, to ourselves too, so that the side that
// dialled knows.
func (c *Conversation) answer(h peerwire.Handshake, rest []byte) ([]byte, error) {
	c.moved(peerwire.HandshakeLen+len(rest), 0)
	if err := c.write(c.self.handshake(h.InfoHash)); err != nil {
		return nil, err
	}
	if h.PeerID == c.self.PeerID {
		return nil, outcome.Fail(outcome.Self, nil)
	}
	return rest, c.greet(h)
}

// check compares the answer with the question.
func (c *Conversation) check(h peerwire.Handshake) error {
	t := c.Visit.Torrent()
	upgraded := t.InfoHashV2 != nil && string(h.InfoHash[:]) == string(t.InfoHashV2[:20])
	switch {
	case h.PeerID == c.self.PeerID:
		return outcome.Fail(outcome.Self, nil)
	case h.InfoHash != t.InfoHash && !upgraded:
		return outcome.Fail(outcome.WrongInfoHash, nil)
	}
	return nil
}

// ReadHandshake reads the handshake of a peer that dialled us, and what
// followed it. Package outcome classifies the error; with peerwire.ErrNotPlain,
// rest holds what was read instead.
func ReadHandshake(conn net.Conn, timeout time.Duration) (peerwire.Handshake, []byte, error) {
	return readHandshake(conn, make([]byte, smallRead), timeout, func(int, int) {})
}

// readHandshake reads the peer's handshake, within one deadline for all of it.
func readHandshake(conn net.Conn, buf []byte, timeout time.Duration, moved func(rx, tx int)) (h peerwire.Handshake, rest []byte, err error) {
	if err := conn.SetReadDeadline(time.Now().Add(timeout)); err != nil {
		return h, nil, err
	}
	var d peerwire.HandshakeDecoder
	for {
		n, err := conn.Read(buf)
		moved(n, 0)
		if n > 0 {
			rest, err := d.Feed(buf[:n])
			if errors.Is(err, peerwire.ErrNotPlain) {
				return h, append(bytes.Clone(d.Bytes()), rest...), err
			}
			if err != nil {
				return h, nil, err
			}
			if h, ok := d.Handshake(); ok {
				return h, rest, nil
			}
		}
		if err != nil {
			return h, nil, early(err, len(d.Bytes()))
		}
	}
}

// early tells a close before the first byte from one in the middle.
func early(err error, got int) error {
	if errors.Is(err, io.EOF) && got == 0 {
		return outcome.Fail(outcome.ClosedEarly, err)
	}
	return err
}
