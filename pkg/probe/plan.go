package probe

import (
	"time"

	"btkit/pkg/manners"
	"btkit/pkg/outcome"
	"btkit/pkg/visit"
)

// Pauses between visits (notes on real clients, section 3).
const (
	soonest     = 5 * time.Second  // after any close: Transmission 3 forgets us only then
	nearest     = 20 * time.Second // between visits near the threshold
	farthest    = 10 * time.Minute // between visits of a peer that may cross
	seedPause   = 15 * time.Minute // seeds are sampled to see how long they stay
	lastPause   = 2 * time.Minute  // across the threshold, not complete yet
	idlePause   = 30 * time.Minute // peers that want nothing more
	hidingPause = 2 * time.Minute  // super-seed suspects, until they are known
	shortage    = 5 * time.Second  // when our own descriptors or ports ran out
	givenUp     = 2 * time.Hour    // failing for so long, and
	givenUpN    = 6                // so often in a row, a peer is gone
)

var backoff = manners.Backoff{Jitter: 0.2}

// next plans a peer's next visit after one that ended like this.
func (p *peer) next(now time.Time, how outcome.Outcome, stage string, o *Options) time.Time {
	switch {
	case how == outcome.LocalError, how == outcome.Canceled:
		p.attempts--
		return now.Add(shortage)
	case stage == visit.StageSettled:
		p.failures = 0
		return later(now.Add(soonest), p.afterReading(now, o))
	}
	if p.failures == 0 {
		p.failed = now
	}
	p.failures++
	wait := backoff.Delay(p.failures, o.Roll)
	if o.Revisit < time.Minute { // a quicker world, such as a lab
		wait = time.Duration(float64(wait) * o.Revisit.Minutes())
	}
	return later(now.Add(soonest), p.began.Add(wait))
}

// isGone says whether a peer has failed so long and often that it is given up.
func (p *peer) isGone(now time.Time) bool {
	return p.failures >= givenUpN && now.Sub(p.failed) >= givenUp
}

// afterReading is when a peer with a reading should be seen again: half of the
// time that it still needs, not sooner than a client lets us come back.
func (p *peer) afterReading(now time.Time, o *Options) time.Time {
	r := p.reading
	switch {
	case r.Complete:
		return now.Add(seedPause)
	case r.Have >= r.Need && !r.UploadOnly:
		return now.Add(lastPause)
	case r.UploadOnly:
		return now.Add(idlePause)
	case r.SuperSeed:
		return now.Add(hidingPause)
	}
	half := p.remaining(now) / 2
	if p.rate == 0 {
		half = 0 // a second reading gives the rate
	}
	pause := o.Revisit
	if half > 0 && half < pause {
		pause = min(pause, nearest)
	}
	return later(p.began.Add(pause), now.Add(min(half, farthest)))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
