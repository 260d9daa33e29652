package check

import (
	"slices"
	"time"
)

// Minute counts crossings by the minute in which they happened, and confirmed
// downloads by the minute in which bt-confirm thinks that they crossed. A download
// happened between two readings: Least counts those that were in this minute for certain, Most
// those that may have been.
type Minute struct {
	Begin                       time.Time
	Truth, Counted, Least, Most int
}

// minutes counts both sides by minute.
func minutes(r *Report) []Minute {
	by := map[time.Time]*Minute{}
	at := func(t time.Time) *Minute {
		begin := t.UTC().Truncate(time.Minute)
		if by[begin] == nil {
			by[begin] = &Minute{Begin: begin}
		}
		return by[begin]
	}
	for _, t := range r.Truths {
		if crossing(t) {
			at(t.CrossedTS).Truth++
		}
	}
	for _, d := range r.all() {
		at(d.CrossedTS).Counted++
		last := at(d.AboveTS)
		if at(d.BelowTS) == last {
			last.Least++
		}
		for begin := last.Begin; begin.Add(time.Minute).After(d.BelowTS) && last.Begin.Sub(begin) < maxSpan; begin = begin.Add(-time.Minute) {
			at(begin).Most++
		}
	}
	var list []Minute
	for _, m := range by {
		list = append(list, *m)
	}
	slices.SortFunc(list, func(a, b Minute) int { return a.Begin.Compare(b.Begin) })
	return list
}

// maxSpan bounds the minutes that one download is spread over.
const maxSpan = 24 * time.Hour
