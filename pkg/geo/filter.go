package geo

import (
	"net/netip"
	"sync/atomic"

	"btkit/pkg/record"
)

// Member is the member that the filter adds to records.
const Member = "geo"

// Filter adds the place of its "ip" to each record. It is for one goroutine.
type Filter struct {
	// Atlas gives the places.
	Atlas *Atlas
	// Names gives the domains; nil for none.
	Names *Names
	// Out takes the records.
	Out *record.Writer

	marked       atomic.Int64
	member, line []byte
}

// Marked is the number of records that got a place so far; it may be asked
// for at any time.
func (f *Filter) Marked() int64 { return f.marked.Load() }

// Pass writes the record with its place, or as it came if it has no address,
// or one of which nothing is known.
func (f *Filter) Pass(l *record.Line) error {
	value := f.value(l)
	if value == nil {
		return f.Out.Pass(l.Raw)
	}
	f.line = l.Splice(f.line[:0], Member, value)
	if len(f.line) > record.MaxLine {
		return f.Out.Pass(l.Raw) // no reader would take the longer one
	}
	f.marked.Add(1)
	return f.Out.Pass(f.line)
}

// value makes the member, nil if there is nothing to say.
func (f *Filter) value(l *record.Line) []byte {
	ip := l.Get("ip")
	if len(ip) < 2 || len(ip) > maxAddrText || ip[0] != '"' {
		return nil
	}
	addr, err := netip.ParseAddr(string(ip[1 : len(ip)-1]))
	if err != nil {
		return nil
	}
	place := f.Atlas.Lookup(addr)
	if f.Names == nil {
		return place
	}
	return f.withDomain(place, f.Names.Domain(addr))
}

// maxAddrText is the length in bytes beyond which a text is no address.
const maxAddrText = 64

// withDomain adds the domain to the JSON object of a place. A domain has no
// character that JSON wants escaped.
func (f *Filter) withDomain(place []byte, domain string) []byte {
	if domain == "" {
		return place
	}
	f.member = append(f.member[:0], '{')
	if len(place) > 2 {
		f.member = append(append(f.member[:0], place[:len(place)-1]...), ',')
	}
	f.member = append(f.member, `"domain":"`...)
	f.member = append(f.member, domain...)
	return append(f.member, `"}`...)
}
