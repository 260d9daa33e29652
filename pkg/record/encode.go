package record

import (
	"math"
	"net/netip"
	"reflect"
	"sort"
	"strconv"
	"time"
	"unicode/utf8"
)

// timeLayout always has six decimals, so that times sort as text.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// Append appends the record as one line without a line ending. It writes what
// the header holds; a Writer fills the header in.
func Append(dst []byte, r Record) []byte {
	v := reflect.ValueOf(r).Elem()
	p := planOf[v.Type()]
	dst = append(dst, '{')
	first := true
	for i := range p.fields {
		f := &p.fields[i]
		member := v.FieldByIndex(f.index)
		if f.optional && member.IsZero() {
			continue
		}
		if !first {
			dst = append(dst, ',')
		}
		first = false
		dst = append(dst, f.quoted...)
		dst = appendValue(dst, member)
	}
	return append(dst, '}')
}

func appendValue(dst []byte, v reflect.Value) []byte {
	switch v.Kind() {
	case reflect.Pointer:
		return appendValue(dst, v.Elem())
	case reflect.String:
		return appendString(dst, v.String())
	case reflect.Bool:
		return strconv.AppendBool(dst, v.Bool())
	case reflect.Int, reflect.Int64:
		return strconv.AppendInt(dst, v.Int(), 10)
	case reflect.Uint16, reflect.Uint64:
		return strconv.AppendUint(dst, v.Uint(), 10)
	case reflect.Float64:
		return appendFloat(dst, v.Float())
	case reflect.Slice:
		return appendList(dst, v)
	case reflect.Map:
		return appendCounts(dst, v.Interface().(map[string]int64))
	}
	return appendStruct(dst, v.Interface())
}

func appendStruct(dst []byte, value any) []byte {
	switch x := value.(type) {
	case time.Time:
		dst = append(dst, '"')
		dst = x.UTC().AppendFormat(dst, timeLayout)
		return append(dst, '"')
	case netip.Addr:
		dst = append(dst, '"')
		dst = x.AppendTo(dst)
		return append(dst, '"')
	}
	return append(dst, "null"...)
}

func appendList(dst []byte, v reflect.Value) []byte {
	dst = append(dst, '[')
	for i := range v.Len() {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendValue(dst, v.Index(i))
	}
	return append(dst, ']')
}

// appendCounts writes a map in the order of its names, so that equal records
// are equal lines.
func appendCounts(dst []byte, counts map[string]int64) []byte {
	names := make([]string, 0, len(counts))
	for name := range counts {
		names = append(names, name)
	}
	sort.Strings(names)
	dst = append(dst, '{')
	for i, name := range names {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = appendString(dst, name)
		dst = append(dst, ':')
		dst = strconv.AppendInt(dst, counts[name], 10)
	}
	return append(dst, '}')
}

// appendFloat rounds to six decimals, more than any of our measures holds.
func appendFloat(dst []byte, f float64) []byte {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return append(dst, "null"...)
	}
	return strconv.AppendFloat(dst, math.Round(f*1e6)/1e6, 'f', -1, 64)
}

const hexDigits = "0123456789abcdef"

// appendString writes a JSON string without HTML escapes. Invalid UTF-8
// becomes U+FFFD; use Clean to keep the raw bytes of strangers.
func appendString(dst []byte, s string) []byte {
	dst = append(dst, '"')
	for i := 0; i < len(s); {
		c := s[i]
		if c >= utf8.RuneSelf {
			r, size := utf8.DecodeRuneInString(s[i:])
			dst = utf8.AppendRune(dst, r)
			i += size
			continue
		}
		switch {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c < 0x20:
			dst = append(dst, '\\', 'u', '0', '0', hexDigits[c>>4], hexDigits[c&15])
		default:
			dst = append(dst, c)
		}
		i++
	}
	return append(dst, '"')
}
