package talk

import (
	"errors"
	"io"
	"net"
	"testing"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
)

// shifted is a toy cipher: every byte is one more on the wire.
type shifted struct{ net.Conn }

func (s shifted) Read(b []byte) (int, error) {
	n, err := s.Conn.Read(b)
	for i := range b[:n] {
		b[i]--
	}
	return n, err
}

func (s shifted) Write(b []byte) (int, error) {
	out := make([]byte, len(b))
	for i := range b {
		out[i] = b[i] + 1
	}
	return s.Conn.Write(out)
}

// All that is said goes through the encryption, what comes first along with
// its handshake; the bytes that it costs are counted and what was agreed stands in
// the visit.
func TestEncrypt(t *testing.T) {
	m := set(t, scene{})
	var first []byte
	m.c.Encrypt(func(conn net.Conn, b []byte, moved func(rx, tx int)) (net.Conn, string, error) {
		first = b
		moved(7, 9)
		_, err := shifted{conn}.Write(b)
		return shifted{conn}, "rc4", err
	})
	m.theirs = shifted{m.theirs}
	m.begin(m.c.Open)
	m.hello(theirHandshake())
	m.greeting()
	m.send(bitfield(100, 50))
	wait(t, "the reading", m.told)
	m.c.Leave()
	if v := m.wantEnd(outcome.OK); v.Crypto != "rc4" || v.RxBytes < 7+peerwire.HandshakeLen {
		t.Errorf("got crypto %q, %d bytes received, want rc4 and those of the encryption counted", v.Crypto, v.RxBytes)
	}
	if h, err := peerwire.ParseHandshake(first); err != nil || h.PeerID != us.PeerID {
		t.Errorf("got %x, %v to go along, want our handshake", first, err)
	}
}

func TestEncryptFails(t *testing.T) {
	m := set(t, scene{})
	m.c.Encrypt(func(net.Conn, []byte, func(rx, tx int)) (net.Conn, string, error) {
		return nil, "", outcome.Fail(outcome.ClosedEarly, io.EOF)
	})
	m.begin(m.c.Open)
	m.wantEnd(outcome.ClosedEarly)
}

func TestLeaveInEncryption(t *testing.T) {
	m := set(t, scene{})
	entered := make(chan bool, 1)
	m.c.Encrypt(func(conn net.Conn, _ []byte, _ func(rx, tx int)) (net.Conn, string, error) {
		entered <- true
		_, err := conn.Read(make([]byte, 1)) // the peer says nothing
		return nil, "", errors.Join(err)
	})
	m.begin(m.c.Open)
	wait(t, "the encryption", entered)
	m.c.Leave()
	m.wantEnd(outcome.Canceled)
}
