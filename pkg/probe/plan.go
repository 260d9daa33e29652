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
	shortage    = 5 * time.Second  // when our own descriptors or ports ran out,
	shortageN   = 12               // so often in a row at most in one round
	waitSlack   = 15 * time.Second // for a peer that comes by itself
	givenUp     = 2 * time.Hour    // failing for so long, and
	givenUpN    = 6                // so often in a row, a peer is gone
)

var (
	// backoff is for peers that do not answer.
	backoff = manners.Backoff{Jitter: 0.2}
	// knocking is for peers that are there and refuse: at one chance in two, six
	// tries within a quarter of an hour find 98 of 100.
	knocking = manners.Backoff{Jitter: 0.2, Steps: []time.Duration{time.Minute, time.Minute, 2 * time.Minute, 2 * time.Minute,
		4 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 30 * time.Minute}}
)

// next plans the next round of visits to a peer after an attempt that ended
// like this.
func (p *Probe) next(x *peer, e event) time.Time {
	now, o, pause := p.options.Now(), &p.options, x.pause()
	if e.how == outcome.Canceled || e.how == outcome.LocalError {
		x.attempts--
		x.short++
		return now.Add(shortage)
	}
	x.short = 0
	if e.end.Stage != visit.StageSettled {
		return later(now.Add(pause), x.afterFailure(e, now, o))
	}
	x.failures = 0
	if e.how == outcome.OK || !x.reading.CanProgress() || p.othersWait(now) {
		return later(now.Add(pause), x.afterReading(now, o))
	}
	return later(now.Add(pause), p.afterClose(x, now))
}

// pause is how long a peer is left alone after a conversation, whoever began it.
func (x *peer) pause() time.Duration {
	if x.habits == nil {
		return soonest
	}
	return max(soonest, x.habits.Pause)
}

// gap is the least time from the begin of a round of visits to the begin of the
// next one.
func (x *peer) gap(o *Options) time.Duration {
	if x.habits == nil || o.Revisit < time.Minute { // a quicker world, such as a lab
		return 0
	}
	return x.habits.ReconnectGap()
}

// afterClose is when to come back to a peer of interest that has closed on us:
// at once, but not more often than once in a while, when its program does so with
// idle connections; a while later, when it wanted the slot for another; or later
// still, when it is known to come by itself.
func (p *Probe) afterClose(x *peer, now time.Time) time.Time {
	soon := x.began.Add(p.options.Revisit)
	if x.habits != nil && !x.habits.IdleClose(now.Sub(x.began)) {
		soon = now.Add(p.options.Revisit)
	}
	if x.came.IsZero() || x.habits == nil || p.self().Port == 0 {
		return soon
	}
	if after, ok := x.habits.ComesBack(); ok {
		return later(soon, now.Add(after+waitSlack))
	}
	return soon
}

// afterFailure is when to try again: later after every failure, sooner where the
// peer is there and refuses, and by half of the time in which a peer that was read
// before may cross.
func (x *peer) afterFailure(e event, now time.Time, o *Options) time.Time {
	if x.failures == 0 {
		x.failed = now
	}
	x.failures++
	steps := backoff
	if e.end.Stage != visit.StageDial {
		steps = knocking
	}
	wait := steps.Delay(x.failures, o.Roll)
	if o.Revisit < time.Minute { // a quicker world, such as a lab
		wait = time.Duration(float64(wait) * o.Revisit.Minutes())
	}
	if x.read && x.reading.CanCross() && e.end.Stage != visit.StageDial {
		wait = min(wait, max(o.Revisit, x.remaining(now)/2))
	}
	due := x.began.Add(wait)
	if x.read && x.readAt.After(x.began) { // it has come to us meanwhile
		return later(due, x.afterReading(now, o))
	}
	return due
}

// isGone says whether a peer has failed so long and often that it is given up.
func (x *peer) isGone(now time.Time) bool {
	return x.failures >= givenUpN && now.Sub(x.failed) >= givenUp
}

// afterReading is when a peer with a reading should be seen again: half of the
// time that it still needs, not sooner than a client lets us come back.
func (x *peer) afterReading(now time.Time, o *Options) time.Time {
	r := x.reading
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
	half := x.remaining(now) / 2
	if x.rate == 0 {
		half = 0 // a second reading gives the rate
	}
	pause := o.Revisit
	if half > 0 && half < pause {
		pause = min(pause, nearest)
	}
	return later(x.began.Add(pause), now.Add(min(half, farthest)))
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}
