package benc

import (
	"strconv"

	"github.com/zeebo/bencode"
)

// RawMessage is the bencoding of a value, kept as it came.
type RawMessage = bencode.RawMessage

// Encode writes a Go value: struct tags `bencode:"key,omitempty"`, maps in the
// order of their keys, RawMessage as it is.
func Encode(v any) ([]byte, error) { return bencode.EncodeBytes(v) }

// Decode checks b and decodes its first value into a Go value. A member of a
// wrong type is an error here: use Parse where a stranger's wrong type has to
// mean "absent". Where a dictionary has a key twice the first one counts, and
// a RawMessage in such input comes without the repetitions: take Value.Raw
// where the exact bytes matter.
func Decode(b []byte, into any, limits Limits) (rest []byte, odd Oddities, err error) {
	v, rest, odd, err := Parse(b, limits)
	if err != nil {
		return nil, 0, err
	}
	checked := v.raw
	if odd.Has(DuplicateKeys) {
		checked = appendUnique(nil, v)
	}
	return rest, odd, bencode.DecodeBytes(checked, into)
}

// appendUnique writes a value without its repeated keys. It calls itself as
// deep as the checked value is.
func appendUnique(to []byte, v Value) []byte {
	switch v.Kind() {
	case List:
		to = append(to, 'l')
		for item := range v.List() {
			to = appendUnique(to, item)
		}
		return append(to, 'e')
	case Dict:
		to = append(to, 'd')
		for key, value := range v.Dict() {
			to = appendString(to, key)
			to = appendUnique(to, value)
		}
		return append(to, 'e')
	}
	return append(to, v.raw...)
}

func appendString(to, text []byte) []byte {
	to = strconv.AppendInt(to, int64(len(text)), 10)
	to = append(to, ':')
	return append(to, text...)
}
