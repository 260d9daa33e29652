package mse

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"

	"btkit/pkg/outcome"
)

// Both sides with fixed keys; the tests speak for one of them.
var (
	pairA = newKeyPair([20]byte{0: 1, 19: 7})
	pairB = newKeyPair([20]byte{0: 2, 19: 9})
)

func fixedInitiator(provide Method) *machine {
	a, _ := newInitiator(torrent, []byte("our handshake"), provide, pairA, nil, nil)
	return &a.machine
}

func fixedResponder(takes Method) *machine {
	var keys Keys
	keys.Add(torrent)
	return &newResponder(takes, nil, nil, keys.lookup, (&sharedKey{keyPair: pairB}).agree).machine
}

// sealed3 is what a caller says behind its padding: the hashes for a torrent
// and the given text in RC4.
func sealed3(skey [20]byte, text []byte) []byte {
	s, err := pairA.secret(&pairB.public)
	if err != nil {
		return nil
	}
	req1, masked := s.req1(), s.masked(req2(skey))
	a, _ := s.ciphers(skey)
	text = bytes.Clone(text)
	a.xor(text, text)
	return append(append(req1[:], masked[:]...), text...)
}

// sealed4 is what a called side says behind its padding.
func sealed4(text []byte) []byte {
	s, err := pairB.secret(&pairA.public)
	if err != nil {
		return nil
	}
	_, b := s.ciphers(torrent)
	text = bytes.Clone(text)
	b.xor(text, text)
	return text
}

// text3 is the encrypted part of what a caller says.
func text3(vc uint64, provide Method, padC, ia int) []byte {
	b := binary.BigEndian.AppendUint64(nil, vc)
	b = binary.BigEndian.AppendUint32(b, uint32(provide))
	b = binary.BigEndian.AppendUint16(b, uint16(padC))
	b = append(b, make([]byte, padC)...)
	b = binary.BigEndian.AppendUint16(b, uint16(ia))
	return append(b, make([]byte, ia)...)
}

func text4(sel Method, padD int) []byte {
	b := binary.BigEndian.AppendUint32(make([]byte, vcLen), uint32(sel))
	b = binary.BigEndian.AppendUint16(b, uint16(padD))
	return append(b, make([]byte, padD)...)
}

func noise(n int) []byte {
	b := make([]byte, n)
	dice := rand.New(rand.NewPCG(3, 4))
	for i := range b {
		b[i] = byte(dice.Uint32())
	}
	return b
}

func join(parts ...[]byte) []byte { return bytes.Join(parts, nil) }

// hostile is what a machine hears. It fails after exactly that many bytes,
// however they were cut; with OK it is done then.
type hostile struct {
	name  string
	hears []byte
	want  outcome.Outcome
	after int
}

func (h hostile) run(t *testing.T, make func() *machine) {
	t.Run(h.name, func(t *testing.T) {
		for how, next := range cuttings() {
			m := make()
			_, _, err := feedAll(m, bytes.Clone(h.hears), next)
			if got := outcome.Of(err); got != h.want || m.done != (h.want == outcome.OK) {
				t.Errorf("%s: got %v (%v), done %v, want %v", how, got, err, m.done, h.want)
			}
		}
		m := make()
		for i := range h.hears {
			if _, err := m.feed(h.hears[i : i+1 : i+1]); (err != nil || m.done) && i+1 != h.after {
				t.Fatalf("ended after %d bytes, want %d", i+1, h.after)
			} else if err != nil || m.done {
				return
			}
		}
		t.Errorf("did not end after %d bytes, want the end after %d", len(h.hears), h.after)
	})
}

