package benc

import (
	"bytes"
	"iter"
	"strconv"
)

// Kind of a value.
type Kind uint8

// The kinds of BEP 3. Absent is what a key that is not there gives.
const (
	Absent Kind = iota
	Integer
	String
	List
	Dict
)

// Value is a value inside checked bytes. It is read in place, nothing is
// copied, so it lives as long as those bytes stay unchanged. Asking for what
// it is not gives "absent" and false. The zero Value is absent.
type Value struct {
	raw []byte
	at  int
}

// Parse checks b and gives its first value and the bytes after it.
func Parse(b []byte, limits Limits) (v Value, rest []byte, odd Oddities, err error) {
	n, odd, err := Check(b, limits)
	if err != nil {
		return Value{}, nil, 0, err
	}
	return Value{raw: b[:n:n]}, b[n:], odd, nil
}

// Kind says what the value is.
func (v Value) Kind() Kind {
	if len(v.raw) == 0 {
		return Absent
	}
	switch v.raw[0] {
	case 'i':
		return Integer
	case 'l':
		return List
	case 'd':
		return Dict
	}
	return String
}

// Raw is the value's bytes as they came; nil when it is absent.
func (v Value) Raw() []byte { return v.raw }

// Offset is the number of bytes before the value in the parsed input.
func (v Value) Offset() int { return v.at }

// Int is the number of an integer.
func (v Value) Int() (int64, bool) {
	if v.Kind() != Integer {
		return 0, false
	}
	n, err := strconv.ParseInt(string(v.raw[1:len(v.raw)-1]), 10, 64)
	return n, err == nil
}

// Bytes is the content of a string.
func (v Value) Bytes() ([]byte, bool) {
	if v.Kind() != String {
		return nil, false
	}
	return v.raw[bytes.IndexByte(v.raw, ':')+1:], true
}

// Text is the content of a string, "" for anything else.
func (v Value) Text() string {
	b, _ := v.Bytes()
	return string(b)
}

// Get is the value of a key of a dictionary, of its first occurrence.
func (v Value) Get(key string) Value {
	for k, value := range v.pairs() {
		if string(k) == key {
			return value
		}
	}
	return Value{}
}

// List walks the items of a list.
func (v Value) List() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != List {
			return
		}
		for at := 1; v.raw[at] != 'e'; {
			end := skip(v.raw, at)
			if !yield(v.part(at, end)) {
				return
			}
			at = end
		}
	}
}

// Dict walks keys and values of a dictionary in the order in which they came,
// repeated keys left out.
func (v Value) Dict() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		var seen keys
		for key, value := range v.pairs() {
			if seen.add(v, key) && !yield(key, value) {
				return
			}
		}
	}
}

// pairs walks a dictionary with its repetitions.
func (v Value) pairs() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		if v.Kind() != Dict {
			return
		}
		for at := 1; v.raw[at] != 'e'; {
			mid := skip(v.raw, at)
			end := skip(v.raw, mid)
			key, _ := v.part(at, mid).Bytes()
			if !yield(key, v.part(mid, end)) {
				return
			}
			at = end
		}
	}
}

// part is the value between two places of v.
func (v Value) part(from, to int) Value {
	return Value{raw: v.raw[from:to:to], at: v.at + from}
}

// skip gives the place after the value that starts at the given one. It
// trusts the bytes: they have been checked.
func skip(b []byte, at int) int {
	for depth := 0; ; {
		switch b[at] {
		case 'l', 'd':
			depth++
			at++
		case 'e':
			depth--
			at++
		case 'i':
			at += bytes.IndexByte(b[at:], 'e') + 1
		default:
			at = skipString(b, at)
		}
		if depth == 0 {
			return at
		}
	}
}

func skipString(b []byte, at int) int {
	length := 0
	for ; b[at] != ':'; at++ {
		length = length*10 + int(b[at]-'0')
	}
	return at + 1 + length
}
