package client

import "time"

// DialBack is a clock: when a program dials a visitor that named its port. The
// zero value means that it does not.
type DialBack struct {
	// Gaps are the waits before the first attempts: from the end of the
	// conversation to the first, and from each attempt that failed to the next.
	Gaps []time.Duration
	// Step is how much longer than the one before is each wait after those.
	Step time.Duration
	// Tries is after how many attempts it gives up, 0 for never.
	Tries int
}

// Next is when attempt n, counted from 0, comes, if since is the end of the
// conversation or of the attempt before. None comes when it is false.
func (d DialBack) Next(since time.Time, n int) (time.Time, bool) {
	gap, ok := d.gap(n)
	if !ok {
		return time.Time{}, false
	}
	return since.Add(gap), true
}

// longestGap bounds a wait that grows for ever.
const longestGap = 24 * time.Hour

func (d DialBack) gap(n int) (time.Duration, bool) {
	known := len(d.Gaps)
	switch {
	case n < 0, known == 0, d.Tries > 0 && n >= d.Tries:
		return 0, false
	case n < known:
		return d.Gaps[n], true
	case d.Step <= 0:
		return d.Gaps[known-1], true
	case time.Duration(n) > longestGap/d.Step:
		return longestGap, true
	}
	return min(longestGap, d.Gaps[known-1]+time.Duration(n-known+1)*d.Step), true
}
