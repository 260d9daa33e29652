package check

import (
	"time"

	"btkit/pkg/record"
)

// Reasons why a completion is missing.
const (
	Closed   = "takes no connections and opens none"
	Full     = "had no slot for a newcomer for long enough before or after crossing"
	NeverMet = "never met"
	LeftSoon = "left too soon after crossing"
	EndSoon  = "crossed too soon before the end"
	CameLate = "crossed too soon after it came"
	InTime   = "met, and in the swarm for long enough"
)

// Reasons is the reasons for missing completions, the excusable ones first.
var Reasons = []string{Closed, LeftSoon, EndSoon, CameLate, Full, NeverMet, InTime}

// Missed is a completion that was not confirmed.
type Missed struct {
	Truth record.Truth
	Why   string
}

func crossing(t record.Truth) bool { return t.Role == "leecher" && !t.CrossedTS.IsZero() }

// missing says why a completion was not confirmed.
func missing(t record.Truth, o Options) string {
	end := t.TS
	if !t.LeftTS.IsZero() {
		end = t.LeftTS
	}
	switch stay := end.Sub(t.CrossedTS); {
	case !t.Reachable && !t.DialsOut && !t.Holepunch:
		return Closed
	case stay < o.MinStay && !t.LeftTS.IsZero():
		return LeftSoon
	case stay < o.MinStay:
		return EndSoon
	case t.CrossedTS.Sub(t.ArrivedTS) < o.MinBelow:
		return CameLate
	case shorter(t.FreeBelowMS, o.MinFree), shorter(t.FreeAboveMS, o.MinFree):
		return Full
	case !t.Met:
		return NeverMet
	}
	return InTime
}

// shorter says whether a span is known and shorter than another.
func shorter(ms *int64, than time.Duration) bool {
	return ms != nil && time.Duration(*ms)*time.Millisecond < than
}

// eligible says whether a completion must be confirmed, whoever missed it.
func eligible(t record.Truth, o Options) bool {
	why := missing(t, o)
	return why == NeverMet || why == InTime
}
