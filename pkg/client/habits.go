package client

import "time"

// Habits are how one family of programs treats a visitor that transfers no
// content. Spans of zero mean "no such rule".
type Habits struct {
	// Name of the family, as man pages and reports spell it.
	Name string
	// Beginnings of its peer ids (BEP 20), and of its names in the extension
	// handshake (BEP 10 "v"); the longest that fits decides.
	Prefixes, Versions []string

	// ReadTimeout is when it closes if we say nothing at all.
	ReadTimeout time.Duration
	// Hold is when it ends the conversation with a visitor that sends keep-alives.
	Hold time.Duration
	// HoldFull is the same when it is short of slots.
	HoldFull time.Duration
	// HoldInterested is the same as Hold for a visitor that said "interested".
	HoldInterested time.Duration
	// Interested says that "interested" prolongs the hold, so we say it.
	Interested bool
	// IdleRule says what becomes of a visitor that transfers nothing, as a clause.
	IdleRule string

	// Pause is the least time from the end of a conversation to the next one
	// that it accepts, 5 s or more.
	Pause time.Duration
	// Refusal is how it refuses a visitor for whom it has no slot, "" if that is
	// not known.
	Refusal Refusal
	// Second is what it does with a second connection from one address, "" if
	// that is not known.
	Second Second
	// OneHandshake says that it refuses a second handshake from one address while
	// one is under way, be it for another torrent.
	OneHandshake bool

	// DialBack is when it dials a visitor that named its port.
	DialBack DialBack

	// Hides is the most pieces that it holds back from its bitfield and
	// announces right behind it ("lazy bitfield"), or HidesUnknown. MayHide gives
	// a number in either case.
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
	// Slots is the usual number of connections per torrent, 0 if that is not
	// known.
	Slots int
	// UTP and MSE say that it speaks them, or may.
	UTP, MSE bool

	// Source says where these are from: "measured", "source" (its source code)
	// or "paper", and more in a few words.
	Source string
}

// HidesUnknown stands for programs of which nobody knows what they hold back.
const HidesUnknown int64 = -1

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
	SecondByID    Second = "refused to the same peer id"
	SecondByPort  Second = "refused to the same listening port"
)

// Of gives the habits of the program with this peer id and this name in the
// extension handshake (empty if not heard); nothing fits gives those of an
// unknown program, which assume the least. The result is shared: read only.
func Of(id [20]byte, version string) *Habits { return find(id, version) }

// All lists the table in its order, and at the end the unknown program. The
// results are shared: read only.
func All() []*Habits {
	all := make([]*Habits, 0, len(table)+1)
	for i := range table {
		all = append(all, &table[i])
	}
	return append(all, &unknown)
}
