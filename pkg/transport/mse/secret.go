package mse

import (
	"crypto/sha1"
	"crypto/subtle"
)

// secret is shared by both sides. Its leading zeros count, also in hashes.
type secret [keyLen]byte

func hash(label string, parts ...[]byte) (sum [20]byte) {
	h := sha1.New()
	h.Write([]byte(label))
	for _, p := range parts {
		h.Write(p)
	}
	h.Sum(sum[:0])
	return sum
}

func req2(skey [20]byte) [20]byte { return hash("req2", skey[:]) }

func (s *secret) req1() [20]byte { return hash("req1", s[:]) }

// masked hides a hash of the torrent under the secret; done twice it shows it.
func (s *secret) masked(req2 [20]byte) (b [20]byte) {
	mask := hash("req3", s[:])
	subtle.XORBytes(b[:], req2[:], mask[:])
	return b
}

// ciphers gives the key streams: a of the side that called, b of the side that
// was called.
func (s *secret) ciphers(skey [20]byte) (a, b *rc4) {
	return discarded(hash("keyA", s[:], skey[:])), discarded(hash("keyB", s[:], skey[:]))
}
