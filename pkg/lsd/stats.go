package lsd

import (
	"fmt"
	"maps"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
)

// stats is what others may know of the loop; it is written under a lock.
type stats struct {
	known, heard, peers int64
	outcomes            map[string]int64
}

func (s *Source) count() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.known = int64(len(s.torrents))
}

// tally counts a datagram and the peers that it brought.
func (s *Source) tally(as outcome.Outcome, fresh int64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.heard++
	s.stats.peers += fresh
	s.stats.outcomes[string(as)]++
}

// Stat tells of the torrents known and of the datagrams heard, by outcome. It
// may be called from any goroutine.
func (s *Source) Stat() *record.Stat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &record.Stat{
		Known:    record.Int(s.stats.known),
		OK:       record.Int(s.stats.outcomes[string(outcome.OK)]),
		Outcomes: maps.Clone(s.stats.outcomes),
	}
}

// Status is a phrase for the progress line, which commands share. It may be
// called from any goroutine.
func (s *Source) Status() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return fmt.Sprintf("%d heard, %d local", s.stats.heard, s.stats.peers)
}
