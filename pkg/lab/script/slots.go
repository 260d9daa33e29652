package script

import "time"

// Slots is when a peer has no slot left for a newcomer. Time is cut into blocks
// of one length; in each the peer is full or it is not, by chance, so that full
// spells last for one block or several. The zero value is never full.
type Slots struct {
	// Chance of a block to be full.
	Share float64
	// Length of a block, and how much of the first is over when the play begins.
	Block, Phase time.Duration
	// What chance depends on.
	Seed uint64
}

// Numbers that keep the draws of one seed apart.
const (
	drawFull = 0x66756c6c
	drawBar  = 0x626172
)

func (s Slots) block(at time.Duration) int {
	if s.Block <= 0 {
		return 0
	}
	return int((at + s.Phase) / s.Block)
}

// Full says whether newcomers meet a full client at this moment.
func (s Slots) Full(at time.Duration) bool {
	return s.Share > 0 && jitter(s.Seed^drawFull, s.block(at)) < s.Share
}

// Bar is what the rank of a connection (BEP 40, as a share of the highest) must
// exceed to get a slot of a client that is full and sorts by rank: its other
// connections have driven each other's rank up already.
func (s Slots) Bar(at time.Duration) float64 {
	return 0.5 + jitter(s.Seed^drawBar, s.block(at))/2
}

// Next is when the next block begins.
func (s Slots) Next(at time.Duration) time.Duration {
	return time.Duration(s.block(at)+1)*s.Block - s.Phase
}

// Free is how much of a span newcomers find a slot in.
func (s Slots) Free(from, to time.Duration) (free time.Duration) {
	if s.Share <= 0 || s.Block <= 0 {
		return max(0, to-from)
	}
	for at := from; at < to; {
		next := min(s.Next(at), to)
		if !s.Full(at) {
			free += next - at
		}
		at = next
	}
	return free
}
