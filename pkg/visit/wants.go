package visit

import (
	"time"

	"btkit/pkg/record"
)

// maxHurried is how many records are told before their time because the peer
// fell back or changed its mind; what comes after is told at every sample. A
// peer that goes on like that is playing with us.
const maxHurried = 32

// maxDoubts is how often a reading is in question again because the peer says
// that it wants nothing: what it cannot do is to keep us waiting for ever.
const maxDoubts = 4

// wants is what the peer said of wanting more (BEP 21).
type wants struct {
	uploadOnly *bool     // nil if it said nothing
	at         time.Time // when it said so, or the last of these times that counts
	doubts     int       // how often it said that it wants nothing
}

// wantsNothing notes what it says. A peer that now wants nothing may still have announcements
// under way, so the reading of one that lacks pieces is in question again.
func (c *Conversation) wantsNothing(at time.Time, nothing bool) {
	if nothing == c.none() && c.wants.uploadOnly != nil {
		return
	}
	c.wants.uploadOnly = record.Bool(nothing)
	if !nothing {
		return
	}
	if c.wants.doubts++; c.wants.doubts <= maxDoubts {
		c.wants.at = at
		c.exact = c.bits.Full()
	}
}

// none says whether the peer wants nothing more.
func (c *Conversation) none() bool { return c.wants.uploadOnly != nil && *c.wants.uploadOnly }

// stand is where a peer stands beside its number of pieces.
type stand struct {
	none    bool // lacks pieces and wants none
	partial bool // and has announced all it has: a partial seed
}

func (c *Conversation) stand(r *Reading) stand {
	return stand{none: r.UploadOnly && !r.Complete, partial: r.PartialSeed}
}

// hurry says whether one more record may be told before its time.
func (c *Conversation) hurry() bool {
	c.hurried++
	return c.hurried <= maxHurried
}
