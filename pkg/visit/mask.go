package visit

import (
	"time"

	"btkit/pkg/record"
)

// superSeedPieces is the most pieces that a hiding seed reveals to one peer as
// long as the others pass nothing on.
const superSeedPieces = 2

// mask watches for a seed that hides its pieces (BEP 16). It begins with
// nothing, shows one or two pieces, one more whenever others have passed on what
// it showed, and all of them at once when it stops hiding. A leecher that began
// in this conversation looks the same until it has shown more than a few pieces
// for a while without coming to the threshold.
type mask struct {
	empty bool      // began with nothing
	above time.Time // when it first had more than a hiding seed shows
	off   bool      // it is none
	seed  bool      // it looked like one when the reading settled
}

// begin notes with what the conversation began: something, or nothing.
func (m *mask) begin(empty bool, settled bool) {
	if !settled {
		m.empty = empty
	}
}

// hear takes in the number of pieces after an announcement.
func (m *mask) hear(at time.Time, c *Conversation) {
	have, pieces := int64(c.bits.Count()), int64(c.bits.Len())
	if m.above.IsZero() && !record.Hiding(have, pieces) {
		m.above = at
	}
}

// on says whether a peer with so many pieces, below the threshold, has more of
// them than a hiding seed shows, but may be one that has just stopped hiding.
func (m *mask) on(r *Reading, have int64) bool {
	return m.empty && !m.off && have < r.Need && !record.Hiding(have, r.Pieces) && record.Hiding(0, r.Pieces)
}

// liftAt is when the mask is known to be none.
func (m *mask) liftAt(c *Conversation) time.Time {
	if m.above.IsZero() { // the number of pieces was not known
		m.above = c.lastPiece
	}
	return m.above.Add(c.start.Rules.Quiet)
}

// settle notes whether the peer looks like a hiding seed: it began with nothing
// and revealed one or two pieces.
func (m *mask) settle(c *Conversation, r *Reading) {
	m.seed = m.empty && c.haves > 0 && r.Have > 0 && r.Have <= superSeedPieces && record.Hiding(r.Have, r.Pieces)
}
