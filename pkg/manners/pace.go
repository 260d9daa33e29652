package manners

import (
	"time"

	"golang.org/x/time/rate"
)

// Pace limits how often something may begin: so many per second on average,
// with a burst after a pause. It never sleeps. It is safe for concurrent use.
type Pace struct {
	limiter *rate.Limiter
}

// NewPace makes a pace of perSecond beginnings on average and at most burst at
// once (at least 1). perSecond of 0 or less means no limit.
func NewPace(perSecond float64, burst int) *Pace {
	if perSecond <= 0 {
		return &Pace{limiter: rate.NewLimiter(rate.Inf, 1)}
	}
	return &Pace{limiter: rate.NewLimiter(rate.Limit(perSecond), max(burst, 1))}
}

// Take uses up one beginning if there is one at this time, and says whether
// there was.
func (p *Pace) Take(now time.Time) bool { return p.limiter.AllowN(now, 1) }

// Next says how long after now Take will succeed if nobody else takes before;
// 0 means at once. It uses up nothing.
func (p *Pace) Next(now time.Time) time.Duration {
	missing := 1 - p.limiter.TokensAt(now)
	if missing <= 0 || p.limiter.Limit() == rate.Inf {
		return 0
	}
	wait := missing / float64(p.limiter.Limit()) * float64(time.Second)
	// A little later than exact: rounding must not make the caller ask twice.
	const slack = time.Microsecond
	return time.Duration(min(wait, float64(24*time.Hour))) + slack
}
