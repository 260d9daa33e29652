package announce

import (
	"fmt"
	"maps"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
)

// stats is what others may know of the loop; it is written under a lock.
type stats struct {
	known, queue, inFlight, skipped int64
	outcomes                        map[string]int64
	ok                              int64
}

// count takes over figures of the plan.
func (s *Source) count() {
	queue := int64(0)
	for _, h := range s.plan.ready {
		queue += int64(h.waiting())
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.known = int64(len(s.plan.torrents))
	s.stats.queue = queue
	s.stats.inFlight = int64(s.plan.inFlight)
	s.stats.skipped = s.plan.skipped
}

// tally counts an answer.
func (s *Source) tally(o outcome.Outcome) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stats.outcomes[string(o)]++
	if o == outcome.OK {
		s.stats.ok++
	}
}

// Stat tells how the asking goes: torrents known, questions waiting and under
// way, ends by outcome. It may be called from any goroutine.
func (s *Source) Stat() *record.Stat {
	s.mu.Lock()
	defer s.mu.Unlock()
	return &record.Stat{
		Known:    record.Int(s.stats.known),
		Queue:    record.Int(s.stats.queue),
		InFlight: record.Int(s.stats.inFlight),
		Limit:    record.Int(int64(s.opt.AtOnce)),
		OK:       record.Int(s.stats.ok),
		Outcomes: maps.Clone(s.stats.outcomes),
	}
}

// Status is a phrase for the progress line, which commands share: the answers
// that were of use, of all. It may be called from any
// goroutine.
func (s *Source) Status() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	answers := int64(0)
	for _, n := range s.stats.outcomes {
		answers += n
	}
	return fmt.Sprintf("%d/%d asked", s.stats.ok, answers)
}

// Skipped is the number of questions given up because their tracker could not
// be reached in a single round.
func (s *Source) Skipped() int64 {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.stats.skipped
}
