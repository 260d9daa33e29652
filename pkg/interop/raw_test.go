//go:build interop

package interop

import (
	"encoding/binary"
	"fmt"
	"io"
	"math/bits"
	"net"
	"net/netip"
	"sync"
	"time"
)

// rawPeer is one held conversation, written down without the toolkit's own
// packages, so that what they say can be compared with it.
type rawPeer struct {
	conn   net.Conn
	pieces int

	mu       sync.Mutex
	have     []byte // one bit per piece
	stated   bool   // whether it told anything about its pieces
	peerID   string
	extended []byte
	seen     []int // message types in order of arrival, at most 64
	need     int
	crossed  time.Time // when the count reached need; zero if it began there
	err      error
	done     chan struct{} // closed when reading has ended
	wg       sync.WaitGroup
}

// Messages of BEP 3, 6 and 10 that matter here.
const (
	msgHave     = 4
	msgBitfield = 5
	msgHaveAll  = 14
	msgHaveNone = 15
	msgExtended = 20
)

// rawHandshake names t with the extension protocol, fast and DHT bits.
func rawHandshake(t *Torrent, peerID string) []byte {
	hello := append([]byte("\x13BitTorrent protocol"), 0, 0, 0, 0, 0, 0x10, 0, 0x05)
	return append(append(hello, t.InfoHash[:]...), peerID...)
}

// rawDial opens a conversation about t and holds it; port is where we say
// that we listen.
func rawDial(addr netip.AddrPort, t *Torrent, peerID string, port uint16) (*rawPeer, error) {
	conn, err := net.DialTimeout("tcp", addr.String(), 5*time.Second)
	if err != nil {
		return nil, fmt.Errorf("dial %s: %w", addr, err)
	}
	if _, err := conn.Write(rawHandshake(t, peerID)); err != nil {
		conn.Close()
		return nil, fmt.Errorf("send handshake to %s: %w", addr, err)
	}
	var hello [68]byte
	conn.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := io.ReadFull(conn, hello[:]); err != nil {
		conn.Close()
		return nil, fmt.Errorf("read handshake of %s: %w", addr, err)
	}
	return rawHold(conn, t, string(hello[48:]), port)
}

// rawHold says what a measuring peer says and begins to read.
func rawHold(conn net.Conn, t *Torrent, peerID string, port uint16) (*rawPeer, error) {
	extended := fmt.Sprintf("\x14\x00d1:md11:lt_donthavei3e11:ut_metadatai1e6:ut_pexi2e11:upload_onlyi4ee1:pi%de1:v9:btkit rawe", port)
	said := append(binary.BigEndian.AppendUint32(nil, uint32(len(extended))), extended...)
	said = append(said, 0, 0, 0, 1, msgHaveNone)
	if _, err := conn.Write(said); err != nil {
		conn.Close()
		return nil, fmt.Errorf("send state: %w", err)
	}
	p := &rawPeer{conn: conn, pieces: t.Pieces, need: t.Need, have: make([]byte, (t.Pieces+7)/8), peerID: peerID, done: make(chan struct{})}
	p.wg.Go(p.read)
	p.wg.Go(p.keepAlive)
	return p, nil
}

// keepAlive sends a keep-alive every 90 s until read has ended: libtorrent
// closes on 120 s of silence.
func (p *rawPeer) keepAlive() {
	tick := time.NewTicker(90 * time.Second)
	defer tick.Stop()
	for {
		select {
		case <-p.done:
			return
		case <-tick.C:
			p.conn.Write(make([]byte, 4))
		}
	}
}

// read ends with the connection; close waits for it.
func (p *rawPeer) read() {
	defer close(p.done)
	p.conn.SetReadDeadline(time.Time{})
	for {
		var length [4]byte
		if _, err := io.ReadFull(p.conn, length[:]); err != nil {
			p.end(err)
			return
		}
		n := binary.BigEndian.Uint32(length[:])
		if n > 1<<20 {
			p.end(fmt.Errorf("message of %d bytes", n))
			return
		}
		message := make([]byte, n)
		if _, err := io.ReadFull(p.conn, message); err != nil {
			p.end(err)
			return
		}
		if n > 0 {
			p.hear(message[0], message[1:])
		}
	}
}

func (p *rawPeer) end(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.err = err
}

func (p *rawPeer) hear(kind byte, body []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.seen) < 64 {
		p.seen = append(p.seen, int(kind))
	}
	switch kind {
	case msgHave:
		if len(body) == 4 {
			p.add(int(binary.BigEndian.Uint32(body)))
			p.cross()
		}
	case msgBitfield:
		p.stated = true
		copy(p.have, body)
	case msgHaveAll:
		for i := range p.pieces {
			p.add(i)
		}
	case msgHaveNone:
		p.stated = true
	case msgExtended:
		if len(body) > 1 && body[0] == 0 && p.extended == nil {
			p.extended = append([]byte(nil), body[1:]...)
		}
	}
}

func (p *rawPeer) add(piece int) {
	if piece < p.pieces {
		p.stated = true
		p.have[piece/8] |= 0x80 >> (piece % 8)
	}
}

// cross notes the time of the first HAVE that makes it need pieces.
func (p *rawPeer) cross() {
	if p.crossed.IsZero() && p.held() == p.need {
		p.crossed = time.Now()
	}
}

func (p *rawPeer) held() int {
	n := 0
	for _, b := range p.have {
		n += bits.OnesCount8(b)
	}
	return n
}

// count is how many pieces the peer told of; false if it told nothing.
func (p *rawPeer) count() (int, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.held(), p.stated
}

// ended is why the conversation ended, nil while it lasts.
func (p *rawPeer) ended() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.err
}

// state gives a copy of the pieces, and when they crossed the threshold.
func (p *rawPeer) state() ([]byte, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]byte(nil), p.have...), p.crossed
}

// story tells what it said, for people.
func (p *rawPeer) story() string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return fmt.Sprintf("messages %v, extension handshake %q, ended %v", p.seen, p.extended, p.err)
}

func (p *rawPeer) close() {
	p.conn.Close()
	p.wg.Wait()
}
