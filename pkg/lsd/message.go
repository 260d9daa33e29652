package lsd

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"strings"

	"btkit/pkg/outcome"
)

// Hash is an info-hash as spoken on the wire.
type Hash = [20]byte

// MaxPacket bounds what we send, in bytes, so that it is never fragmented
// (BEP 14).
const MaxPacket = 1400

// maxHeard bounds what we take from others: some are not as careful.
const maxHeard = 2048

// maxCookie bounds, in bytes, the cookie that is kept.
const maxCookie = 256

const method = "BT-SEARCH "

// Message is one datagram of local service discovery (BEP 14).
type Message struct {
	// Group that it was sent to, "address:port".
	Host string
	// TCP port at which the sender listens.
	Port uint16
	// Torrents that it has.
	InfoHashes []Hash
	// What the sender knows its own messages by; empty for none.
	Cookie string
}

// Append writes the message behind b.
func (m Message) Append(b []byte) []byte {
	b = fmt.Appendf(b, "%s* HTTP/1.1\r\nHost: %s\r\nPort: %d\r\n", method, m.Host, m.Port)
	for _, h := range m.InfoHashes {
		b = fmt.Appendf(b, "Infohash: %x\r\n", h[:])
	}
	if m.Cookie != "" {
		b = fmt.Appendf(b, "cookie: %s\r\n", m.Cookie)
	}
	return append(b, "\r\n\r\n"...)
}

// Room is how many more torrents fit into MaxPacket.
func (m Message) Room() int {
	const each = len("Infohash: \r\n") + 2*len(Hash{})
	return max(0, (MaxPacket-len(m.Append(nil)))/each)
}

// Parse reads a datagram. Headers that it does not know and info-hashes that
// are none are passed over; a message without a port to connect to or without
// a torrent has the outcome "malformed", one that is too long "too-large".
func Parse(b []byte) (Message, error) {
	var m Message
	if len(b) > maxHeard {
		return m, outcome.Fail(outcome.TooLarge, fmt.Errorf("read BT-SEARCH: more than %d bytes", maxHeard))
	}
	first, rest := nextLine(b)
	if !strings.HasPrefix(first, method) {
		return m, malformed("begins with %.20q", first)
	}
	for len(rest) > 0 {
		var line string
		if line, rest = nextLine(rest); line == "" {
			break
		}
		name, value, _ := strings.Cut(line, ":")
		if err := m.header(strings.ToLower(strings.TrimSpace(name)), strings.TrimSpace(value)); err != nil {
			return Message{}, err
		}
	}
	if m.Port == 0 {
		return Message{}, malformed("no port to connect to")
	}
	if len(m.InfoHashes) == 0 {
		return Message{}, malformed("no info-hash")
	}
	return m, nil
}

func malformed(format string, args ...any) error {
	return outcome.Fail(outcome.Malformed, errors.New("read BT-SEARCH: "+fmt.Sprintf(format, args...)))
}

// nextLine takes a line off, whose end is CRLF or, with some, LF alone.
func nextLine(b []byte) (line string, rest []byte) {
	head, rest, _ := bytes.Cut(b, []byte("\n"))
	return strings.TrimSuffix(string(head), "\r"), rest
}

// header takes one header; its name is in lower case.
func (m *Message) header(name, value string) error {
	switch name {
	case "host":
		m.Host = value
	case "cookie":
		m.Cookie = value[:min(len(value), maxCookie)]
	case "port":
		port, err := strconv.ParseUint(value, 10, 16)
		if err != nil {
			return malformed("port %.20q", value)
		}
		m.Port = uint16(port)
	case "infohash":
		h, err := hex.DecodeString(value)
		if err == nil && len(h) == len(Hash{}) {
			m.InfoHashes = append(m.InfoHashes, Hash(h))
		}
	}
	return nil
}
