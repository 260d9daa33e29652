package visit

import "time"

// How a rate is measured.
const (
	paceWindow = time.Minute     // a rate looks back for one to two of these
	paceSpan   = 5 * time.Second // the shortest time that gives one
	pacePieces = 4               // the fewest pieces that give one within paceWindow
)

// pace measures how fast a peer gets pieces. It begins when all that the peer
// had before has been announced, so that the burst behind a lazy bitfield is no
// speed; and anew with every announcement that is not of a further piece.
type pace struct{ base, middle mark }

type mark struct {
	at   time.Time
	have int64
}

// begin takes the present number of pieces as the first, unless it has begun.
func (p *pace) begin(at time.Time, have int64) {
	if p.base.at.IsZero() {
		p.base = mark{at, have}
		p.middle = p.base
	}
}

func (p *pace) restart() { *p = pace{} }

// hear takes in a new number of pieces. The base moves on once enough came
// behind it: peers that are slow for the length of their pieces are measured over
// more than two windows.
func (p *pace) hear(at time.Time, have int64) {
	if !p.base.at.IsZero() && at.Sub(p.middle.at) >= paceWindow && have-p.middle.have >= pacePieces {
		p.base, p.middle = p.middle, mark{at, have}
	}
}

// rate is the speed until a time in pieces per second.
func (p *pace) rate(at time.Time, have int64) (perSecond float64, ok bool) {
	span, gained := at.Sub(p.base.at), have-p.base.have
	if p.base.at.IsZero() || span < paceSpan || span < paceWindow && gained < pacePieces {
		return 0, false
	}
	return float64(gained) / span.Seconds(), true
}

// Rate is how many pieces per second the peer got lately in this conversation,
// up to the latest call that had a time; 0 when it stands still. ok is false
// while there is too little to tell: before the reading is exact, and until a
// few pieces or a minute came behind that.
func (c *Conversation) Rate() (piecesPerSecond float64, ok bool) {
	return c.pace.rate(c.latest, int64(c.bits.Count()))
}
