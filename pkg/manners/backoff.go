package manners

import "time"

// Backoff is a growing delay between attempts at something that failed.
type Backoff struct {
	// Steps are the delays after the first, second, … failure in a row; the
	// last one is for all later failures. Nil means PeerSteps.
	Steps []time.Duration
	// Jitter is the largest relative change by chance, 0 to 1; it keeps peers
	// that failed together from being asked together again.
	Jitter float64
}

// PeerSteps are the delays after failed attempts at a peer: soon at first,
// since many peers are only busy for a moment, and never more than 40 minutes,
// since a download is to be seen at least twice.
var PeerSteps = []time.Duration{
	60 * time.Second, 2 * time.Minute, 5 * time.Minute,
	10 * time.Minute, 20 * time.Minute, 40 * time.Minute,
}

// Delay returns how long to wait after so many failures in a row; 0 for none.
// roll gives a number of at least 0 and below 1, as rand.Float64 does; nil
// means no jitter.
func (b Backoff) Delay(failures int, roll func() float64) time.Duration {
	steps := b.Steps
	if steps == nil {
		steps = PeerSteps
	}
	if failures <= 0 || len(steps) == 0 {
		return 0
	}
	d := steps[min(failures, len(steps))-1]
	if roll == nil || b.Jitter <= 0 {
		return d
	}
	change := (2*roll() - 1) * min(b.Jitter, 1)
	return d + time.Duration(change*float64(d))
}
