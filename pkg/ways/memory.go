package ways

import (
	"math"
	"time"

	"btkit/pkg/outcome"
)

// Memory is what is remembered of one peer: in which ways it was tried and
// came. The zero value is that of a new peer. It is small, since there may be a
// million.
type Memory struct {
	worked  Way   // latest way out that the peer answered
	came    Way   // latest way in which the peer came to us
	reached Way   // latest way out that led to a connection
	last    Way   // latest attempt
	how     found // what came of it
	extra   extra // whether it was an extra one of its round
	spurned uint8 // refusals in a row of the way that worked
	rounds  uint8 // since the peer answered
}

// extra is why an attempt was added to a round.
type extra uint8

const (
	no      extra = iota
	flipped       // for the other side of encryption
	crossed       // for the other transport
	third         // for both
)

// found is what an attempt found.
type found uint8

const (
	nothing   found = iota // no attempt yet
	unreached              // no connection
	refused                // a connection, but no handshake
	foreign                // an answer of something else
	answered               // the peer's handshake
)

// Try is an attempt to make. Every visit is a round of one attempt and at most
// one extra one, or two as long as nothing has worked, so that a peer never sees
// more than three connections per visit.
type Try struct {
	// Way to go; None if we have no way at all.
	Way Way
	// Extra says that this is another attempt of the same round: it is due after
	// Wait, counted from the end of the one before. Others are due when the schedule
	// says so.
	Extra bool
	Wait  time.Duration

	why extra
}

// Hints are what others say of the peer, and what cannot be.
type Hints struct {
	// Encryption says that the peer prefers it (PEX flag 0x01, BEP 11) or requires
	// it (crypto flags of a tracker).
	Encryption bool
	// Without are the ways that we do not have, or that the peer's program does
	// not speak.
	Without Set
}

// Set is a set of ways.
type Set uint8

// Of is the set of these ways.
func Of(ways ...Way) (s Set) {
	for _, w := range ways {
		s |= 1 << w
	}
	return s
}

// Has says whether a way is in the set.
func (s Set) Has(w Way) bool { return s&(1<<w) != 0 }

// Tried remembers what came of an attempt that Next gave: how it ended and how
// far it got, "dial", "handshake", "open" or "settled" as in visit records.
// Attempts that say nothing of the peer leave no trace, but an extra one that was
// not our own fault is made only once all the same.
func (m *Memory) Tried(t Try, stage string, how outcome.Outcome) {
	what := classify(stage, how)
	switch {
	case t.Way == None:
		return
	case what == nothing:
		if t.Extra && how != outcome.LocalError && how != outcome.Canceled {
			m.extra = t.why
		}
		return
	}
	m.last, m.how, m.extra = t.Way, what, t.why
	if !t.Extra && m.rounds < math.MaxUint8 {
		m.rounds++
	}
	switch what {
	case answered:
		m.worked, m.reached, m.spurned, m.rounds = t.Way, t.Way, 0, 0
	case refused:
		m.reached = t.Way
		if t.Way == m.worked {
			m.spurned++
		}
	}
}

// Came remembers that the peer came to us in this way, and that handshakes were
// exchanged.
func (m *Memory) Came(w Way) { m.came = w }

// Worked is the latest way in which a handshake was exchanged with the peer,
// None if there is none: what we tried counts before how the peer came to us.
func (m *Memory) Worked() Way {
	if m.worked != None {
		return m.worked
	}
	return m.came
}

// classify takes an attempt that says nothing of the peer as nothing.
func classify(stage string, how outcome.Outcome) found {
	switch how {
	case outcome.LocalError, outcome.Canceled, outcome.Denied, outcome.Duplicate, outcome.Limit, outcome.Self:
		return nothing
	case outcome.EncryptedOnly, outcome.Encrypted:
		return refused
	case outcome.NotBitTorrent:
		return foreign
	}
	switch stage {
	case "dial":
		return unreached
	case "handshake":
		return refused
	}
	return answered
}
