package record

import "unicode/utf8"

// plain marks the bytes that may stand in a string as they are.
var plain = func() (is [256]bool) {
	for c := 0x20; c < utf8.RuneSelf; c++ {
		is[c] = c != '"' && c != '\\'
	}
	return is
}()

// text skips a string, the opening quote being at pos. Nearly all of them are
// plain to their end.
func (s *scanner) text() (escaped bool, err error) {
	b, i := s.b, s.pos+1
	for i < len(b) && plain[b[i]] {
		i++
	}
	if i < len(b) && b[i] == '"' {
		s.pos = i + 1
		return false, nil
	}
	from := s.pos + 1
	s.pos = i
	return s.oddText(from)
}

// oddText skips the rest of a string that began at from and is not plain at
// pos.
func (s *scanner) oddText(from int) (escaped bool, err error) {
	for s.pos < len(s.b) {
		switch c := s.b[s.pos]; {
		case c == '"':
			if !utf8.Valid(s.b[from:s.pos]) {
				return escaped, s.fail("valid UTF-8")
			}
			s.pos++
			return escaped, nil
		case c == '\\':
			escaped = true
			if err := s.escape(); err != nil {
				return escaped, err
			}
		case c < 0x20:
			return escaped, s.fail("no bare control character in a string")
		default:
			s.pos++
		}
	}
	return escaped, s.fail("a closing quote")
}

func (s *scanner) escape() error {
	if s.pos+1 >= len(s.b) {
		return s.fail("an escape sequence")
	}
	switch s.b[s.pos+1] {
	case '"', '\\', '/', 'b', 'f', 'n', 'r', 't':
		s.pos += 2
		return nil
	case 'u':
		for i := s.pos + 2; i < s.pos+6; i++ {
			if i >= len(s.b) || !isHex(s.b[i]) {
				return s.fail("four hex digits")
			}
		}
		s.pos += 6
		return nil
	}
	return s.fail("an escape sequence")
}

func isHex(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'f' || c >= 'A' && c <= 'F'
}
