package confirm

import (
	"encoding/binary"
	"errors"
)

// cursor reads fixed-size values; after the first error it yields zeros.
type cursor struct {
	b   []byte
	err error
}

func (c *cursor) take(n int) []byte {
	if c.err != nil || n > len(c.b) {
		c.fail(errors.New("it ends too early"))
		return make([]byte, min(n, 16))
	}
	part := c.b[:n]
	c.b = c.b[n:]
	return part
}

func (c *cursor) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	c.b = nil
}

func (c *cursor) u8() byte    { return c.take(1)[0] }
func (c *cursor) u16() uint16 { return binary.BigEndian.Uint16(c.take(2)) }
func (c *cursor) u32() uint32 { return binary.BigEndian.Uint32(c.take(4)) }
func (c *cursor) u64() uint64 { return binary.BigEndian.Uint64(c.take(8)) }

// count reads a number of items of at least so many bytes each.
func (c *cursor) count(itemBytes int) uint32 {
	n := c.u32()
	if c.err != nil || uint64(n)*uint64(itemBytes) > uint64(len(c.b)) {
		c.fail(errors.New("a count beyond its end"))
		return 0
	}
	return n
}

// index reads a number below limit.
func (c *cursor) index(limit uint32) uint32 {
	i := c.u32()
	if i >= limit {
		c.fail(errors.New("an index beyond its end"))
		return 0
	}
	return i
}
