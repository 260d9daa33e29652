package mse

import (
	"net"
	"sync"
)

// stream is what goes on after the handshake. It adds two RC4 states to the stream
// below, or nothing if the clear was selected, and no goroutine.
type stream struct {
	net.Conn
	rest   []byte // came with the handshake and was not read yet; the reader's
	rx     *rc4
	tx     *rc4
	broken error // of a write; the key stream cannot be taken up again
}

// goOn gives the stream as it goes on: bare if nothing is left to do. It keeps
// nothing else of the machine alive.
func (m *machine) goOn(conn net.Conn) net.Conn {
	if m.rx == nil && m.tx == nil && len(m.in) == 0 {
		return conn
	}
	return &stream{Conn: conn, rest: append([]byte(nil), m.in...), rx: m.rx, tx: m.tx}
}

// NetConn is the stream below.
func (c *stream) NetConn() net.Conn { return c.Conn }

func (c *stream) Read(p []byte) (int, error) {
	if len(c.rest) > 0 {
		n := copy(p, c.rest)
		if c.rest = c.rest[n:]; len(c.rest) == 0 {
			c.rest = nil
		}
		return n, nil
	}
	n, err := c.Conn.Read(p)
	if c.rx != nil {
		c.rx.xor(p[:n], p[:n])
	}
	return n, err
}

func (c *stream) Write(p []byte) (int, error) {
	if c.tx == nil {
		return c.Conn.Write(p)
	}
	written := 0
	for written < len(p) && c.broken == nil {
		chunk := sealed.Get().(*[sealSize]byte)
		n := min(len(p)-written, sealSize)
		c.tx.xor(chunk[:n], p[written:written+n])
		n, c.broken = c.Conn.Write(chunk[:n])
		written += n
		sealed.Put(chunk)
	}
	return written, c.broken
}

// sealSize takes everything that we say at once, mostly.
const sealSize = 4 << 10

// sealed are buffers for what is encrypted, since the bytes of the caller must
// stay as they are.
var sealed = sync.Pool{New: func() any { return new([sealSize]byte) }}
