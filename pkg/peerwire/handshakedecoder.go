package peerwire

import (
	"errors"
	"io"

	"btkit/pkg/outcome"
)

// ErrNotPlain says that the first bytes are neither a handshake nor text: they
// may be the key of an encrypted handshake. The caller that speaks encryption
// goes on with Bytes and the rest.
var ErrNotPlain = outcome.Fail(outcome.Encrypted, errors.New("handshake: not plain text"))

// ErrNotBitTorrent says that the other side speaks something else.
var ErrNotBitTorrent = outcome.Fail(outcome.NotBitTorrent, errors.New("handshake: other protocol"))

// HandshakeDecoder collects the handshake of the other side, in any cutting. The
// zero value is ready for use.
type HandshakeDecoder struct {
	buf [HandshakeLen]byte
	n   int
	err error
}

// Feed takes bytes until the handshake is complete and returns those that
// follow it. It fails with ErrNotBitTorrent or ErrNotPlain as soon as the first
// bytes decide it, after 20 bytes at the latest.
func (d *HandshakeDecoder) Feed(p []byte) (rest []byte, err error) {
	if d.err != nil {
		return p, d.err
	}
	n := copy(d.buf[d.n:], p)
	if before := d.n; before < len(protocol) {
		d.err = judge(d.buf[:min(before+n, len(protocol))])
	}
	d.n += n
	return p[n:], d.err
}

// Bytes is what has been collected so far, at most 68 bytes.
func (d *HandshakeDecoder) Bytes() []byte { return d.buf[:d.n] }

// InfoHash is there from byte 48 on, before the peer id; an acceptor may answer
// then.
func (d *HandshakeDecoder) InfoHash() (hash [20]byte, ok bool) {
	if d.err != nil || d.n < 48 {
		return hash, false
	}
	copy(hash[:], d.buf[28:48])
	return hash, true
}

// Handshake is there when all 68 bytes have arrived.
func (d *HandshakeDecoder) Handshake() (h Handshake, ok bool) {
	if d.err != nil || d.n < HandshakeLen {
		return h, false
	}
	h, err := ParseHandshake(d.buf[:])
	return h, err == nil
}

// End is the error of a connection that was closed by the other side before the
// handshake was complete: outcome.ClosedEarly without a byte,
// outcome.NotBitTorrent after other bytes than a handshake, else
// outcome.Closed.
func (d *HandshakeDecoder) End() error {
	switch {
	case d.err != nil:
		return d.err
	case d.n == 0:
		return outcome.Fail(outcome.ClosedEarly, io.EOF)
	case !isPrefix(d.buf[:min(d.n, len(protocol))]):
		return ErrNotBitTorrent
	}
	return outcome.Fail(outcome.Closed, io.ErrUnexpectedEOF)
}

// judge decides on up to 20 first bytes; nil means a handshake or not decided.
func judge(b []byte) error {
	switch {
	case isPrefix(b):
		return nil
	case len(b) >= 4 && foreign[string(b[:4])], len(b) >= 4 && isTLS(b):
		return ErrNotBitTorrent
	case len(b) < len(protocol):
		return nil
	case isText(b[1:]):
		return ErrNotBitTorrent
	}
	return ErrNotPlain
}

func isPrefix(b []byte) bool { return string(b) == protocol[:len(b)] }

// foreign has the first four bytes of what scanners and servers say. A random
// key begins like that once in 2^27 connections.
var foreign = map[string]bool{
	"GET ": true, "POST": true, "HEAD": true, "PUT ": true, "OPTI": true, "CONN": true, "DELE": true,
	"TRAC": true, "PATC": true, "PRI ": true, "HTTP": true, "SSH-": true, "EHLO": true, "HELO": true,
	"USER": true, "220 ": true, "+OK ": true, "* OK": true, "RTSP": true, "SIP/": true,
}

// isTLS recognises a handshake record of SSL 3 to TLS 1.3.
func isTLS(b []byte) bool { return b[0] == 0x16 && b[1] == 3 && b[2] <= 4 && b[3] <= 0x40 }

// isText looks at 19 bytes; a random key passes once in 10^8.
func isText(b []byte) bool {
	for _, c := range b {
		if (c < 0x20 || c > 0x7e) && c != '\r' && c != '\n' && c != '\t' {
			return false
		}
	}
	return true
}
