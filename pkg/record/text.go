package record

import (
	"encoding/hex"
	"strings"
	"unicode"
	"unicode/utf8"
)

// maxText is how many characters of a stranger's text a record keeps.
const maxText = 128

// maxTextBytes bounds the raw bytes kept in hex beside a cleaned text.
const maxTextBytes = 256

// Clean makes text from strangers fit for a record: valid UTF-8, no control
// or invisible formatting characters, at most 128 characters. When that
// changed it, raw holds the bytes as they came in hex, at most 256 of them.
func Clean(s string) (clean, raw string) {
	var b strings.Builder
	n, i := 0, 0
	for i < len(s) && n < maxText {
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		if r == utf8.RuneError || !unicode.IsGraphic(r) || unicode.Is(unicode.Zs, r) && r != ' ' {
			r = '\uFFFD'
		}
		b.WriteRune(r)
		n++
	}
	clean = b.String()
	if clean == s {
		return clean, ""
	}
	return clean, hex.EncodeToString([]byte(s[:min(len(s), maxTextBytes)]))
}

// Int makes a member that may be absent.
func Int(n int64) *int64 { return &n }

// Bool makes a member that may be absent.
func Bool(b bool) *bool { return &b }

// Float makes a member that may be absent.
func Float(f float64) *float64 { return &f }
