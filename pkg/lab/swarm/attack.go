package swarm

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"time"

	"btkit/pkg/lab/script"
	"btkit/pkg/peerwire"
)

// attack is what a hostile peer does to a visitor. None of it amounts to a
// download: whoever sends HAVEs for pieces it does not have cannot be told from a
// downloader.
func (p *peer) attack(c *conn) {
	switch kind := p.plan.Attack % script.Attacks; kind {
	case mirror:
		_, _ = io.Copy(c.net, io.LimitReader(c.net, maxWaiting))
	case lure:
		p.lures(c)
	default:
		p.fires(c, kind)
	}
	c.close()
	p.parts(c)
}

// Attacks that answer what the visitor sends.
const (
	mirror = 8 // gives every byte back
	lure   = 9 // wants encryption, then speaks of another torrent
)

// lures waits for a visitor who begins encrypted and then changes the torrent.
func (p *peer) lures(c *conn) {
	rest, err := c.readHandshake()
	if !errors.Is(err, peerwire.ErrNotPlain) {
		return
	}
	if _, err := c.decrypt(rest); err != nil {
		return
	}
	other := peerwire.Handshake{Reserved: peerwire.Reserved(peerwire.BitExt), InfoHash: [20]byte{1}, PeerID: p.plan.ID}
	if _, err := c.net.Write(other.Append(nil)); err == nil {
		_, _ = io.Copy(io.Discard, io.LimitReader(c.net, maxWaiting))
	}
}

// fires sends something, and something else again and again.
func (p *peer) fires(c *conn, kind int) {
	begin, pause, again := p.weapon(kind)
	_, err := c.net.Write(begin)
	for err == nil {
		select {
		case <-p.swarm.ctx.Done():
			err = p.swarm.ctx.Err()
		case <-time.After(pause):
			_, err = c.net.Write(again)
		}
	}
}

// weapon is what is sent first, and what is sent again and again after a pause.
func (p *peer) weapon(kind int) (begin []byte, pause time.Duration, again []byte) {
	honest := peerwire.Handshake{Reserved: peerwire.Reserved(peerwire.BitExt | peerwire.BitFast),
		InfoHash: p.torrent.InfoHash, PeerID: p.plan.ID}
	hello := honest.Append(nil)
	const seldom, often = time.Second, 10 * time.Millisecond
	switch kind {
	case 0: // noise
		return noise(p.plan.Seed), seldom, noise(p.plan.Seed)
	case 1: // a byte a second
		return hello[:1], seldom, hello[1:2]
	case 2: // another torrent
		honest.InfoHash[0]++
		return honest.Append(nil), seldom, peerwire.AppendKeepAlive(nil)
	case 3: // a frame without end
		return append(hello, 0x7f, 0xff, 0xff, 0xff, 5), often, noise(p.plan.Seed)
	case 4: // one HAVE for ever
		return hello, often, bytes.Repeat(peerwire.AppendHave(nil, 0), 500)
	case 5: // a piece that does not exist
		return peerwire.AppendHave(hello, uint32(p.torrent.Pieces)), seldom, peerwire.AppendHave(nil, 1<<31)
	case 6: // a bitfield of the wrong length
		return peerwire.AppendBitfield(hello, p.bits(p.have)[:1]), seldom, peerwire.AppendKeepAlive(nil)
	}
	return append(hello, tangle()...), seldom, crowd(p.plan.Seed)
}

func noise(seed uint64) []byte {
	r := rand.New(rand.NewPCG(seed, 2))
	b := make([]byte, 4096)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return b
}

// tangle is an extension handshake that is deeper than any honest one and
// promises a terabyte of metadata.
func tangle() []byte {
	deep := bytes.Repeat([]byte("l"), 5000)
	b := fmt.Appendf(nil, "d1:md11:ut_metadatai2e6:ut_pexi1ee13:metadata_sizei%de1:z%s", int64(1)<<40, deep)
	b = append(append(b, bytes.Repeat([]byte("e"), 5000)...), 'e')
	return peerwire.AppendExtended(nil, extensionHandshake, b)
}

// crowd is a PEX message with a thousand addresses of this host where nobody
// listens.
func crowd(seed uint64) []byte {
	var added []byte
	for i := range 1000 {
		added = append(added, 127, 240, byte(seed)+byte(i>>8), byte(i), 19, byte(i))
	}
	b := fmt.Appendf(nil, "d5:added%d:%se", len(added), added)
	return peerwire.AppendExtended(nil, 1, b)
}