func TestHostileCallers(t *testing.T) {
	key, pad := pairA.public[:], noise(maxPad)
	const hashes = keyLen + 40
	for _, h := range []hostile{
		{"noise", noise(5000), outcome.NotBitTorrent, 628},
		{"endless zeros behind a key", join(key, make([]byte, 5000)), outcome.NotBitTorrent, 628},
		{"most padding", join(key, pad, sealed3(torrent, text3(0, 3, 512, 4096))), outcome.OK, hashes + 512 + 16 + 512 + 4096},
		{"padding one too long", join(key, pad, []byte{1}, sealed3(torrent, text3(0, 3, 0, 0))), outcome.NotBitTorrent, 628},
		{"other torrent", join(key, sealed3([20]byte{5}, text3(0, 3, 0, 0))), outcome.UnknownHash, hashes},
		{"wrong constant", join(key, sealed3(torrent, text3(1, 3, 0, 0))), outcome.Malformed, hashes + 14},
		{"constant of another stream", join(key, sealed3(torrent, noise(40))), outcome.Malformed, hashes + 14},
		{"no known method", join(key, sealed3(torrent, text3(0, 4, 0, 0))), outcome.Unsupported, hashes + 14},
		{"no method", join(key, sealed3(torrent, text3(0, 0, 0, 0))), outcome.Unsupported, hashes + 14},
		{"unknown methods beside ours", join(key, sealed3(torrent, text3(0, 0xfffffffe, 0, 0))), outcome.OK, hashes + 16},
		{"long padding C", join(key, sealed3(torrent, text3(0, 3, 513, 0))), outcome.TooLarge, hashes + 14},
		{"longest padding C", join(key, sealed3(torrent, text3(0, 3, 65535, 0))), outcome.TooLarge, hashes + 14},
		{"long payload", join(key, sealed3(torrent, text3(0, 3, 0, 4097))), outcome.TooLarge, hashes + 16},
		{"longest payload", join(key, sealed3(torrent, text3(0, 3, 9, 65535))), outcome.TooLarge, hashes + 16 + 9},
	} {
		h.run(t, func() *machine { return fixedResponder(Plain | RC4) })
	}
}

func TestHostileCalled(t *testing.T) {
	key, pad := pairB.public[:], noise(maxPad)
	const head = keyLen + 14
	for _, h := range []hostile{
		{"noise", noise(5000), outcome.NotBitTorrent, 616},
		{"endless zeros behind a key", join(key, make([]byte, 5000)), outcome.NotBitTorrent, 616},
		{"most padding", join(key, pad, sealed4(text4(RC4, 512))), outcome.OK, head + 512 + 512},
		{"padding one too long", join(key, pad, []byte{1}, sealed4(text4(RC4, 0))), outcome.NotBitTorrent, 616},
		{"nothing selected", join(key, sealed4(text4(0, 0))), outcome.Malformed, head},
		{"both selected", join(key, sealed4(text4(3, 0))), outcome.Malformed, head},
		{"other than provided", join(key, sealed4(text4(Plain, 0))), outcome.Malformed, head},
		{"unknown method", join(key, sealed4(text4(4, 0))), outcome.Malformed, head},
		{"long padding D", join(key, sealed4(text4(RC4, 513))), outcome.TooLarge, head},
		{"longest padding D", join(key, sealed4(text4(RC4, 65535))), outcome.TooLarge, head},
		{"web server", []byte("HTTP/1.1 400 Bad Request\r\n\r\n"), outcome.NotBitTorrent, 4},
		{"text", []byte("what do you want from me?\r\n"), outcome.NotBitTorrent, 20},
		{"plain handshake", []byte("\x13BitTorrent protocol\x00\x00\x00\x00\x00\x10\x00\x05"), outcome.Malformed, 20},
	} {
		h.run(t, func() *machine { return fixedInitiator(RC4) })
	}
}

// What one caller said is of no use to another, neither while the key of the
// called side is the same nor later.
func TestReplays(t *testing.T) {
	var keys Keys
	keys.Add(torrent)
	shared := &sharedKey{keyPair: pairB}
	call := func(s *sharedKey) error {
		b := newResponder(Plain|RC4, nil, nil, keys.lookup, s.agree)
		said, _, err := feedAll(&b.machine, join(pairA.public[:], sealed3(torrent, text3(0, 3, 0, 68)), make([]byte, 700)), func() int { return 50 })
		if err != nil && len(said) > keyLen {
			t.Errorf("said %d bytes to a repeated handshake, want %d", len(said), keyLen)
		}
		return err
	}
	if err := call(shared); err != nil {
		t.Fatalf("first: got %v, want no error", err)
	}
	if err := call(shared); err != errReplayed {
		t.Errorf("again at once: got %v, want %v", err, errReplayed)
	}
	if err := call(&sharedKey{keyPair: newKeyPair([20]byte{77})}); err != errNoSync {
		t.Errorf("again later: got %v, want %v", err, errNoSync)
	}
	a, _ := newInitiator(torrent, nil, RC4, newKeyPair([20]byte{88}), nil, nil)
	if _, _, err := feedAll(&a.machine, join(pairB.public[:], sealed4(text4(RC4, 0)), make([]byte, 700)), func() int { return 50 }); err != errNoSync {
		t.Errorf("answer repeated to another caller: got %v, want %v", err, errNoSync)
	}
}
