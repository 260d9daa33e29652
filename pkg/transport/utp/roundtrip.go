package utp

import "time"

const (
	firstTimeout = time.Second
	minTimeout   = 500 * time.Millisecond
	maxTimeout   = time.Minute
)

// roundTrip is the estimate of the time to the peer and back (BEP 29).
type roundTrip struct {
	mean, deviation time.Duration
	known           bool
	backoff         uint8 // timeouts since the last answer, each doubles the wait
}

// sample takes the time that one packet, sent once, took to be acknowledged.
func (r *roundTrip) sample(took time.Duration) {
	if !r.known {
		r.mean, r.deviation, r.known = took, took/2, true
		return
	}
	r.deviation += ((r.mean - took).Abs() - r.deviation) / 4
	r.mean += (took - r.mean) / 8
}

// timeout is how long to wait for an ack.
func (r *roundTrip) timeout() time.Duration {
	t := firstTimeout
	if r.known {
		t = max(r.mean+4*r.deviation, minTimeout)
	}
	return min(t<<min(r.backoff, 8), maxTimeout)
}
