package peerid

import (
	"fmt"
	"io"
)

// Printable is the id as 20 characters of ASCII, with a dot for every byte that
// does not print. Different ids can look the same.
func Printable(id [20]byte) string { return Clean(string(id[:])) }

// Clean replaces every byte of s that is not printable ASCII by a dot.
func Clean(s string) string {
	b := []byte(s)
	for i, c := range b {
		if c < ' ' || c > '~' {
			b[i] = '.'
		}
	}
	return string(b)
}

// New makes an id of our own: the prefix, such as "-XY0100-" in Azureus style
// (BEP 20), filled up with random letters and digits.
func New(prefix string, rand io.Reader) (id [20]byte, err error) {
	const alphabet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
	n := copy(id[:], prefix)
	if n < len(prefix) || n > len(id)-8 {
		return id, fmt.Errorf("peer id: prefix %q leaves less than 8 random characters", prefix)
	}
	if _, err := io.ReadFull(rand, id[n:]); err != nil {
		return id, fmt.Errorf("peer id: read random bytes: %w", err)
	}
	for i := n; i < len(id); i++ {
		id[i] = alphabet[int(id[i])%len(alphabet)]
	}
	return id, nil
}
