package visit

import "time"

// Rules say when a reading may be trusted and how often it is told.
type Rules struct {
	// Quiet is how long no piece may have been announced before a reading has
	// settled: clients that hold back pieces from their bitfield announce them
	// right behind it.
	Quiet time.Duration
	// Longest is when a reading settles at the latest, counted from the first
	// announcement: the slowest such client takes 40 s.
	Longest time.Duration
	// Sample is how often a changed reading is told while nothing crosses.
	Sample time.Duration
	// Bitfield adds all pieces to every reading.
	Bitfield bool
}

// DefaultRules are those of the notes on real clients, section 2.
func DefaultRules() Rules {
	return Rules{Quiet: 3 * time.Second, Longest: 45 * time.Second, Sample: time.Minute}
}
