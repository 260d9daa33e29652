package store

import (
	"bytes"
	"encoding/json"
)

// json appends a JSON value with every text in it that is an address, or an
// address and a port, and every peer_id hidden; names of members count as
// texts. All other bytes stay as they came. The value must be valid JSON.
func (v *veil) json(dst, raw []byte) []byte {
	if v == nil {
		return append(dst, raw...)
	}
	name := ""
	for len(raw) > 0 {
		n := bytes.IndexByte(raw, '"')
		if n < 0 {
			return append(dst, raw...)
		}
		dst = append(dst, raw[:n]...)
		isValue := string(bytes.TrimSpace(raw[:n])) == ":"
		text := raw[n : n+quotedLen(raw[n:])]
		raw = raw[n+len(text):]
		dst = v.jsonText(dst, text, isValue && name == "peer_id")
		name = ""
		if isName(raw) {
			name = unquote(text)
		}
	}
	return dst
}

// jsonText appends one quoted text, hidden where need be.
func (v *veil) jsonText(dst, quoted []byte, isPeerID bool) []byte {
	text := unquote(quoted)
	hidden := v.whole(text)
	if isPeerID {
		hidden = v.peerID(text)
	}
	if hidden == text {
		return append(dst, quoted...)
	}
	dst = append(dst, '"')
	dst = append(dst, hidden...) // hex, colon and digits: nothing to escape
	return append(dst, '"')
}

// isName says whether the text before rest is the name of a member.
func isName(rest []byte) bool {
	rest = bytes.TrimLeft(rest, " \t\r\n")
	return len(rest) > 0 && rest[0] == ':'
}

// quotedLen is the length of the JSON string that b begins with, with quotes.
func quotedLen(b []byte) int {
	for i := 1; i < len(b); i++ {
		switch b[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
	return len(b)
}

// unquote reads a JSON string that has been checked before.
func unquote(quoted []byte) string {
	if bytes.IndexByte(quoted, '\\') < 0 {
		return string(quoted[1 : len(quoted)-1])
	}
	var s string
	// Cannot fail: record.Line has checked every escape.
	_ = json.Unmarshal(quoted, &s)
	return s
}
