package resolve

import (
	"bytes"
	"errors"
	"net"
	"testing"
	"time"

	"btkit/pkg/peerwire"
)

// sink is a connection that counts what is written to it.
type sink struct {
	net.Conn
	written int
}

func (s *sink) Write(b []byte) (int, error) {
	s.written += len(b)
	return len(b), nil
}

func (s *sink) SetWriteDeadline(time.Time) error { return nil }

// FuzzConversation: whatever a peer sends behind its handshake, in any
// cutting, reading it ends without a panic and with the same bytes; we write
// no more than a few questions and refusals; and what is taken for an info
// dictionary has the length that the peer announced.
func FuzzConversation(f *testing.F) {
	info := makeInfo(1) // small, since long inputs make fuzzing slow
	hello := peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{M: map[string]uint8{peerwire.NameMetadata: theirID}, MetadataSize: int64(len(info))})
	honest := append(bytes.Clone(hello), data(ourMetadataID, info, 0)...)
	f.Add(honest, uint16(100))
	f.Add(peerwire.AppendMetadataReject(bytes.Clone(hello), ourMetadataID, 0), uint16(1))
	f.Add(peerwire.AppendMetadataRequest(bytes.Clone(hello), ourMetadataID, 0), uint16(7))
	f.Add(append(peerwire.AppendHaveAll(nil), hello...), uint16(3))
	f.Fuzz(func(t *testing.T, b []byte, cut uint16) {
		whole, wrote := hear(t, b, len(b))
		parts, _ := hear(t, b, int(cut)+1)
		if !bytes.Equal(whole, parts) {
			t.Fatalf("%d bytes at once, %d bytes in parts", len(whole), len(parts))
		}
		if wrote > 1<<10+len(b) {
			t.Fatalf("wrote %d bytes in answer to %d", wrote, len(b))
		}
	})
}

// hear feeds a conversation in pieces of n bytes.
func hear(t *testing.T, b []byte, n int) (info []byte, wrote int) {
	t.Helper()
	conn := &sink{}
	c := &conversation{search: &search{Resolver: New(Options{})}, conn: conn}
	for len(b) > 0 {
		part := b[:min(n, len(b))]
		b = b[len(part):]
		if err := c.feed(part); errors.Is(err, errDone) {
			return c.info.Bytes(), conn.written
		} else if err != nil {
			break
		}
	}
	if c.info != nil && c.info.Done() {
		t.Fatal("complete, and not told")
	}
	return nil, conn.written
}
