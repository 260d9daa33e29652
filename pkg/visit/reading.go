package visit

import (
	"time"

	"btkit/pkg/record"
)

// Reading is what a conversation knows of a peer's pieces at a moment.
type Reading struct {
	Have, Pieces, Need int64
	Settled            bool // enough to tell on which side of the threshold it is
	Exact              bool // settled, and nothing is held back any more
	Complete           bool
	UploadOnly         bool // wants no more (BEP 21)
	PartialSeed        bool // exact, wants no more, and lacks pieces
	SuperSeed          bool
}

// CanCross says whether the peer may still come to the threshold by itself.
func (r Reading) CanCross() bool { return r.Have < r.Need && r.CanProgress() }

// CanProgress says whether the peer may still get pieces, as far as we can see.
func (r Reading) CanProgress() bool { return !r.Complete && !r.UploadOnly && !r.SuperSeed }

// Reading gives the reading; ok is false while nothing is known. A peer that
// says nothing of its pieces has no reading, whatever its client: rTorrent
// without a piece and rTorrent that hides all of its own say the same, a
// keep-alive.
func (c *Conversation) Reading() (r Reading, ok bool) {
	c.learnSize()
	if c.how == "" || !c.bits.Known() {
		return r, false
	}
	t := c.start.Torrent
	r = Reading{Have: int64(c.bits.Count()), Pieces: t.Pieces(), Need: t.Need(), Settled: c.settled, Exact: c.exact,
		Complete: c.bits.Full(), UploadOnly: c.none(), SuperSeed: c.mask.seed}
	r.PartialSeed = r.Settled && r.Exact && r.UploadOnly && !r.Complete && !r.SuperSeed
	return r, true
}

// Due says when Progress should be called next; zero means not before
// another message comes.
func (c *Conversation) Due() time.Time {
	r, ok := c.Reading()
	switch {
	case !ok:
		return time.Time{}
	case c.mask.on(&r, r.Have):
		return c.mask.liftAt(c)
	case !c.settled, !c.exact:
		return c.exactAt()
	case c.told.have != r.Have, c.told.stand != c.stand(&r):
		return c.told.at.Add(c.start.Rules.Sample)
	}
	return time.Time{}
}

// Progress gives the records that are due at this time. Call it after every
// round of messages and when Due has come.
func (c *Conversation) Progress(at time.Time) (out []*record.Progress) {
	c.latest = at
	r, ok := c.Reading()
	if !ok {
		return nil
	}
	c.exact = c.exact || r.Complete || !at.Before(c.exactAt())
	lifted := c.mask.on(&r, r.Have) && !at.Before(c.mask.liftAt(c))
	c.mask.off = c.mask.off || lifted
	switch {
	case c.settled:
		out = c.changed(at, lifted)
	case !c.mask.on(&r, r.Have) && c.settles(at, &r):
		c.settle(at, &r)
		out = append(out, c.tell(at, r.Have))
	}
	if c.settled && c.exact {
		c.pace.begin(at, r.Have)
	}
	return out
}

// changed tells what has changed since the latest record. Before a crossing
// it tells the last value below the threshold, so that the interval in which
// it happened is as short as the distance of two messages.
func (c *Conversation) changed(at time.Time, lifted bool) (out []*record.Progress) {
	r, _ := c.Reading()
	before, was := c.told, c.was
	c.was = heard{at: c.lastPiece, have: r.Have}
	switch stand := c.stand(&r); {
	case before.have < r.Need && r.Have >= r.Need:
		if was.have > before.have && was.have < r.Need {
			out = append(out, c.tell(was.at, was.have))
		}
		return append(out, c.tell(c.lastPiece, r.Have))
	case r.Have == before.have && stand == before.stand:
	case r.Complete, r.Have < before.have && c.hurry():
		return []*record.Progress{c.tell(c.lastPiece, r.Have)}
	case lifted, stand != before.stand && c.hurry():
		return []*record.Progress{c.tell(at, r.Have)}
	case !c.mask.on(&r, r.Have) && at.Sub(before.at) >= c.start.Rules.Sample:
		return []*record.Progress{c.tell(later(c.lastPiece, before.at), r.Have)}
	}
	return nil
}
