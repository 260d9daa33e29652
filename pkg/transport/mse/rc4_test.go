package mse

import (
	stdlib "crypto/rc4"
	"testing"
)

func TestRC4Vectors(t *testing.T) {
	for _, v := range load(t).RC4 {
		c := newRC4(v.Key)
		thrown := make([]byte, v.Discard)
		c.xor(thrown, thrown)
		got := make([]byte, len(v.First32))
		c.xor(got, got)
		same(t, string(v.Key), got, v.First32)
		if v.Discard == discard && len(v.Key) == 20 {
			clear(got)
			discarded([20]byte(v.Key)).xor(got, got)
			same(t, "discarded", got, v.First32)
		}
	}
}

// The library's cipher has four times the state and gives the same stream.
func TestRC4AgainstTheLibrary(t *testing.T) {
	for n := 1; n <= 40; n++ {
		key := make([]byte, n)
		for i := range key {
			key[i] = byte(n*31 + i*i)
		}
		theirs, err := stdlib.NewCipher(key)
		if err != nil {
			t.Fatal(err)
		}
		ours := newRC4(key)
		want, got := make([]byte, 5000), make([]byte, 5000)
		for at := 0; at < len(want); {
			end := min(at+n*7, len(want))
			theirs.XORKeyStream(want[at:end], want[at:end])
			ours.xor(got[at:end], got[at:end])
			at = end
		}
		same(t, "stream", got, want)
	}
}
