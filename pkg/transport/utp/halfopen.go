package utp

import "time"

// halfOpenLife is how long a stranger may take for the second packet.
const halfOpenLife = 10 * time.Second

// halfOpen remembers strangers that have said SYN and no more. The address may
// be a lie, so a stranger costs some hundred bytes for ten seconds; if too many
// come, the oldest go.
type halfOpen struct {
	most   int
	guests map[key]guest
	order  []key // oldest first; may name some that are gone
}

// guest is a stranger at the door.
type guest struct {
	since        time.Duration
	seq, peerSeq uint16 // of our answer and of its SYN
}

func newHalfOpen(most int) halfOpen { return halfOpen{most: most, guests: map[key]guest{}} }

// knock takes a SYN and says how to answer it: a repeated one as before.
func (h *halfOpen) knock(now time.Duration, k key, peerSeq, seq uint16) guest {
	h.expire(now)
	if g, ok := h.guests[k]; ok && g.peerSeq == peerSeq {
		return g
	}
	for len(h.order) >= h.most {
		h.shift()
	}
	g := guest{since: now, seq: seq, peerSeq: peerSeq}
	h.guests[k] = g
	h.order = append(h.order, k)
	return g
}

// find gives a stranger who is still welcome.
func (h *halfOpen) find(now time.Duration, k key) (guest, bool) {
	g, ok := h.guests[k]
	return g, ok && now-g.since < halfOpenLife
}

func (h *halfOpen) forget(k key) { delete(h.guests, k) }

// expire drops those whose time is over.
func (h *halfOpen) expire(now time.Duration) {
	for len(h.order) > 0 {
		if g, ok := h.guests[h.order[0]]; ok && now-g.since < halfOpenLife {
			return
		}
		h.shift()
	}
	h.order = nil
}

func (h *halfOpen) shift() {
	delete(h.guests, h.order[0])
	h.order = h.order[1:]
}
