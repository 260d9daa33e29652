package mse

import (
	"encoding/binary"
	"errors"
	"fmt"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
)

// ErrPlain says that a peer answered an encrypted call with a plain handshake.
var ErrPlain = outcome.Fail(outcome.Malformed, errors.New("plain answer to an encrypted handshake"))

// initiator is the side that calls ("A").
type initiator struct {
	machine
	pair *keyPair
	padC []byte
	ia   []byte // sent along, always in RC4
	vc   [vcLen]byte
}

// newInitiator makes the machine and gives its first bytes. Chance is an
// argument: the key and both paddings.
func newInitiator(skey [20]byte, ia []byte, provide Method, pair *keyPair, padA, padC []byte) (*initiator, []byte) {
	a := &initiator{pair: pair, padC: padC, ia: ia}
	a.SKEY, a.Provided = skey, provide
	a.await("key", a.readKey)
	return a, append(pair.public[:], padA...)
}

// readKey takes the other side's key and answers with all that we have to say.
func (a *initiator) readKey() (bool, error) {
	if err := notKey(a.in); err != nil {
		return false, err
	}
	y, ok := a.take(keyLen)
	if !ok {
		return false, nil
	}
	s, err := a.pair.secret((*[keyLen]byte)(y))
	if err != nil {
		return false, err
	}
	a.ShortSecret = s[0] == 0
	a.tx, a.rx = s.ciphers(a.SKEY)
	// Reading goes on behind the constant that is found by its key stream.
	a.rx.xor(a.vc[:], a.vc[:])
	a.say(&s)
	a.await("verification constant", a.readVC)
	return true, nil
}

// notKey recognises other protocols by their first bytes.
func notKey(first []byte) error {
	var d peerwire.HandshakeDecoder
	_, err := d.Feed(first[:min(len(first), plainLen)])
	switch {
	case errors.Is(err, peerwire.ErrNotBitTorrent):
		return err
	case err == nil && len(first) >= plainLen:
		return ErrPlain
	}
	return nil
}

// plainLen is how many bytes tell a plain handshake from a key.
const plainLen = 20

// say puts together the hashes, what we provide and the payload.
func (a *initiator) say(s *secret) {
	req1, torrent := s.req1(), s.masked(req2(a.SKEY))
	b := make([]byte, vcLen, vcLen+8+len(a.padC)+len(a.ia))
	b = binary.BigEndian.AppendUint32(b, uint32(a.Provided))
	b = binary.BigEndian.AppendUint16(b, uint16(len(a.padC)))
	b = append(b, a.padC...)
	b = binary.BigEndian.AppendUint16(b, uint16(len(a.ia)))
	b = append(b, a.ia...)
	a.tx.xor(b, b)
	a.out = append(append(append(a.out, req1[:]...), torrent[:]...), b...)
	a.ia, a.padC = nil, nil
}

func (a *initiator) readVC() (bool, error) {
	ok, err := a.find(a.vc[:])
	if ok {
		a.await("selected method", a.readSelect)
	}
	return ok, err
}

func (a *initiator) readSelect() (bool, error) {
	b, ok := a.decrypt(6)
	if !ok {
		return false, nil
	}
	selected := Method(binary.BigEndian.Uint32(b))
	if !selected.selectedFrom(a.Provided) {
		return false, outcome.Fail(outcome.Malformed, fmt.Errorf("method %#x selected, %#x provided", selected, a.Provided))
	}
	a.Selected = selected
	a.await("padding", a.readPadD)
	return true, a.expectPad(b[4:])
}

func (a *initiator) readPadD() (bool, error) {
	if !a.skipPad() {
		return false, nil
	}
	a.finish()
	return true, nil
}
