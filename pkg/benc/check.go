package benc

import (
	"bytes"
	"fmt"
	"strconv"
)

// maxDigits is the longest integer worth reading: the digits of 2^64.
const maxDigits = 20

// Check tells where the first value of b ends. Bytes after it are allowed,
// since ut_metadata (BEP 9) puts a block there: n < len(b) reports them.
//
// Integers must fit 64 bits; leading zeros and "-0" are refused, in lengths
// too. Keys must be strings; wrong order and repetition are oddities. The
// error is a *SyntaxError.
func Check(b []byte, limits Limits) (n int, odd Oddities, err error) {
	c := checker{b: b, limits: limits.orDefaults()}
	for {
		if err := c.step(); err != nil {
			return 0, 0, err
		}
		if len(c.open) == 0 {
			return c.at, c.odd, nil
		}
	}
}

// checker holds the place in the input and the containers open there.
type checker struct {
	b      []byte
	at     int
	nodes  int
	limits Limits
	open   []container
	odd    Oddities
}

// container is a list or dictionary whose "e" has not come yet.
type container struct {
	dict     bool
	start    int
	inPair   bool   // a key stands without its value
	some     bool   // there has been a key
	last     []byte // key before
	unsorted bool
}

// step takes one thing: a key, an integer, a string, a bracket.
func (c *checker) step() error {
	inside := c.inside()
	if inside != nil && c.peek() == 'e' && !inside.inPair {
		return c.close()
	}
	if c.nodes++; c.nodes > c.limits.Nodes {
		return c.tooMuch(fmt.Sprintf("at most %d values", c.limits.Nodes))
	}
	if inside != nil && inside.dict && !inside.inPair {
		return c.key(inside)
	}
	if inside != nil {
		inside.inPair = false
	}
	return c.value(inside)
}

func (c *checker) inside() *container {
	if len(c.open) == 0 {
		return nil
	}
	return &c.open[len(c.open)-1]
}

// peek is the byte at the present place, 0 at the end.
func (c *checker) peek() byte {
	if c.at >= len(c.b) {
		return 0
	}
	return c.b[c.at]
}

func (c *checker) value(inside *container) error {
	switch first := c.peek(); {
	case first == 'i':
		return c.integer()
	case first == 'l', first == 'd':
		return c.push(first == 'd')
	case isDigit(first):
		_, err := c.text()
		return err
	case inside != nil && !inside.dict:
		return c.want("a value or the end of the list")
	}
	return c.want("a value: a digit, i, l or d")
}

func (c *checker) push(dict bool) error {
	if len(c.open) >= c.limits.Depth {
		return c.tooMuch(fmt.Sprintf("at most %d levels", c.limits.Depth))
	}
	c.open = append(c.open, container{dict: dict, start: c.at})
	c.at++
	return nil
}

func (c *checker) close() error {
	c.at++
	closed := c.open[len(c.open)-1]
	c.open = c.open[:len(c.open)-1]
	if closed.unsorted && !c.odd.Has(DuplicateKeys) && repeats(Value{raw: c.b[closed.start:c.at]}) {
		c.odd |= DuplicateKeys
	}
	return nil
}

func (c *checker) key(in *container) error {
	if !isDigit(c.peek()) {
		return c.want("a key (a string) or the end of the dictionary")
	}
	key, err := c.text()
	if err != nil {
		return err
	}
	if in.some {
		switch order := bytes.Compare(in.last, key); {
		case order == 0:
			c.odd |= DuplicateKeys
		case order > 0:
			c.odd |= UnsortedKeys
			in.unsorted = true
		}
	}
	in.some, in.last, in.inPair = true, key, true
	return nil
}

func (c *checker) integer() error {
	c.at++
	first := c.at
	if c.peek() == '-' {
		c.at++
	}
	if _, err := c.digits(); err != nil {
		return err
	}
	text := string(c.b[first:c.at])
	if text == "-0" {
		return c.wantAt(first, "an integer without a minus before zero")
	}
	if _, err := strconv.ParseInt(text, 10, 64); err != nil {
		return c.wantAt(first, "an integer of at most 64 bits")
	}
	if c.peek() != 'e' {
		return c.want("a digit or e")
	}
	c.at++
	return nil
}

func (c *checker) text() ([]byte, error) {
	first := c.at
	digits, err := c.digits()
	if err != nil {
		return nil, err
	}
	if c.peek() != ':' {
		return nil, c.want("a digit or a colon")
	}
	c.at++
	left := len(c.b) - c.at
	length, err := strconv.ParseUint(string(digits), 10, 64)
	if err != nil || length > uint64(left) {
		return nil, c.wantAt(first, fmt.Sprintf("a string of at most %d bytes, which is all that follows", left))
	}
	text := c.b[c.at : c.at+int(length)]
	c.at += int(length)
	return text, nil
}

// digits takes a number without leading zeros.
func (c *checker) digits() ([]byte, error) {
	first := c.at
	for isDigit(c.peek()) && c.at-first <= maxDigits {
		c.at++
	}
	digits := c.b[first:c.at]
	switch {
	case len(digits) == 0:
		return nil, c.want("a digit")
	case len(digits) > maxDigits:
		return nil, c.wantAt(first, fmt.Sprintf("a number of at most %d digits", maxDigits))
	case len(digits) > 1 && digits[0] == '0':
		return nil, c.wantAt(first, "a number without leading zeros")
	}
	return digits, nil
}

func (c *checker) want(what string) error { return c.wantAt(c.at, what) }

func (c *checker) wantAt(offset int, what string) error {
	return &SyntaxError{Offset: offset, Want: what}
}

func (c *checker) tooMuch(what string) error {
	return &SyntaxError{Offset: c.at, Want: what, Limit: true}
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }
