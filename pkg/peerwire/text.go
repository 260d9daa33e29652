package peerwire

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// CleanText makes a stranger's text safe to print: at most limit bytes of it,
// with U+FFFD in place of invalid UTF-8 and of what does not print, such as
// escape sequences. The result may be longer than limit because of that.
func CleanText(raw []byte, limit int) string {
	if len(raw) > limit {
		raw = cutText(raw, limit)
	}
	var b strings.Builder
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		if !unicode.IsPrint(r) {
			r = utf8.RuneError
		}
		b.WriteRune(r)
		raw = raw[n:]
	}
	return b.String()
}

// cutText cuts before a character that would not fit.
func cutText(raw []byte, limit int) []byte {
	for at := limit; at > limit-utf8.UTFMax && at > 0; at-- {
		if utf8.RuneStart(raw[at]) {
			return raw[:at]
		}
	}
	return raw[:limit]
}
