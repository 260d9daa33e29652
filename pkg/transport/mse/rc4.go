package mse

// discard is how much of each RC4 key stream is thrown away.
const discard = 1024

// rc4 is one key stream. Its state takes a quarter of that of crypto/rc4 at
// the same speed, and thousands of idle conversations hold two each.
type rc4 struct {
	s    [256]byte
	i, j byte
}

func newRC4(key []byte) *rc4 {
	c := &rc4{}
	for i := range c.s {
		c.s[i] = byte(i)
	}
	var j byte
	for i := range c.s {
		j += c.s[i] + key[i%len(key)]
		c.s[i], c.s[j] = c.s[j], c.s[i]
	}
	return c
}

// discarded is a key stream as this protocol uses it.
func discarded(key [20]byte) *rc4 {
	c := newRC4(key[:])
	var thrown [discard]byte
	c.xor(thrown[:], thrown[:])
	return c
}

// xor encrypts or decrypts src into dst, which may be src.
func (c *rc4) xor(dst, src []byte) {
	dst = dst[:len(src)]
	i, j := c.i, c.j
	for k, v := range src {
		i++
		x := c.s[i]
		j += x
		y := c.s[j]
		c.s[i], c.s[j] = y, x
		dst[k] = v ^ c.s[x+y]
	}
	c.i, c.j = i, j
}
