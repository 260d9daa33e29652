package mse

import (
	"crypto/rand"
	"io"
	"time"
)

// Options of either side. The zero value is a sensible handshake.
type Options struct {
	// Methods that we offer, or take; both if zero. Whoever is called selects
	// Plain where it can, since it costs nothing.
	Methods Method
	// Timeout bounds the whole handshake; DefaultTimeout if zero.
	Timeout time.Duration
	// Rand gives keys and padding; crypto/rand.Reader if nil.
	Rand io.Reader
	// Now is the clock of deadlines and of shared keys; time.Now if nil.
	Now func() time.Time
	// Moved hears, once, of the bytes of a handshake that has ended in whatever
	// way: received (those handed to Accept included) and sent. Bytes that the
	// returned connection yields are left to its reader to count.
	Moved func(rx, tx int)
	// Exchanges is how many key exchanges a Receiver computes at once, each some
	// tenths of a millisecond of one core; DefaultExchanges if zero.
	Exchanges int
}

const (
	// DefaultTimeout is the shorter one of the usual limits: 10 s for the key, 15 s
	// for all.
	DefaultTimeout = 10 * time.Second
	// DefaultExchanges leaves most cores to others.
	DefaultExchanges = 2
)

func (o Options) filled() Options {
	if o.Methods == 0 {
		o.Methods = Plain | RC4
	}
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.Rand == nil {
		o.Rand = rand.Reader
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Moved == nil {
		o.Moved = func(int, int) {}
	}
	if o.Exchanges <= 0 {
		o.Exchanges = DefaultExchanges
	}
	return o
}
