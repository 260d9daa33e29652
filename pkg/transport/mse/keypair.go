package mse

import (
	"errors"
	"fmt"
	"io"
	"math/big"

	"btkit/pkg/outcome"
)

const (
	keyLen     = 96 // bytes of a public key and of the secret, on the wire and in hashes
	privateLen = 20
)

var (
	prime, _ = new(big.Int).SetString("FFFFFFFFFFFFFFFFC90FDAA22168C234C4C6628B80DC1CD129024E088A67CC74"+
		"020BBEA63B139B22514A08798E3404DDEF9519B3CD3A431B302B0A6DF25F1437"+
		"4FE1356D6D51C245E485B576625E7EC6F44C42E9A63A36210000000000090563", 16)
	generator = big.NewInt(2)
	largest   = new(big.Int).Sub(prime, generator) // largest key that gives no degenerate secret
)

var errDegenerate = outcome.Fail(outcome.Malformed, errors.New("degenerate public key"))

// keyPair is one side's part of the key exchange (Diffie-Hellman, 768 bit).
type keyPair struct {
	private *big.Int
	public  [keyLen]byte
}

func newKeyPair(private [privateLen]byte) *keyPair {
	k := &keyPair{private: new(big.Int).SetBytes(private[:])}
	onOwnStack(func() { new(big.Int).Exp(generator, k.private, prime).FillBytes(k.public[:]) })
	return k
}

// secret is what both sides compute and nobody else.
func (k *keyPair) secret(other *[keyLen]byte) (s secret, err error) {
	y := new(big.Int).SetBytes(other[:])
	if y.Cmp(generator) < 0 || y.Cmp(largest) > 0 {
		return s, errDegenerate
	}
	y.Exp(y, k.private, prime).FillBytes(s[:])
	return s, nil
}

// onOwnStack runs what needs a deep stack on another one than the caller's, who
// may then wait for hours in a conversation with a stack that has stayed small.
func onOwnStack(f func()) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	<-done
}

var errNoRandom = errors.New("draw key: no randomness")

// draws bounds the search for a key that is no trouble; each fails one time in
// 128.
const draws = 16

// drawKeyPair draws one whose public key is no trouble to anybody: a first byte
// of 0x13 is taken for a plain handshake by Transmission, and one of zero is
// lost by clients that count in big integers.
func drawKeyPair(random io.Reader) (*keyPair, error) {
	for range draws {
		var private [privateLen]byte
		if _, err := io.ReadFull(random, private[:]); err != nil {
			return nil, fmt.Errorf("draw key: %w", err)
		}
		if k := newKeyPair(private); k.public[0] != 0 && k.public[0] != 0x13 {
			return k, nil
		}
	}
	return nil, errNoRandom
}

// drawPad draws up to 512 bytes of padding, of random length and content.
func drawPad(random io.Reader) ([]byte, error) {
	var pad [2 + maxPad]byte
	if _, err := io.ReadFull(random, pad[:]); err != nil {
		return nil, fmt.Errorf("draw padding: %w", err)
	}
	n := (int(pad[0])<<8 | int(pad[1])) % (maxPad + 1)
	return append([]byte(nil), pad[2:2+n]...), nil
}
