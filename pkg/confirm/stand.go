package confirm

import "btkit/pkg/record"

// stand decides the class that a reading puts a peer in, and says whether it
// has crossed the threshold with it. fresh says that the reading is the first
// of its conversation.
func (x *peer) stand(p *record.Progress, at, need int64, fresh bool) (crossed bool) {
	if x.class == confirmed || x.class == firstComplete {
		return false
	}
	if fresh && x.flags&emptyNow != 0 {
		x.flags = x.flags&^emptyNow | emptyBefore
	}
	if p.Have >= need {
		return x.class != superSeed && x.flags&(soundBelow|emptyBefore) != 0
	}
	x.paceTo(p, at)
	x.below, x.belowHave = at, uint32(p.Have)
	x.weigh(p, fresh)
	x.classify(p)
	return false
}

// weigh decides what a reading below the threshold proves. A seed that hides its
// pieces (BEP 16) begins with nothing, shows few, and then all of them at once:
//
//   - A reading that looks like one proves nothing, and takes away what a reading
//     of no piece had proved.
//   - One of no piece in a conversation that began with nothing proves a leecher
//     for later conversations: a hiding seed would have shown its first piece by
//     the end.
//   - Any other proves a leecher.
func (x *peer) weigh(p *record.Progress, fresh bool) {
	few := (p.How == "have-none" || p.How == "have") && record.Hiding(p.Have, p.Pieces)
	switch {
	case p.SuperSeed && fresh:
		x.superSessions = min(x.superSessions+1, superSessionsNeeded)
		x.flags &^= emptyNow | emptyBefore
	case p.SuperSeed, few && p.Have > 0:
		x.flags &^= emptyNow | emptyBefore
	case few:
		x.flags |= emptyNow
	default:
		x.flags |= soundBelow
		x.superSessions = 0
	}
}

// classify chooses among the classes below the threshold. A partial seed has
// finished its selection if it was seen to want more and to get some of it.
func (x *peer) classify(p *record.Progress) {
	before := x.class
	switch {
	case x.superSessions >= superSessionsNeeded:
		x.class = superSeed
	case !p.SuperSeed && (p.PartialSeed || p.UploadOnly != nil && *p.UploadOnly):
		x.class = partialSeed
	default:
		x.class = censored
	}
	switch {
	case x.class != partialSeed:
		x.flags &^= selected
	case before == censored && p.Have > int64(x.firstHave):
		x.flags |= selected
	}
}

// finished says whether it is a partial seed that was seen to finish its
// selection.
func (x *peer) finished() bool { return x.class == partialSeed && x.flags&selected != 0 }
