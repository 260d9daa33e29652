package talk

import (
	"net"
)

// Secure encrypts an open stream, as package mse does; first are the bytes that
// we say first, which go along with the handshake of the encryption. It
// names what was agreed on, as the visit record's member crypto does. The stream
// shares deadlines and end with conn.
type Secure func(conn net.Conn, first []byte, moved func(rx, tx int)) (stream net.Conn, crypto string, err error)

// Encrypt makes a conversation that we open an encrypted one. Call it before
// Open.
func (c *Conversation) Encrypt(s Secure) { c.secure = s }

func (c *Conversation) encrypt(first []byte) error {
	stream, crypto, err := c.secure(c.conn, first, c.moved)
	if err != nil {
		return err
	}
	c.spoke = c.now()
	c.stream, c.secure = stream, nil
	c.Visit.Via("", crypto)
	return nil
}
