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
	case h.otherTransport() > 0:
		return Transport, h.otherTransport()
	case h.marks.any(side(h.way, nowPlain, nowEncrypted)):
		return Full, 80
	case h.marks.any(side(h.way, wasPlain, wasEncrypted) | half):
		return Full, 70
	}
	return h.byEncryption()
}

// otherTransport says that the peer refused us and soon after took the other
// transport, and never this one. How sure that makes it comes in percent, 0 for not
// at all.
func (h *History) otherTransport() int {
	switch {
	case !h.marks.any(soon), h.marks.any(nowHere | wasPlain | wasEncrypted):
		return 0
	case h.plain > 0 && h.encrypted > 0:
		return 60
	}
	return 50
}

// byEncryption judges a refusal after which the peer answered on the other side
// of encryption, and never on this one. Full clients find room in the meantime as
// well: of lab peers that took encrypted connections soon after they had refused one
// plain one, two in three wanted encryption; where more time or more refusals lay
// between, one in three.
func (h *History) byEncryption() (Reason, int) {
	switch {
	case h.plain > 0 && h.encrypted > 0:
		return Full, 70
	case !h.marks.any(soon), h.way.Encrypted():
		return Full, 60
	case h.plain > 1:
		return Encryption, 85
	}
	return Encryption, 70
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
