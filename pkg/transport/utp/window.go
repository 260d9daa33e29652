package utp

import "time"

// packetSize is the most payload of a packet, in bytes. It fits every path of
// IPv6 and every tunnel of today, so the size of the path is never probed.
const packetSize = 1200

const (
	targetDelay = 100 * time.Millisecond // queueing that we allow ourselves (BEP 29)
	gain        = 3000                   // bytes a round trip that the window grows by without queueing (BEP 29)
	maxWindow   = 256 << 10              // more is never in flight, in bytes
	blindWindow = 2 * packetSize         // for a peer that gives no times
)

// window says how many bytes may be in flight: LEDBAT, which yields to TCP as
// soon as packets begin to queue on their way (BEP 29).
type window struct {
	size, threshold int
	delay           delayHistory
}

func newWindow() window { return window{size: packetSize, threshold: maxWindow} }

// acked grows or shrinks the window: n bytes arrived, of flown in flight; lag
// is how much later than sent they did, by the clock of the peer.
func (w *window) acked(now time.Duration, n, flown int, lag uint32) {
	queued := w.delay.queued(now, lag)
	limited := flown+packetSize > w.size
	switch {
	case lag == 0 && w.size >= blindWindow:
		return
	case w.size < w.threshold && queued < targetDelay/2:
		if limited {
			w.size += min(n, packetSize)
		}
	default:
		off := max(float64(targetDelay-queued)/float64(targetDelay), -1)
		grow := int(gain * off * float64(n) / float64(w.size))
		if grow < 0 || limited {
			w.size += grow
		}
		w.threshold = min(w.threshold, w.size)
	}
	w.size = min(max(w.size, packetSize), maxWindow)
}

// lost halves the window.
func (w *window) lost() {
	w.size = max(w.size/2, packetSize)
	w.threshold = w.size
}

// silent starts again after a timeout.
func (w *window) silent() {
	w.threshold = max(w.size/2, 2*packetSize)
	w.size = packetSize
}

// delayHistory keeps the smallest lag of the last one to two minutes. The
// clocks of two hosts differ by an unknown constant, so only differences tell.
type delayHistory struct {
	base  [2]uint32 // of the last minute and of this one
	since time.Duration
	known bool
}

// queued is the part of a lag that is due to waiting in queues.
func (d *delayHistory) queued(now time.Duration, lag uint32) time.Duration {
	switch {
	case lag == 0:
		return 0
	case !d.known:
		d.base, d.since, d.known = [2]uint32{lag, lag}, now, true
	case now-d.since > time.Minute:
		d.base, d.since = [2]uint32{d.base[1], lag}, now
	case int32(lag-d.base[1]) < 0:
		d.base[1] = lag
	}
	base := d.base[0]
	if int32(d.base[1]-base) < 0 {
		base = d.base[1]
	}
	return time.Duration(max(int32(lag-base), 0)) * time.Microsecond
}
