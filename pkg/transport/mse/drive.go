package mse

import (
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"btkit/pkg/outcome"
)

// readSize holds the longest key with padding in one read.
const readSize = 1 << 10

// drive leads a machine over a stream until it is done: what is to be said
// first, then what came already, then what is read. It gives the number of
// bytes sent.
func (m *machine) drive(conn net.Conn, first, already []byte) (sent int, err error) {
	say := func(b []byte) error {
		if len(b) == 0 {
			return nil
		}
		n, err := conn.Write(b)
		sent += n
		return err
	}
	if err := say(first); err != nil {
		return sent, fmt.Errorf("send key: %w", err)
	}
	buf := make([]byte, readSize)
	for chunk, end := already, error(nil); ; {
		var send []byte
		var err error
		onOwnStack(func() { send, err = m.feed(chunk) })
		if err != nil {
			return sent, err
		}
		if err := say(send); err != nil {
			return sent, fmt.Errorf("send answer: %w", err)
		}
		if m.done {
			return sent, nil
		}
		if end != nil {
			return sent, m.early(end)
		}
		var n int
		n, end = conn.Read(buf)
		chunk = buf[:n]
	}
}

// early says how far the handshake got when the stream ended, and tells a close
// before the first byte from one in the middle.
func (m *machine) early(err error) error {
	if errors.Is(err, io.EOF) && m.received == 0 {
		return outcome.Fail(outcome.ClosedEarly, err)
	}
	return fmt.Errorf("read %s: %w", m.awaited, err)
}

// run leads the machine of either side within one deadline, and gives the
// connection as it goes on.
func (m *machine) run(conn net.Conn, o Options, deadline time.Time, first, already []byte) (net.Conn, error) {
	if err := conn.SetDeadline(deadline); err != nil {
		return nil, fmt.Errorf("encrypted handshake: set deadline: %w", err)
	}
	sent, err := m.drive(conn, first, already)
	if err == nil {
		err = conn.SetDeadline(time.Time{})
	}
	o.Moved(m.received-len(m.in), sent)
	if err != nil {
		return nil, fmt.Errorf("encrypted handshake: %w", err)
	}
	return m.goOn(conn), nil
}
