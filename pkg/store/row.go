package store

import (
	"bytes"
	"database/sql/driver"
	"encoding/json"
	"fmt"
	"net/netip"
	"strconv"
	"time"

	"btkit/pkg/record"
)

// timeLayout is how records write times; it sorts as text.
const timeLayout = "2006-01-02T15:04:05.000000Z"

// row is one record on its way into the database.
type row struct {
	table  int // index into Tables
	values []driver.Value
}

// builder turns lines into rows. It is for one goroutine.
type builder struct {
	tables []*Table
	byKind map[string]int
	veil   *veil
	latest [][]latest // by table and column
	extra  []byte     // scratch
}

// latest is what a column held when it last held something. Most values of a
// stream come again in the next row; they need not be converted again.
type latest struct {
	raw   []byte
	value driver.Value
}

// maxLatest is the longest JSON value that is kept for the next row, in bytes.
const maxLatest = 128

func newBuilder(v *veil) *builder {
	b := &builder{tables: Tables(), byKind: map[string]int{}, veil: v}
	for i, t := range b.tables[:len(b.tables)-1] {
		b.byKind[t.Name] = i
		b.latest = append(b.latest, make([]latest, len(t.Columns)))
	}
	return b
}

// build makes the row of a line. It fails, wrapping record.ErrNotRecord, on a
// known kind with an address, a time or a number that cannot be read.
func (b *builder) build(l *record.Line) (row, error) {
	if !l.Known() {
		return b.unknown(l), nil
	}
	i := b.byKind[l.Type]
	return b.known(l, row{table: i, values: make([]driver.Value, len(b.tables[i].Columns))})
}

func (b *builder) known(l *record.Line, r row) (row, error) {
	t := b.tables[r.table]
	b.extra = b.extra[:0]
	next := 0
	var err error
	l.Each(func(name, value []byte) {
		i := t.lookup(name, &next)
		switch {
		case i >= 0 && err == nil:
			r.values[i], err = b.again(&b.latest[r.table][i], t.Columns[i].form, value)
			if err != nil {
				err = fmt.Errorf("%w: %s: member %q: %w", record.ErrNotRecord, t.Name, name, err)
			}
		case i < 0 && string(name) != "type":
			b.addExtra(name, value)
		}
	})
	if len(b.extra) > 0 {
		r.values[len(r.values)-1] = string(append(b.extra, '}'))
	}
	return r, err
}

func (b *builder) addExtra(name, value []byte) {
	before := byte(',')
	if len(b.extra) == 0 {
		before = '{'
	}
	from := len(b.extra) + 1
	b.extra = append(append(b.extra, before), quoteJSON(name)...)
	b.extra = append(append(b.extra, ':'), value...)
	if b.veil != nil {
		b.extra = append(b.extra[:from], b.veil.json(nil, b.extra[from:])...)
	}
}

// quoteJSON writes a member's name. A string can always be written.
func quoteJSON(name []byte) []byte {
	quoted, _ := json.Marshal(string(name))
	return quoted
}

// again is value, for a column whose value may be the latest one.
func (b *builder) again(is *latest, f form, raw []byte) (driver.Value, error) {
	if len(is.raw) > 0 && bytes.Equal(is.raw, raw) {
		return is.value, nil
	}
	v, err := b.value(f, raw)
	if err == nil && len(raw) <= maxLatest {
		is.raw, is.value = append(is.raw[:0], raw...), v
	}
	return v, err
}

// value converts a JSON value whose type record.Line has checked already.
func (b *builder) value(f form, raw []byte) (driver.Value, error) {
	if string(raw) == "null" {
		return nil, nil
	}
	switch f {
	case formInteger:
		return strconv.ParseInt(string(raw), 10, 64)
	case formReal:
		return strconv.ParseFloat(string(raw), 64)
	case formBool:
		if raw[0] == 't' {
			return int64(1), nil
		}
		return int64(0), nil
	case formJSON:
		return string(b.veil.json(nil, raw)), nil
	}
	return b.text(f, unquote(raw))
}

func (b *builder) text(f form, text string) (driver.Value, error) {
	switch f {
	case formTime:
		return timeValue(text)
	case formAddr:
		a, err := netip.ParseAddr(text)
		if err != nil {
			return nil, fmt.Errorf("%.60q is not an address", text)
		}
		return b.veil.addr(a), nil
	case formPeerID:
		return b.veil.peerID(text), nil
	case formVia:
		return b.veil.via(text), nil
	case formClient:
		return b.veil.client(text), nil
	case formFreeText:
		return b.veil.free(text), nil
	}
	return text, nil
}

// timeValue keeps a time that is written as records write it, and rewrites
// any other to that, so that the column sorts.
func timeValue(text string) (driver.Value, error) {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return nil, fmt.Errorf("%.40q is not a time", text)
	}
	if len(text) == len(timeLayout) && text[19] == '.' && text[26] == 'Z' {
		return text, nil
	}
	return t.UTC().Format(timeLayout), nil
}

// unknown keeps the whole record as JSON, and beside it what serves as key.
// Nothing is checked: a stranger's kind may use these names for other things.
func (b *builder) unknown(l *record.Line) row {
	text := func(name string) driver.Value {
		if s, ok := l.Text(name); ok {
			return s
		}
		return nil
	}
	integer := func(name string) driver.Value {
		n, err := strconv.ParseInt(string(l.Get(name)), 10, 64)
		if err != nil {
			return nil
		}
		return n
	}
	return row{table: len(b.tables) - 1, values: []driver.Value{text("type"), integer("v"), text("ts"),
		text("by"), text("run"), integer("seq"), string(b.veil.json(nil, l.Raw))}}
}
