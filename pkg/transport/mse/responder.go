package mse

import (
	"encoding/binary"
	"errors"
	"fmt"

	"btkit/pkg/outcome"
)

// maxIA bounds the payload that comes along with the handshake. Mostly it is a
// BitTorrent handshake of 68 bytes.
const maxIA = 4096

var (
	errUnknown  = outcome.Fail(outcome.UnknownHash, errors.New("unknown torrent"))
	errReplayed = outcome.Fail(outcome.Malformed, errors.New("replayed handshake"))
	errNoVC     = outcome.Fail(outcome.Malformed, errors.New("no verification constant behind the hashes"))
)

// agreement is what a key exchange gives to the side that is called.
type agreement struct {
	public [keyLen]byte // ours
	secret secret
	first  func(torrent [20]byte) bool // false if this handshake was seen before
}

// responder is the side that is called ("B").
type responder struct {
	machine
	exchange func(other *[keyLen]byte) (agreement, error)
	lookup   func(req2 [20]byte) (skey [20]byte, ok bool)
	ours     Method
	padB     []byte
	padD     []byte
	agreed   agreement
	req1     [20]byte
	masked   [20]byte // hash of the torrent
	payload  []byte   // in the clear
}

// newResponder makes the machine. The exchange of keys, the torrents that are
// served and both paddings are arguments.
func newResponder(ours Method, padB, padD []byte, lookup func([20]byte) ([20]byte, bool),
	exchange func(*[keyLen]byte) (agreement, error)) *responder {
	b := &responder{exchange: exchange, lookup: lookup, ours: ours, padB: padB, padD: padD}
	b.await("key", b.readKey)
	return b
}

// readKey answers at once: the other side says no more before.
func (b *responder) readKey() (bool, error) {
	y, ok := b.take(keyLen)
	if !ok {
		return false, nil
	}
	var err error
	if b.agreed, err = b.exchange((*[keyLen]byte)(y)); err != nil {
		return false, err
	}
	b.ShortSecret = b.agreed.secret[0] == 0
	b.out = append(append(b.out, b.agreed.public[:]...), b.padB...)
	b.req1 = b.agreed.secret.req1()
	b.await("hash of the secret", b.readReq1)
	return true, nil
}

func (b *responder) readReq1() (bool, error) {
	ok, err := b.find(b.req1[:])
	if ok {
		b.await("hash of the torrent", b.readTorrent)
	}
	return ok, err
}

// readTorrent finds out which torrent is meant and makes the key streams.
func (b *responder) readTorrent() (bool, error) {
	masked, ok := b.take(len(b.masked))
	if !ok {
		return false, nil
	}
	b.masked = [20]byte(masked)
	if b.SKEY, ok = b.lookup(b.agreed.secret.masked(b.masked)); !ok {
		return false, errUnknown
	}
	b.rx, b.tx = b.agreed.secret.ciphers(b.SKEY)
	b.await("provided methods", b.readProvide)
	return true, nil
}

func (b *responder) readProvide() (bool, error) {
	head, ok := b.decrypt(vcLen + 6)
	if !ok {
		return false, nil
	}
	if binary.BigEndian.Uint64(head) != 0 {
		return false, errNoVC
	}
	if !b.agreed.first(b.masked) {
		return false, errReplayed
	}
	b.Provided = Method(binary.BigEndian.Uint32(head[vcLen:]))
	if b.Selected = choose(b.Provided, b.ours); b.Selected == 0 {
		return false, outcome.Fail(outcome.Unsupported, fmt.Errorf("methods %#x provided, %#x wanted", b.Provided, b.ours))
	}
	b.await("padding", b.readPadC)
	return true, b.expectPad(head[vcLen+4:])
}

func (b *responder) readPadC() (bool, error) {
	if !b.skipPad() {
		return false, nil
	}
	size, ok := b.decrypt(2)
	if !ok {
		return false, nil
	}
	if b.left = int(binary.BigEndian.Uint16(size)); b.left > maxIA {
		return false, outcome.Fail(outcome.TooLarge, fmt.Errorf("payload of %d bytes, at most %d are taken", b.left, maxIA))
	}
	b.await("payload", b.readPayload)
	return true, nil
}

// readPayload takes the payload and ends with our selection.
func (b *responder) readPayload() (bool, error) {
	p, _ := b.decrypt(min(b.left, len(b.in)))
	b.left -= len(p)
	b.payload = append(b.payload, p...)
	if b.left > 0 {
		return false, nil
	}
	reply := make([]byte, vcLen, vcLen+6+len(b.padD))
	reply = binary.BigEndian.AppendUint32(reply, uint32(b.Selected))
	reply = binary.BigEndian.AppendUint16(reply, uint16(len(b.padD)))
	reply = append(reply, b.padD...)
	b.tx.xor(reply, reply)
	b.out = append(b.out, reply...)
	b.finish()
	b.in = append(b.payload, b.in...)
	return true, nil
}
