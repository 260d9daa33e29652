package check

import (
	"fmt"
	"net/netip"
	"slices"
	"time"

	"btkit/pkg/record"
)

// Options of a comparison; the zero value means the defaults.
type Options struct {
	// A completion counts for Recall when the peer was in the swarm for so long
	// after crossing; 0 means 60 s, or a fifth of the play if that is less, and a
	// negative one that any span will do.
	MinStay time.Duration
	// A completion counts for Recall when the peer was in the swarm, below the
	// threshold, for so long before; 0 means that any span will do.
	MinBelow time.Duration
	// A completion counts for Recall when newcomers found a slot for so long both
	// before and after crossing, if the truth knows; 0 means 15 s, or a quarter of
	// MinStay if that is less.
	MinFree time.Duration
	// Share of those that must have been confirmed, of the peers that take
	// connections; 0 means 0.99.
	Recall float64
	// The same of all peers, with those that only dial out or come out when a
	// relay asks them to; 0 means as Recall.
	RecallNAT float64
	// How often visitors may have shown bad manners; a negative number means as
	// often as they like.
	Breaches int64
	// Inaccuracy that times may have; 0 means 2 s.
	Slack time.Duration
}

func (o Options) filled(truths []record.Truth) Options {
	if o.MinStay == 0 {
		o.MinStay = min(time.Minute, span(truths)/5)
	}
	o.MinStay = max(o.MinStay, 0)
	if o.MinFree == 0 {
		o.MinFree = min(15*time.Second, o.MinStay/4)
	}
	if o.Recall == 0 {
		o.Recall = 0.99
	}
	if o.RecallNAT == 0 {
		o.RecallNAT = o.Recall
	}
	if o.Slack == 0 {
		o.Slack = 5 * time.Second
	}
	return o
}

// span is the time from the first peer's coming to the last that is known of any.
func span(truths []record.Truth) time.Duration {
	var first, last time.Time
	for _, t := range truths {
		for _, ts := range []time.Time{t.ArrivedTS, t.LeftTS, t.TS} {
			if ts.IsZero() {
				continue
			}
			if first.IsZero() || ts.Before(first) {
				first = ts
			}
			if ts.After(last) {
				last = ts
			}
		}
	}
	return last.Sub(first).Round(time.Second)
}

// clockSlack is what two readings of one clock may differ by on a busy machine.
const clockSlack = 100 * time.Millisecond

// Reasons why a confirmed download is false.
const (
	Unknown   = "no such peer in the lab"
	Never     = "never crossed the threshold"
	Began     = "was complete when it came"
	TooEarly  = "confirmed before it crossed"
	TooLate   = "read below the threshold after it had crossed"
	Twice     = "counted twice"
	otherRole = "is no leecher but a "
)

// False is a confirmed download that did not happen, or not like that.
type False struct {
	Download record.Download
	Why      string
}

// pair is a true download with its truth.
type pair struct {
	download record.Download
	truth    record.Truth
}

// Compare holds downloads against truths. A download whose address is hidden
// (IP invalid) is matched by its port and its times.
func Compare(downloads []record.Download, truths []record.Truth, o Options) *Report {
	o = o.filled(truths)
	r := &Report{Options: o, Truths: truths, Downloads: len(downloads), MissedFor: map[string]int{}}
	m := newMatcher(truths)
	taken := map[int]bool{}
	for _, d := range inOrder(downloads) {
		i, why := m.match(d, taken, o.Slack)
		if why != "" {
			r.False = append(r.False, False{d, why})
			continue
		}
		taken[i] = true
		r.pairs = append(r.pairs, pair{d, truths[i]})
	}
	for i, t := range truths {
		r.count(t, taken[i])
	}
	r.Minutes = minutes(r)
	return r
}

// inOrder sorts by the confirming reading, so that the first of two counts. Old
// records do not say when the peer crossed: they were counted by that reading.
func inOrder(downloads []record.Download) []record.Download {
	sorted := slices.Clone(downloads)
	for i := range sorted {
		if sorted[i].CrossedTS.IsZero() {
			sorted[i].CrossedTS = sorted[i].AboveTS
		}
	}
	slices.SortStableFunc(sorted, func(a, b record.Download) int { return a.AboveTS.Compare(b.AboveTS) })
	return sorted
}

// matcher finds the truth that a download speaks of.
type matcher struct {
	truths []record.Truth
	byIP   map[string][]int
	byPort map[string][]int
}

func newMatcher(truths []record.Truth) *matcher {
	m := &matcher{truths: truths, byIP: map[string][]int{}, byPort: map[string][]int{}}
	for i, t := range truths {
		ip, port := ipKey(t.InfoHash, t.IP), portKey(t.InfoHash, t.Port)
		m.byIP[ip], m.byPort[port] = append(m.byIP[ip], i), append(m.byPort[port], i)
	}
	return m
}

func ipKey(hash string, ip netip.Addr) string     { return hash + ip.Unmap().String() }
func portKey(hash string, port uint16) string     { return fmt.Sprint(hash, port) }
func (m *matcher) hidden(d record.Download) []int { return m.byPort[portKey(d.InfoHash, d.Port)] }

// here is the peers at the download's address: the one with its port if there is
// one, or else all, since who has dialled in may be known by another.
func (m *matcher) here(d record.Download) []int {
	all := m.byIP[ipKey(d.InfoHash, d.IP)]
	for n, i := range all {
		if m.truths[i].Port == d.Port {
			return all[n : n+1]
		}
	}
	return all
}

// match is the index of the truth that a download is right about, or why it is
// wrong about all of them.
func (m *matcher) match(d record.Download, taken map[int]bool, slack time.Duration) (index int, why string) {
	candidates := m.here(d)
	if !d.IP.IsValid() {
		candidates = m.hidden(d)
	}
	why = Unknown
	for _, i := range candidates {
		wrong := verdict(d, m.truths[i], slack)
		switch {
		case wrong == "" && !taken[i]:
			return i, ""
		case wrong == "":
			why = Twice
		case why == Unknown:
			why = wrong
		}
	}
	return 0, why
}

// verdict says what is wrong about a download of this peer; "" means nothing.
func verdict(d record.Download, t record.Truth, slack time.Duration) string {
	switch {
	case t.Role != "leecher":
		return otherRole + t.Role
	case t.CrossedTS.IsZero() && t.FirstHave >= t.Need:
		return Began
	case t.CrossedTS.IsZero():
		return Never
	case d.AboveTS.Before(t.CrossedTS.Add(-clockSlack)):
		return TooEarly
	case d.BelowTS.After(t.CrossedTS.Add(slack)):
		return TooLate
	}
	return ""
}
