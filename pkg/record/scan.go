package record

import "fmt"

// maxDepth bounds the nesting of values in a line. Our own records nest one
// level deep; strangers' may go further.
const maxDepth = 32

// kind is the JSON type of a value.
type kind uint8

const (
	kindString kind = iota
	kindNumber
	kindBool
	kindNull
	kindObject
	kindArray
)

var kindNames = [...]string{"string", "number", "boolean", "null", "object", "array"}

func (k kind) String() string { return kindNames[k] }

// span is one member of the outermost object: positions in the raw line. Name
// positions exclude the quotes, value positions include them.
type span struct {
	nameFrom, nameTo   int32
	valueFrom, valueTo int32
	kind               kind
	escaped            bool // the name holds escapes
	integer            bool // a number without fraction and exponent
}

// scanner validates one JSON object (RFC 8259, UTF-8) in a single pass and
// notes where its members lie. It allocates nothing but the list of members.
type scanner struct {
	b   []byte
	pos int
}

// scanObject appends the members of the object in b to spans.
func scanObject(b []byte, spans []span) ([]span, error) {
	s := scanner{b: b}
	s.space()
	if s.pos >= len(b) || b[s.pos] != '{' {
		return spans, s.fail("a JSON object")
	}
	spans, err := s.object(spans)
	if err != nil {
		return spans, err
	}
	s.space()
	if s.pos != len(b) {
		return spans, s.fail("the end of the line")
	}
	return spans, nil
}

// object reads the outermost object.
func (s *scanner) object(spans []span) ([]span, error) {
	s.pos++
	s.space()
	if s.take('}') {
		return spans, nil
	}
	for {
		spans = append(spans, span{})
		if err := s.member(&spans[len(spans)-1], 1); err != nil {
			return spans, err
		}
		done, err := s.next('}')
		if err != nil || done {
			return spans, err
		}
		s.space()
	}
}

// member reads a name and its value into m.
func (s *scanner) member(m *span, depth int) (err error) {
	if s.pos >= len(s.b) || s.b[s.pos] != '"' {
		return s.fail("a member name in quotes")
	}
	m.nameFrom = int32(s.pos + 1)
	if m.escaped, err = s.text(); err != nil {
		return err
	}
	m.nameTo = int32(s.pos - 1)
	s.space()
	if !s.take(':') {
		return s.fail("a colon")
	}
	s.space()
	m.valueFrom = int32(s.pos)
	m.kind, m.integer, err = s.value(depth)
	m.valueTo = int32(s.pos)
	return err
}

// next reads what stands behind an element: a comma, or the closing byte.
func (s *scanner) next(closing byte) (done bool, err error) {
	s.space()
	if s.take(',') {
		return false, nil
	}
	if s.take(closing) {
		return true, nil
	}
	return false, s.fail(fmt.Sprintf("a comma or %q", closing))
}

func (s *scanner) value(depth int) (k kind, integer bool, err error) {
	if s.pos >= len(s.b) {
		return k, false, s.fail("a value")
	}
	switch c := s.b[s.pos]; c {
	case '"':
		_, err = s.text()
		return kindString, false, err
	case '{':
		return kindObject, false, s.nested(depth, '}')
	case '[':
		return kindArray, false, s.nested(depth, ']')
	case 't':
		return kindBool, false, s.word("true")
	case 'f':
		return kindBool, false, s.word("false")
	case 'n':
		return kindNull, false, s.word("null")
	default:
		integer, err = s.number()
		return kindNumber, integer, err
	}
}

// nested skips an object or array below the outermost object.
func (s *scanner) nested(depth int, closing byte) error {
	if depth >= maxDepth {
		return s.fail(fmt.Sprintf("at most %d levels of nesting", maxDepth))
	}
	s.pos++
	s.space()
	if s.take(closing) {
		return nil
	}
	var inner span // of no interest
	for {
		s.space()
		var err error
		if closing == '}' {
			err = s.member(&inner, depth+1)
		} else {
			_, _, err = s.value(depth + 1)
		}
		if err != nil {
			return err
		}
		done, err := s.next(closing)
		if err != nil || done {
			return err
		}
	}
}

func (s *scanner) number() (integer bool, err error) {
	s.take('-')
	switch {
	case s.take('0'):
	case s.digits() == 0:
		return false, s.fail("a value")
	}
	integer = true
	if s.take('.') {
		integer = false
		if s.digits() == 0 {
			return false, s.fail("a digit")
		}
	}
	if s.take('e') || s.take('E') {
		integer = false
		if !s.take('+') {
			s.take('-')
		}
		if s.digits() == 0 {
			return false, s.fail("a digit")
		}
	}
	return integer, nil
}

func (s *scanner) digits() int {
	from := s.pos
	for s.pos < len(s.b) && s.b[s.pos] >= '0' && s.b[s.pos] <= '9' {
		s.pos++
	}
	return s.pos - from
}

func (s *scanner) word(w string) error {
	if len(s.b)-s.pos < len(w) || string(s.b[s.pos:s.pos+len(w)]) != w {
		return s.fail("a value")
	}
	s.pos += len(w)
	return nil
}

func (s *scanner) space() {
	if s.pos < len(s.b) && s.b[s.pos] <= ' ' {
		s.skipSpace()
	}
}

func (s *scanner) skipSpace() {
	for s.pos < len(s.b) {
		switch s.b[s.pos] {
		case ' ', '\t', '\r', '\n':
			s.pos++
		default:
			return
		}
	}
}

func (s *scanner) take(c byte) bool {
	if s.pos < len(s.b) && s.b[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

func (s *scanner) fail(want string) error {
	return fmt.Errorf("byte %d: expected %s", s.pos, want)
}
