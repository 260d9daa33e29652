package mse

import (
	"fmt"
	"net"
)

// Receiver is called: it takes the handshakes of others, many at once.
type Receiver struct {
	keys    *Keys
	options Options
	ex      *exchanger
}

// NewReceiver answers for the given torrents; more of them may be added at any
// time. Options.Rand is used by many goroutines at once.
func NewReceiver(keys *Keys, o Options) *Receiver {
	o = o.filled()
	return &Receiver{keys: keys, options: o,
		ex: &exchanger{random: o.Rand, now: o.Now, slots: make(chan struct{}, o.Exchanges)}}
}

// Accept leads a handshake that the other side began. already is what was read
// of it so far, and turned out to be no plain handshake
// (peerwire.ErrNotPlain). The connection is like that of Initiate; it yields
// the payload that came along first, which is not decoded here.
func (r *Receiver) Accept(conn net.Conn, already []byte) (net.Conn, Result, error) {
	pad, err := drawPad(r.options.Rand)
	if err != nil {
		return nil, Result{}, fmt.Errorf("encrypted handshake: %w", err)
	}
	deadline := r.options.Now().Add(r.options.Timeout)
	b := newResponder(r.options.Methods, pad, nil, r.keys.lookup, func(other *[keyLen]byte) (agreement, error) {
		return r.ex.exchange(other, deadline)
	})
	on, err := b.run(conn, r.options, deadline, nil, already)
	return on, b.Result, err
}
