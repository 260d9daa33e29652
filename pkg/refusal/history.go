package refusal

import (
	"math"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/ways"
)

// History is what is remembered of one peer to explain its latest refusal. The
// zero value is that of a new peer. It is small, since there may be a million.
type History struct {
	session uint64 // the latest refusal's
	at      int64  // when it was, Unix milliseconds
	have    int32  // pieces at the latest reading
	way     ways.Way
	marks   mark

	// Of the refusals since the peer last answered: how many were plain and how
	// many encrypted, and at how many another torrent was taken.
	plain, encrypted, others uint8
	// Failures to connect since the latest refusal; a refused connection counts
	// twice.
	missed uint8
}

// mark is a set of things that are known.
type mark uint16

const (
	isRead        mark = 1 << iota // the peer has told its pieces
	isComplete                     // at the latest reading it had all
	wasPlain                       // it had answered plain before it refused
	wasEncrypted                   // and encrypted
	nowPlain                       // it has answered plain since
	nowEncrypted                   // and encrypted
	nowCame                        // it has come to us since
	beside                         // at the refusal, another conversation was open
	half                           // and the peer had said its half of the encryption's handshake
	othersRefused                  // another torrent was refused, too
	soon                           // its first answer since came soon after
	late                           // came at least within the hour
	unchanged                      // its first reading since says what the one before said
	changed                        // says something else
	nowHere                        // it has answered since over the transport that was refused
	sinceRefusal  = nowHere | nowPlain | nowEncrypted | nowCame | beside | half | othersRefused | soon | late | unchanged | changed
)

// Spans of the rules.
const (
	soonAfter   = 5 * time.Minute
	latestAfter = time.Hour
	goneAfter   = 30 * time.Minute
)

// Add takes in an attempt. It gives the reason of the latest refusal as now
// known, and says whether this attempt changed it.
func (h *History) Add(a Attempt) (Verdict, bool) {
	before := h.Verdict()
	switch a.classify() {
	case missed:
		h.miss(a)
	case refused:
		if !a.Incoming {
			h.refuse(a)
		}
	case muddled:
		h.missed = 0
	case answered:
		h.missed = 0
		h.answer(a)
		h.read(a)
	}
	now := h.Verdict()
	return now, now != before
}

func (h *History) miss(a Attempt) {
	// A peer that cannot be reached over uTP may just not speak it.
	if h.way == ways.None || a.Way.Transport() != h.way.Transport() || h.missed == 0 && h.since(a.At) > goneAfter {
		return
	}
	count(&h.missed)
	if a.Outcome == outcome.Refused {
		count(&h.missed)
	}
}

func (h *History) refuse(a Attempt) {
	if h.marks.any(nowPlain | nowEncrypted) { // what the peer said before belongs to another story
		h.plain, h.encrypted, h.others = 0, 0, 0
	}
	h.marks = h.marks.past()
	h.session, h.at, h.way, h.missed = a.Session, a.At.UnixMilli(), a.Way, 0
	if h.way == ways.None {
		h.way = ways.TCP
	}
	if h.way.Encrypted() {
		count(&h.encrypted)
	} else {
		count(&h.plain)
	}
	if a.Elsewhere == Took {
		count(&h.others)
	}
	h.marks.set(othersRefused, a.Elsewhere == Refused)
	h.marks.set(beside, a.Beside)
	h.marks.set(half, a.Answered)
}

func (h *History) answer(a Attempt) {
	if h.way == ways.None {
		h.marks.set(side(a.Way, wasPlain, wasEncrypted), !a.Incoming)
		return
	}
	if a.Incoming {
		h.marks |= nowCame
		return
	}
	if !h.marks.any(nowPlain | nowEncrypted) {
		h.marks.set(soon, h.since(a.began()) <= soonAfter)
		h.marks.set(late, h.since(a.began()) <= latestAfter)
	}
	h.marks |= side(a.Way, nowPlain, nowEncrypted)
	h.marks.set(nowHere, a.Way.Transport() == h.way.Transport())
}

func (h *History) read(a Attempt) {
	if !a.Read {
		return
	}
	if h.marks.any(isRead) && h.way != ways.None && !h.marks.any(changed|unchanged) {
		same := clamp(a.First) == h.have
		h.marks.set(changed, !same)
		h.marks.set(unchanged, same && !h.marks.any(isComplete)) // of a complete one it says nothing
	}
	h.have = clamp(a.Have)
	h.marks |= isRead
	h.marks &^= isComplete
	h.marks.set(isComplete, a.Complete)
}

func clamp(pieces int64) int32 { return int32(max(0, min(pieces, math.MaxInt32))) }

// since is the time from the latest refusal.
func (h *History) since(at time.Time) time.Duration { return at.Sub(time.UnixMilli(h.at)) }

// count counts up to the most that fits.
func count(n *uint8) {
	if *n < math.MaxUint8 {
		*n++
	}
}

// side picks a mark by encryption.
func side(w ways.Way, plain, encrypted mark) mark {
	if w.Encrypted() {
		return encrypted
	}
	return plain
}

func (m mark) any(of mark) bool { return m&of != 0 }

func (m *mark) set(what mark, when bool) {
	if when {
		*m |= what
	}
}

// past turns what is known since a refusal into what was known before the next.
func (m mark) past() mark {
	was := m &^ sinceRefusal
	was.set(wasPlain, m.any(nowPlain))
	was.set(wasEncrypted, m.any(nowEncrypted))
	return was
}
