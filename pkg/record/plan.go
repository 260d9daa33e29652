package record

import (
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"strings"
	"time"
)

// maxInteger is the first integer that a reader using doubles cannot tell
// from its neighbour; ours stay below.
const maxInteger = 1 << 53

// field is one member of a kind.
type field struct {
	number   int // in its plan, below maxFields
	name     string
	quoted   []byte // `"name":`
	index    []int  // path to the struct field
	optional bool   // left out when it holds the zero value
	want     kind   // JSON type it must have
	integer  bool
	min, max int64 // for integers

	unbounded bool // every integer of up to safeDigits bytes is in range
}

// safeDigits is how many characters an integer may have and be below
// maxInteger for sure.
const safeDigits = 15

// maxFields is how many fields of a kind Decode can tell apart; a test holds
// the kinds to it.
const maxFields = 64

// plan is how one kind is written, read and checked. It is made once from the
// struct's tags, so the struct is the only place where a kind is described.
type plan struct {
	name   string
	v      int
	typ    reflect.Type
	fields []field
	byName map[string]int
}

var plans = map[string]*plan{}
var planOf = map[reflect.Type]*plan{}

// register describes a kind; called once for each, in kinds.
func register(name string, v int, sample Record) {
	t := reflect.TypeOf(sample).Elem()
	p := &plan{name: name, v: v, typ: t, byName: map[string]int{}}
	p.add(t, nil)
	for i := range p.fields {
		p.fields[i].number = i
		p.byName[p.fields[i].name] = i
	}
	plans[name], planOf[t] = p, p
}

func init() {
	register("torrent", 1, &Torrent{})
	register("file", 1, &File{})
	register("peer", 1, &Peer{})
	register("listen", 1, &Listen{})
	register("request", 1, &Request{})
	register("progress", 1, &Progress{})
	register("visit", 1, &Visit{})
	register("download", 1, &Download{})
	register("regression", 1, &Regression{})
	register("tally", 1, &Tally{})
	register("stat", 1, &Stat{})
	register("end", 1, &End{})
	register("truth", 1, &Truth{})
	register("host", 1, &Host{})
}

// Kinds lists the kinds of this package in the order of the chain.
func Kinds() []string {
	return []string{"torrent", "file", "peer", "listen", "request", "progress", "visit",
		"download", "regression", "tally", "stat", "end", "truth", "host"}
}

// New makes an empty record of a kind, nil for an unknown one.
func New(kind string) Record {
	p, ok := plans[kind]
	if !ok {
		return nil
	}
	return reflect.New(p.typ).Interface().(Record)
}

func (p *plan) add(t reflect.Type, path []int) {
	for i := range t.NumField() {
		sf := t.Field(i)
		index := append(append([]int(nil), path...), i)
		if sf.Anonymous {
			p.add(sf.Type, index)
			continue
		}
		name, options, _ := strings.Cut(sf.Tag.Get("json"), ",")
		f := field{name: name, quoted: []byte(strconv.Quote(name) + ":"), index: index,
			optional: options == "omitempty"}
		f.shape(sf.Type)
		p.fields = append(p.fields, f)
	}
}

var (
	timeType = reflect.TypeFor[time.Time]()
	addrType = reflect.TypeFor[netip.Addr]()
)

// shape derives the JSON type and the range from the Go type.
func (f *field) shape(t reflect.Type) {
	if t.Kind() == reflect.Pointer {
		f.optional = true
		t = t.Elem()
	}
	f.min, f.max = -(maxInteger - 1), maxInteger-1
	switch {
	case t == timeType, t == addrType, t.Kind() == reflect.String:
		f.want = kindString
	case t.Kind() == reflect.Bool:
		f.want = kindBool
	case t.Kind() == reflect.Uint16:
		f.want, f.integer, f.min, f.max = kindNumber, true, 0, 65535
	case t.Kind() == reflect.Uint64:
		f.want, f.integer, f.min = kindNumber, true, 0
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		f.want, f.integer, f.unbounded = kindNumber, true, true
	case t.Kind() == reflect.Float64:
		f.want = kindNumber
	case t.Kind() == reflect.Slice:
		f.want = kindArray
	case t.Kind() == reflect.Map:
		f.want = kindObject
	}
}

// check says whether every known member has the type that its kind asks for.
// null stands for an absent member.
func (p *plan) check(l *Line) error {
	next := 0
	for i := range l.members {
		f := p.lookup(l.name(i), &next)
		if f == nil {
			continue
		}
		if err := f.check(l, i); err != nil {
			return err
		}
	}
	return nil
}

// lookAhead is how many absent members lookup steps over before it asks the
// map.
const lookAhead = 8

// lookup finds the field of a name. Our own writers keep the order of the
// struct, so it is nearly always one of those behind the last.
func (p *plan) lookup(name []byte, next *int) *field {
	for i := *next; i < len(p.fields) && i < *next+lookAhead; i++ {
		if p.fields[i].name == string(name) {
			*next = i + 1
			return &p.fields[i]
		}
	}
	if i, ok := p.byName[string(name)]; ok {
		*next = i + 1
		return &p.fields[i]
	}
	return nil
}

func (f *field) check(l *Line, i int) error {
	m := &l.members[i]
	if m.kind == kindNull {
		return nil
	}
	if m.kind != f.want {
		return fmt.Errorf("member %q is a %s, expected a %s", f.name, m.kind, f.want)
	}
	if !f.integer || m.integer && f.unbounded && m.valueTo-m.valueFrom <= safeDigits {
		return nil
	}
	n, err := strconv.ParseInt(string(l.value(i)), 10, 64)
	if !m.integer || err != nil || n < f.min || n > f.max {
		return fmt.Errorf("member %q is %.40s, expected an integer from %d to %d", f.name, l.value(i), f.min, f.max)
	}
	return nil
}
