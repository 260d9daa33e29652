package check

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"btkit/pkg/record"
)

// Report is the result of a comparison.
type Report struct {
	Options Options
	// All that the lab knows.
	Truths []record.Truth
	// Confirmed downloads, right or false, and the false ones.
	Downloads int
	False     []False
	// Leechers that crossed; those among them that had to be confirmed, and were.
	Crossed, Eligible, Found int
	// Those of them that take connections.
	EligibleOpen, FoundOpen int
	// Completions that were not confirmed, and their number by reason.
	Missed    []Missed
	MissedFor map[string]int
	Minutes   []Minute

	pairs []pair
}

func (r *Report) count(t record.Truth, confirmed bool) {
	if !crossing(t) {
		return
	}
	r.Crossed++
	due := eligible(t, r.Options)
	if due {
		r.Eligible++
		r.EligibleOpen += one(t.Reachable)
	}
	switch {
	case due && confirmed:
		r.Found++
		r.FoundOpen += one(t.Reachable)
	case !confirmed:
		why := missing(t, r.Options)
		r.Missed = append(r.Missed, Missed{t, why})
		r.MissedFor[why]++
	}
}

// Confirmed is the number of true confirmed downloads.
func (r *Report) Confirmed() int { return len(r.pairs) }

// all is every confirmed download, right or false.
func (r *Report) all() (list []record.Download) {
	for _, p := range r.pairs {
		list = append(list, p.download)
	}
	for _, f := range r.False {
		list = append(list, f.Download)
	}
	return list
}

// SameMinute is the number of true downloads counted in the minute of their
// crossing.
func (r *Report) SameMinute() (n int) {
	for _, p := range r.pairs {
		if p.download.CrossedTS.Truncate(time.Minute).Equal(p.truth.CrossedTS.Truncate(time.Minute)) {
			n++
		}
	}
	return n
}

// Delay is how long after the crossing the confirming reading came: the median
// and the longest.
func (r *Report) Delay() (median, longest time.Duration) {
	var all []time.Duration
	for _, p := range r.pairs {
		all = append(all, p.download.AboveTS.Sub(p.truth.CrossedTS))
	}
	if len(all) == 0 {
		return 0, 0
	}
	slices.Sort(all)
	return all[len(all)/2], all[len(all)-1]
}

// most lines about single peers
const maxLines = 10

// Print writes the report for people.
func (r *Report) Print(out io.Writer) error {
	var b strings.Builder
	r.swarm(&b)
	line := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-11s"+format+"\n", append([]any{name}, args...)...)
	}
	line("truth", "%s crossed the threshold; %d of them could be reached or dialled, and stayed %v after it",
		plural(r.Crossed, "leecher"), r.Eligible, r.Options.MinStay)
	line("confirmed", "%s: %d true, %d false", plural(r.Downloads, "download"), r.Confirmed(), len(r.False))
	line("difference", "%d of %s missed; recall %.4f of those that had to be found (%d of %d), wanted %.2f",
		len(r.Missed), plural(r.Crossed, "completion"), r.RecallNAT(), r.Found, r.Eligible, r.Options.RecallNAT)
	line("", "recall %.4f of those that could be talked to (%d of %d), wanted %.2f",
		r.Recall(), r.FoundOpen, r.EligibleOpen, r.Options.Recall)
	for _, why := range Reasons {
		if n := r.MissedFor[why]; n > 0 {
			line("  missed", "%5d  %s", n, why)
		}
	}
	for i, f := range r.False {
		if i < maxLines {
			line("  false", "%v port %d: %s", f.Download.IP, f.Download.Port, f.Why)
		}
	}
	r.missedLines(&b)
	median, longest := r.Delay()
	line("delay", "confirmed %s after crossing in the median, %s at most; %d of %d in the same minute",
		short(median), short(longest), r.SameMinute(), r.Confirmed())
	r.budget(&b)
	r.table(&b)
	_, err := io.WriteString(out, b.String())
	return err
}

// swarm says who was there.
func (r *Report) swarm(b *strings.Builder) {
	roles := map[string]int{}
	var reachable, dialling, called, met int
	for _, t := range r.Truths {
		roles[t.Role]++
		switch {
		case t.Reachable:
			reachable++
		case t.DialsOut:
			dialling++
		case t.Holepunch:
			called++
		}
		if t.Met {
			met++
		}
	}
	var parts []string
	for role, n := range roles {
		parts = append(parts, plural(n, role))
	}
	slices.SortFunc(parts, func(a, b string) int { return cmp.Or(cmp.Compare(len(b), len(a)), cmp.Compare(a, b)) })
	fmt.Fprintf(b, "%-11s%s: %s\n", "swarm", plural(len(r.Truths), "peer"), strings.Join(parts, ", "))
	ways := fmt.Sprintf("%d take connections, %d only dial out", reachable, dialling)
	if called > 0 {
		ways += fmt.Sprintf(", %d only come out for a relay", called)
	}
	fmt.Fprintf(b, "%-11s%s, %d do neither; %d were met\n", "", ways, len(r.Truths)-reachable-dialling-called, met)
	r.hard(b)
}

// missedLines names peers that had to be found.
func (r *Report) missedLines(b *strings.Builder) {
	shown := 0
	for _, m := range r.Missed {
		if (m.Why == NeverMet || m.Why == InTime) && shown < maxLines {
			shown++
			fmt.Fprintf(b, "%-11s%v port %d: %s (%s, crossed %s)\n", "  missed", m.Truth.IP, m.Truth.Port, m.Why,
				traits(m.Truth), m.Truth.CrossedTS.Format(time.TimeOnly))
		}
	}
}

// table counts by minute; a truth within the bounds is right as far as the
// readings can tell.
func (r *Report) table(b *strings.Builder) {
	fmt.Fprintf(b, "%-11s%8s %10s %11s %14s\n", "minute", "truth", "confirmed", "difference", "bounds")
	marked := false
	for _, m := range r.Minutes {
		mark := ""
		if m.Truth < m.Least || m.Truth > m.Most {
			mark, marked = " !", true
		}
		fmt.Fprintf(b, "%-11s%8d %10d %11d %14s%s\n", m.Begin.Format("15:04"), m.Truth, m.Counted, m.Counted-m.Truth,
			fmt.Sprintf("%d to %d", m.Least, m.Most), mark)
	}
	if marked {
		fmt.Fprintf(b, "%-11s! the truth is outside the bounds: downloads are missing there, as of peers that could not be met, or false\n", "")
	}
}

// plural is a number with its noun.
func plural(n int, noun string) string {
	switch {
	case n != 1 && strings.HasSuffix(noun, "ch"):
		noun += "es"
	case n != 1:
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}

// short writes a span with a unit that fits it.
func short(d time.Duration) string {
	switch size := max(d, -d); {
	case size < time.Millisecond:
		return fmt.Sprintf("%d µs", d.Microseconds())
	case size < time.Second:
		return fmt.Sprintf("%.1f ms", 1000*d.Seconds())
	case size < time.Minute:
		return fmt.Sprintf("%.1f s", d.Seconds())
	}
	return d.Round(time.Second).String()
}
