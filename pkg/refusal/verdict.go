package refusal

import "btkit/pkg/ways"

// Verdict is the reason of the latest refusal as now known; the zero value
// without one.
func (h *History) Verdict() Verdict {
	if h.way == ways.None {
		return Verdict{}
	}
	reason, percent := h.open()
	if h.marks.any(nowPlain | nowEncrypted) {
		reason, percent = h.explained()
	}
	return Verdict{Reason: reason, Sure: float64(percent) / 100, Session: h.session}
}

// explained judges a refusal of a peer that has answered since. How sure it is
// comes in percent.
func (h *History) explained() (Reason, int) {
	switch {
	case h.marks.any(beside):
		return Duplicate, 95
	case h.others > 0 && h.marks.any(unchanged):
		return Paused, 85
	case h.others > 0 && h.marks.any(changed):
		return Full, 80
	case h.others > 0:
		return Paused, 60
	case h.otherTransport():
		return Transport, 60
	case h.marks.any(side(h.way, nowPlain, nowEncrypted)):
		return Full, 80
	case h.marks.any(side(h.way, wasPlain, wasEncrypted) | half):
		return Full, 70
	}
	return h.byEncryption()
}

// otherTransport says that the peer refused both sides of encryption and soon
// after took the other transport, and never this one.
func (h *History) otherTransport() bool {
	return h.plain > 0 && h.encrypted > 0 && h.marks.any(soon) && !h.marks.any(nowHere|wasPlain|wasEncrypted)
}

// byEncryption judges a refusal after which the peer answered on the other side
// of encryption, and never on this one.
func (h *History) byEncryption() (Reason, int) {
	both := h.plain > 0 && h.encrypted > 0
	switch {
	case h.way.Encrypted() && h.marks.any(soon) && !both:
		return Encryption, 70
	case !h.way.Encrypted() && h.marks.any(soon) && !both:
		return Encryption, 95
	case !h.way.Encrypted() && h.marks.any(soon|late):
		return Encryption, 70
	case both:
		return Full, 70
	}
	return Full, 60
}

// open judges a refusal of a peer that has not answered since.
func (h *History) open() (Reason, int) {
	switch {
	case h.marks.any(beside):
		return Duplicate, 90
	case h.others > 0:
		percent := min(80, 50+10*int(h.others))
		if h.marks.any(isRead) {
			return Paused, percent
		}
		return NotThisTorrent, percent
	case h.missed > 0:
		return Gone, min(95, 30+15*int(h.missed))
	}
	return Full, h.fullness()
}

func (h *History) fullness() int {
	percent := 40
	for _, speaks := range []bool{h.plain > 0 && h.encrypted > 0, h.marks.any(side(h.way, wasPlain, wasEncrypted)),
		h.marks.any(othersRefused), h.marks.any(nowCame)} {
		if speaks {
			percent += 10
		}
	}
	return percent
}
