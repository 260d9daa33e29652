package confirm

// peer is all that is kept of one identity, in at most 200 bytes together
// with its places in the indexes. Times are Unix microseconds, 0 for never.
type peer struct {
	first, below, last, base      int64  // times of readings: first, last below, latest, base of the next rate
	firstHave, belowHave          uint32 // pieces at those times
	lastHave, baseHave            uint32
	rate                          float32 // highest so far, bytes per second
	pace                          float32 // latest below the threshold, pieces per second
	torrent                       uint32
	readings, visits, regressions uint16
	session                       uint32 // of the latest reading, shortened
	mark                          peerMark
	class                         class
	flags                         flags
	superSessions                 uint8 // conversations in which it looked like a super-seed
}

// class is where a peer stands now; the classes exclude each other.
type class uint8

const (
	censored      class = iota // below the threshold, may still cross
	confirmed                  // crossed while we watched
	firstComplete              // at or above the threshold when first read
	partialSeed                // below and wants no more (BEP 21)
	superSeed                  // hides its pieces (BEP 16)
	classes
)

type flags uint8

const (
	// soundBelow: at least one reading below the threshold that a hiding seed
	// would not have given.
	soundBelow flags = 1 << iota
	// emptyNow: a reading of no piece in this conversation.
	emptyNow
	// emptyBefore: a reading of no piece in an earlier conversation, and none
	// since that looked like a hiding seed.
	emptyBefore
	// selected: it got pieces before it wanted no more.
	selected
)

// superSessionsNeeded is how many conversations must show at most two pieces
// before a peer is taken for a super-seed (peer-wire notes, section 14). Which
// pieces these are does not matter: a leecher with a piece begins the next
// conversation with a bitfield, and rTorrent reveals the same piece each time.
const superSessionsNeeded = 3
