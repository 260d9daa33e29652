package talktest

import (
	"io"
	"net"
	"sync"

	"btkit/pkg/peerwire"
	"btkit/pkg/visit"
)

// InfoHash is that of the torrent that Hello speaks of.
const InfoHash = "0123456789abcdef0123456789abcdef01234567"

// Hello is the handshake of a peer with the fast and the extension protocol; its
// number tells it from others.
func Hello(number byte) (h peerwire.Handshake) {
	h.Reserved = peerwire.Reserved(peerwire.BitFast | peerwire.BitExt)
	h.InfoHash, _ = visit.ParseInfoHash(InfoHash) // a constant that is right
	copy(h.PeerID[:], "-XX0001-abcdefghijkl")
	h.PeerID[19] = number
	return h
}

// Peer is the stranger's side of a connection. What we say is read all the
// time, so that nobody waits for the other in vain.
type Peer struct {
	Conn net.Conn

	mu      sync.Mutex
	decoder peerwire.Decoder
	greeted peerwire.HandshakeDecoder
	counts  map[peerwire.ID]int
	ext     peerwire.ExtHandshake
	hello   chan struct{} // closed when our handshake has come
	over    chan struct{} // closed when we have closed
}

// Play begins to play a peer. Close ends it.
func Play(conn net.Conn) *Peer {
	p := &Peer{Conn: conn, counts: map[peerwire.ID]int{}, hello: make(chan struct{}), over: make(chan struct{})}
	go p.read()
	return p
}

func (p *Peer) read() {
	defer close(p.over)
	buf := make([]byte, 4096)
	for {
		n, err := p.Conn.Read(buf)
		p.take(buf[:n])
		if err != nil {
			return
		}
	}
}

func (p *Peer) take(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if _, ok := p.greeted.Handshake(); !ok {
		rest, err := p.greeted.Feed(b)
		if _, ok := p.greeted.Handshake(); !ok || err != nil {
			return
		}
		close(p.hello)
		b = rest
	}
	// What cannot be decoded shows as messages that are missing.
	_ = p.decoder.Feed(b, func(m peerwire.Message) error {
		p.counts[m.ID]++
		if m.ID == peerwire.Extended && m.Ext == 0 {
			p.ext, _ = peerwire.ParseExtHandshake(m.Payload) // a bad one is empty
		}
		return nil
	})
}

// Ext is the latest extension handshake of the other side.
func (p *Peer) Ext() peerwire.ExtHandshake {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ext
}

// Say sends bytes; false says that the other side has hung up.
func (p *Peer) Say(parts ...[]byte) bool {
	for _, b := range parts {
		if _, err := p.Conn.Write(b); err != nil {
			return false
		}
	}
	return true
}

// Greeted waits for the other side's handshake; false says that it hung up
// before.
func (p *Peer) Greeted() (peerwire.Handshake, bool) {
	select {
	case <-p.hello:
	case <-p.over:
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.greeted.Handshake()
}

// Got is how many messages of a kind the other side has sent.
func (p *Peer) Got(id peerwire.ID) int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.counts[id]
}

// Over is closed when the other side has hung up.
func (p *Peer) Over() <-chan struct{} { return p.over }

// Close hangs up and waits for what was under way.
func (p *Peer) Close() {
	p.Conn.Close()
	<-p.over
}

// Bitfield is the message of a peer that has the first n of so many pieces.
func Bitfield(pieces, n int) []byte {
	bits := make([]byte, (pieces+7)/8)
	for i := range n {
		bits[i/8] |= 0x80 >> (i % 8)
	}
	return peerwire.AppendBitfield(nil, bits)
}

var _ io.Writer = (*Journal)(nil)
