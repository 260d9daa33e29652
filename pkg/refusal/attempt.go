package refusal

import (
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/ways"
)

// Attempt is what one conversation or attempt found. Outcome, Stage and Session
// are those of its visit record.
type Attempt struct {
	Began   time.Time // zero: when it ended
	At      time.Time // when it ended
	Session uint64
	Outcome outcome.Outcome
	Stage   string // "dial", "handshake", "open" or "settled"
	Way     ways.Way
	// Incoming says that the peer dialled us.
	Incoming bool
	// Answered says that the peer sent bytes, such as its half of the
	// encryption's handshake, before it closed.
	Answered bool
	// Beside says that another conversation with the address about this torrent
	// was open, ours or the peer's, and that its program is not known to take
	// two.
	Beside bool
	// Elsewhere is what the address did about another torrent at about that time.
	Elsewhere Elsewhere
	// Read says that the peer told its pieces; then First is how many it had at
	// first, Have at the end, and Complete whether that was all.
	Read        bool
	First, Have int64
	Complete    bool
}

// began is when the connection was made, or as good as that.
func (a *Attempt) began() time.Time {
	if a.Began.IsZero() {
		return a.At
	}
	return a.Began
}

// found is what an attempt says of the peer.
type found uint8

const (
	nothing  found = iota
	missed         // no connection
	refused        // a connection, closed before a byte
	muddled        // a connection, but neither closed before a byte nor a handshake
	answered       // the peer's handshake
)

func (a *Attempt) classify() found {
	switch a.Outcome {
	case outcome.LocalError, outcome.Canceled, outcome.Denied, outcome.Duplicate, outcome.Limit, outcome.Self,
		outcome.WrongInfoHash, outcome.UnknownHash:
		return nothing
	}
	switch a.Stage {
	case "dial":
		return a.unreached()
	case "handshake":
		return a.early()
	case "open", "settled":
		return answered
	}
	return nothing
}

func (a *Attempt) unreached() found {
	switch a.Outcome {
	case outcome.Refused, outcome.Timeout, outcome.Unreachable, outcome.Reset:
		return missed
	}
	return nothing
}

// early tells refusals apart. A peer that answers an encrypted handshake says
// its half before it can know the torrent, so a close after that is one too.
func (a *Attempt) early() found {
	half := a.Answered && a.Way.Encrypted()
	switch a.Outcome {
	case outcome.ClosedEarly:
		return refused
	case outcome.Reset:
		if half || !a.Answered {
			return refused
		}
	case outcome.Closed:
		if half {
			return refused
		}
	}
	return muddled
}
