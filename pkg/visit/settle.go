package visit

import "time"

// exactAt is when nothing more is expected to have been held back, if the peer
// goes on to announce nothing. What a peer that has just said that it wants no
// more still has under way is waited for; and one that wants no more and lacks no
// more than its client may hold back is probably a seed that has not told all: it
// is given the longest time.
func (c *Conversation) exactAt() time.Time {
	rules, most := &c.start.Rules, c.habits.MayHide(int64(c.bits.Len()))
	first, last, quiet := c.firstPiece, c.lastPiece, rules.Quiet
	switch {
	case c.none():
		first, last = later(first, c.wants.at), later(last, c.wants.at)
		quiet = max(quiet, c.habits.HaveDelay)
		if c.settled && most == 0 && c.habits.HaveDelay == 0 {
			quiet /= 3
		}
	case c.settled && most == 0:
		return c.firstPiece
	}
	longest := first.Add(max(rules.Longest, quiet))
	lacks := int64(c.bits.Len() - c.bits.Count())
	if c.none() && lacks > 0 && lacks <= most {
		return longest
	}
	return sooner(last.Add(quiet), longest)
}

// settles says whether the reading can be trusted at this time:
// it is complete; or nothing was announced for a while; or it has taken long
// enough. While announcements keep coming, a bitfield is trusted when its client
// holds nothing back, or when what it may hold back cannot change the side of the
// threshold on which the peer is. So are announcements that follow on nothing,
// where it was said, or where silence stands for it.
func (c *Conversation) settles(at time.Time, r *Reading) bool {
	if c.exact {
		return true
	}
	// A seed that hides its pieces begins with nothing, too, and reveals few.
	nothing := c.how == howNone || c.how == howHave && c.habits.SilentIsEmpty
	if c.bitfields == 0 && (!nothing || c.haves <= superSeedPieces) {
		return false
	}
	since, quiet := at.Sub(c.firstPiece), c.start.Rules.Quiet
	most := c.habits.MayHide(r.Pieces)
	if most == 0 {
		return since >= quiet/3
	}
	return since >= quiet && (r.Have >= r.Need || r.Have+max(0, most-c.haves) < r.Need)
}

// settle marks the reading, and what looks like a seed that hides its pieces.
func (c *Conversation) settle(at time.Time, r *Reading) {
	c.settled = true
	c.exact = c.exact || !at.Before(c.exactAt())
	c.stage = StageSettled
	c.mask.settle(c, r)
}

func later(a, b time.Time) time.Time {
	if a.After(b) {
		return a
	}
	return b
}

func sooner(a, b time.Time) time.Time {
	if a.Before(b) {
		return a
	}
	return b
}
