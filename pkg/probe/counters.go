package probe

import (
	"time"

	"btkit/pkg/visit"
)

// counters since the start.
type counters struct {
	ok       int64
	outcomes map[string]int64
	changed  bool
	talk     time.Duration // mean length of a visit that was not held
	ends     int64         // visits ended
	backs    int64         // conversations begun by peers that we had tried

	// What pace was measured at, and how many visits ended per second since
	// then, 0 while unknown.
	paceAt   time.Time
	paceEnds int64
	pace     float64
}

// ended counts an attempt.
func (c *counters) ended(e event) {
	c.outcomes[string(e.how)]++
	c.ends++
	c.changed = true
	if e.end.Stage == visit.StageSettled {
		c.ok++
	}
}

// paceSpan is how long visits are counted to know their pace.
const paceSpan = 10 * time.Second

// measure updates the pace at which visits end.
func (c *counters) measure(now time.Time) {
	span := now.Sub(c.paceAt)
	switch {
	case c.paceAt.IsZero():
		c.paceAt = now
	case span >= paceSpan:
		c.pace = float64(c.ends-c.paceEnds) / span.Seconds()
		c.paceAt, c.paceEnds = now, c.ends
	}
}
