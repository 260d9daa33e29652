package client

import "time"

// These answer what the schedule, the conversation and the reading ask.

// soon is how long waiting for a peer to come by itself beats dialling it.
const soon = 2 * time.Minute

// MayHide is the most pieces that the bitfield of a torrent of so many pieces
// may lack although the peer has them. What an unknown program does is as much
// as any is known to: a tenth up to 50 (older libtorrent), with a margin.
func (h *Habits) MayHide(pieces int64) int64 {
	if h.Hides != HidesUnknown {
		return h.Hides
	}
	return min(64, max(32, pieces/10))
}

// IdleClose says whether a conversation that the peer ended after so long has
// met the rule for idle connections, so that the peer takes us back after
// Pause, rather than displeasure or want of slots.
func (h *Habits) IdleClose(held time.Duration) bool {
	shortest := time.Duration(0)
	for _, rule := range []time.Duration{h.Hold, h.HoldFull, h.HoldInterested} {
		if rule > 0 && (shortest == 0 || rule < shortest) {
			shortest = rule
		}
	}
	return shortest > 0 && held >= shortest-shortest/10
}

// ComesBack is after how long the peer dials us by itself once a conversation
// has ended, if that is soon: then it need not be dialled, provided that it
// knows our port and reaches it.
func (h *Habits) ComesBack() (after time.Duration, ok bool) {
	after, ok = h.DialBack.gap(0)
	return after, ok && after <= soon
}

// TakesSecond says whether it takes a second connection, to another of our
// ports and peer ids, while one from our address is open.
func (h *Habits) TakesSecond() bool {
	return h.Second == SecondAllowed || h.Second == SecondByID || h.Second == SecondByPort
}

// KeepAliveGap is the least time between two keep-alives.
func (h *Habits) KeepAliveGap() time.Duration { return perMinute(h.KeepAlives) }

// ReconnectGap is the least time from the begin of a connection to the begin of
// the next one.
func (h *Habits) ReconnectGap() time.Duration { return max(h.Pause, perMinute(h.Reconnects)) }

func perMinute(n int) time.Duration {
	if n <= 0 {
		return 0
	}
	return (time.Minute + time.Duration(n) - 1) / time.Duration(n)
}
