package client

import "time"

// Habits are how one family of programs treats a visitor. Spans of zero mean
// "no such rule".
type Habits struct {
	// Name of the family, as man pages and reports spell it.
	Name string
	// Beginnings of its peer ids (BEP 20), and of its names in the extension
	// handshake (BEP 10 "v"); the longest that fits decides.
	Prefixes, Versions []string

	// ReadTimeout is when it closes if we say nothing at all.
	ReadTimeout time.Duration
	// Hold is how long it keeps a visitor that sends keep-alives and transfers
	// nothing: at least this long, shorter when it is short of slots.
	Hold time.Duration
	// HoldInterested is the same for a visitor that said "interested".
	HoldInterested time.Duration
	// Interested says that "interested" prolongs the hold, so we say it.
	Interested bool
	// IdleRule says in a sentence when it ends idle connections.
	IdleRule string

	// Pause is the least time from the end of a conversation to the next one
	// that it accepts.
	Pause time.Duration
	// Refusal is how it refuses a visitor for whom it has no slot.
	Refusal Refusal
	// Second is what it does with a second connection from one address.
	Second Second

	// DialBack is when it dials a visitor that named its port.
	DialBack DialBack

	// Hides is the most pieces that it holds back from its bitfield and
	// announces right behind it ("lazy bitfield").
	Hides int64
	// HaveDelay is how long it may keep an announcement back.
	HaveDelay time.Duration
	// SilentIsEmpty says that a peer that says nothing of its pieces has none.
	SilentIsEmpty bool

	// KeepAlives is the most keep-alives a minute that it takes for good
	// manners, 0 for no such limit.
	KeepAlives int
	// Reconnects is the most connections a minute from one address, 0 for no
	// such limit.
	Reconnects int
	// Slots is the usual number of connections per torrent.
	Slots int
	// UTP and MSE say that it speaks them.
	UTP, MSE bool

	// Source says where these are from: "measured", "source" (its source code),
	// or "paper" with the notes' word for it.
	Source string
}

// Refusal is what a visitor sees of being refused.
type Refusal string

// The ways to refuse.
const (
	RefusesEarly  Refusal = "closes before a byte"
	RefusesAfter  Refusal = "closes after the handshake"
	RefusesSilent Refusal = "does not answer"
)

// Second is what happens to a second connection from one address.
type Second string

// The ways to treat it.
const (
	SecondRefused Second = "refused"
	SecondAllowed Second = "allowed"
	SecondByID    Second = "refused by peer id"
)

// DialBack is a clock: attempts come at First after a conversation, then each
// Step later than the one before, Tries of them (0 means without end). The zero
// value means that the program does not dial back.
type DialBack struct {
	First, Step time.Duration
	Tries       int
}

// Of gives the habits of the program with this peer id and this name in the
// extension handshake (empty if not heard); nothing fits gives those of an
// unknown program, which assume the least. The result is shared: read only.
func Of(id [20]byte, version string) *Habits { return find(id, version) }
