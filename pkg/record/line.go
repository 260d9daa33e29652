package record

import (
	"encoding/json"
	"errors"
	"fmt"
)

// ErrNotRecord is what every rejected line's error wraps.
var ErrNotRecord = errors.New("not a record")

// Line is one line as it came: its raw bytes and where its members lie. A
// Line is reused for the next line; copy what must last.
type Line struct {
	// Raw is the line without its line ending.
	Raw []byte
	// Type is the kind, empty when the line names none.
	Type string

	members []span
	plan    *plan // nil for kinds we do not know
}

// Parse makes l the given line. It fails on what is not a JSON object, and on
// a known kind with a member of the wrong type. The bytes are kept, not copied.
func (l *Line) Parse(raw []byte) error {
	l.Raw, l.Type, l.plan = raw, "", nil
	var err error
	if l.members, err = scanObject(raw, l.members[:0]); err != nil {
		return fmt.Errorf("%w: %w", ErrNotRecord, err)
	}
	if err := l.readType(); err != nil {
		return fmt.Errorf("%w: %w", ErrNotRecord, err)
	}
	if l.plan != nil {
		if err := l.plan.check(l); err != nil {
			return fmt.Errorf("%w: %s: %w", ErrNotRecord, l.Type, err)
		}
	}
	return nil
}

// ParseLine is Parse into a new Line.
func ParseLine(raw []byte) (*Line, error) {
	l := new(Line)
	return l, l.Parse(raw)
}

func (l *Line) readType() error {
	i := l.find("type")
	if i < 0 {
		return nil
	}
	if l.members[i].kind != kindString {
		return fmt.Errorf("member \"type\" is a %s, expected a string", l.members[i].kind)
	}
	value := l.value(i)
	name := value[1 : len(value)-1]
	if p, ok := plans[string(name)]; ok {
		l.Type, l.plan = p.name, p
		return nil
	}
	return json.Unmarshal(value, &l.Type)
}

// Get gives the raw value of a member, or nil if the line has no such member.
// Of two members with one name the last counts.
func (l *Line) Get(name string) []byte {
	if i := l.find(name); i >= 0 {
		return l.value(i)
	}
	return nil
}

// Text gives the value of a member that is a string, unescaped.
func (l *Line) Text(name string) (string, bool) {
	i := l.find(name)
	if i < 0 || l.members[i].kind != kindString {
		return "", false
	}
	return unquote(l.value(i)), true
}

// Each calls f with the name and the raw value of every member, in order.
func (l *Line) Each(f func(name, value []byte)) {
	for i := range l.members {
		f(l.name(i), l.value(i))
	}
}

// Known says whether the line is of one of the kinds of this package.
func (l *Line) Known() bool { return l.plan != nil }

// Splice appends to dst the line with one member set: replaced where it
// stands, or added at the end. All other bytes stay as they came. The value
// must be valid JSON.
func (l *Line) Splice(dst []byte, name string, value []byte) []byte {
	if i := l.find(name); i >= 0 {
		m := l.members[i]
		dst = append(dst, l.Raw[:m.valueFrom]...)
		dst = append(dst, value...)
		return append(dst, l.Raw[m.valueTo:]...)
	}
	end := len(l.Raw) - 1
	for l.Raw[end] != '}' {
		end--
	}
	dst = append(dst, l.Raw[:end]...)
	if len(l.members) > 0 {
		dst = append(dst, ',')
	}
	dst = appendString(dst, name)
	dst = append(dst, ':')
	dst = append(dst, value...)
	return append(dst, l.Raw[end:]...)
}

func (l *Line) find(name string) int {
	for i := len(l.members) - 1; i >= 0; i-- {
		m := &l.members[i]
		if !m.escaped && int(m.nameTo-m.nameFrom) != len(name) {
			continue
		}
		if string(l.name(i)) == name {
			return i
		}
	}
	return -1
}

func (l *Line) name(i int) []byte {
	m := &l.members[i]
	if m.escaped {
		return []byte(unquote(l.Raw[m.nameFrom-1 : m.nameTo+1]))
	}
	return l.Raw[m.nameFrom:m.nameTo]
}

func (l *Line) value(i int) []byte {
	return l.Raw[l.members[i].valueFrom:l.members[i].valueTo]
}

// unquote reads a JSON string that the scanner has accepted.
func unquote(quoted []byte) string {
	for _, c := range quoted {
		if c == '\\' {
			var s string
			// Cannot fail: the scanner has checked every escape.
			_ = json.Unmarshal(quoted, &s)
			return s
		}
	}
	return string(quoted[1 : len(quoted)-1])
}
