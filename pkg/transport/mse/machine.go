package mse

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"btkit/pkg/outcome"
)

const (
	maxPad = 512 // bytes of each padding
	vcLen  = 8   // bytes of the verification constant, all zero
)

var errNoSync = outcome.Fail(outcome.NotBitTorrent, errors.New("no encrypted handshake behind the padding"))

// machine is what both sides have in common: it is fed bytes in any cutting and
// takes one step after the other as far as they go. It keeps less than a key
// and what it was fed last.
type machine struct {
	Result
	in       []byte               // came and not used yet; what follows the handshake in the end
	out      []byte               // to be sent
	step     func() (bool, error) // does nothing and gives false if it needs more bytes
	awaited  string               // what step reads, for people
	done     bool
	err      error
	left     int  // bytes of padding or payload still to come
	rx, tx   *rc4 // nil if the stream goes on in the clear
	received int
}

// feed takes bytes of the other side and gives what to send.
func (m *machine) feed(p []byte) ([]byte, error) {
	m.in = append(m.in, p...)
	m.received += len(p)
	for ok := true; ok && !m.done && m.err == nil; {
		ok, m.err = m.step()
	}
	if m.err != nil {
		m.in, m.out = nil, nil
	}
	send := m.out
	m.out = nil
	return send, m.err
}

func (m *machine) await(what string, step func() (bool, error)) { m.awaited, m.step = what, step }

// take gives the next n bytes, if they have come.
func (m *machine) take(n int) ([]byte, bool) {
	if len(m.in) < n {
		return nil, false
	}
	b := m.in[:n:n]
	m.in = m.in[n:]
	return b, true
}

// decrypt gives the next n bytes in the clear, if they have come.
func (m *machine) decrypt(n int) ([]byte, bool) {
	b, ok := m.take(n)
	if ok {
		m.rx.xor(b, b)
	}
	return b, ok
}

// find goes behind a pattern that follows up to 512 bytes of padding.
func (m *machine) find(pattern []byte) (bool, error) {
	window := m.in[:min(len(m.in), maxPad-m.PadIn+len(pattern))]
	at := bytes.Index(window, pattern)
	if at >= 0 {
		m.PadIn += at
		m.in = m.in[at+len(pattern):]
		return true, nil
	}
	none := max(0, len(window)-len(pattern)+1) // it cannot begin in these bytes
	m.PadIn += none
	m.in = m.in[none:]
	if m.PadIn > maxPad {
		return false, errNoSync
	}
	return false, nil
}

// expectPad reads the length of a padding.
func (m *machine) expectPad(b []byte) error {
	if m.left = int(binary.BigEndian.Uint16(b)); m.left > maxPad {
		return outcome.Fail(outcome.TooLarge, fmt.Errorf("padding of %d bytes, at most %d are allowed", m.left, maxPad))
	}
	return nil
}

// skipPad goes behind a padding, as far as it has come.
func (m *machine) skipPad() bool {
	b, _ := m.decrypt(min(m.left, len(m.in)))
	m.left -= len(b)
	return m.left == 0
}

// finish leaves the streams as they go on.
func (m *machine) finish() {
	m.done, m.step = true, nil
	if m.Selected == Plain {
		m.rx, m.tx = nil, nil
		return
	}
	m.rx.xor(m.in, m.in)
}
