package mse

import (
	"fmt"
	"math"
	"net"
)

// Initiate calls: it leads the handshake over a stream that is open, for the
// torrent of info-hash skey. The payload ia goes along, which saves a round
// trip; it is our BitTorrent handshake of 68 bytes, or empty.
//
// The connection that it returns yields what the other side says next, and
// encrypts if that was agreed. One goroutine may read it while another one
// writes; deadlines and Close are those of conn and may be used from anywhere.
// No deadline is set on it. To stop a handshake, close conn. After an error conn
// is still open and of no more use.
//
// A call that fails with Result.ShortSecret is worth another one at once.
//
// The stream must hold half a kilobyte on its way, as every socket does.
func Initiate(conn net.Conn, skey [20]byte, ia []byte, o Options) (net.Conn, Result, error) {
	o = o.filled()
	if len(ia) > math.MaxUint16 {
		return nil, Result{}, fmt.Errorf("encrypted handshake: payload of %d bytes, at most %d fit", len(ia), math.MaxUint16)
	}
	pair, err := drawKeyPair(o.Rand)
	if err != nil {
		return nil, Result{}, fmt.Errorf("encrypted handshake: %w", err)
	}
	pad, err := drawPad(o.Rand)
	if err != nil {
		return nil, Result{}, fmt.Errorf("encrypted handshake: %w", err)
	}
	// PadC stays empty: it is encrypted and hides no length that IA shows.
	a, first := newInitiator(skey, ia, o.Methods, pair, pad, nil)
	on, err := a.run(conn, o, o.Now().Add(o.Timeout), first, nil)
	return on, a.Result, err
}
