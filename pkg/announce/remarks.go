package announce

import (
	"btkit/pkg/outcome"
	"btkit/pkg/record"
	"btkit/pkg/tracker"
)

// maxUnasked bounds how many URLs are remembered as such that cannot be asked.
const maxUnasked = 10_000

// reportUnasked writes a request record for each URL that is of none of our
// protocols, once in a run, and tells people how many of them are new.
func (s *Source) reportUnasked(infohash string, urls []string) {
	fresh := 0
	for _, url := range urls {
		if s.unasked[url] || len(s.unasked) >= maxUnasked {
			continue
		}
		s.unasked[url] = true
		fresh++
		r := &record.Request{InfoHash: infohash, Source: "tracker", Ask: "announce", Outcome: string(outcome.Unsupported),
			Message: "no http, https or udp URL of a tracker"}
		r.Via, _ = record.Clean(tracker.Redact(url))
		r.TS = s.opt.Now()
		s.put(r)
	}
	if fresh > 0 {
		s.opt.Log.Warn("some trackers of a torrent are no http, https or udp URLs and cannot be asked", "torrent", infohash, "number", fresh)
	}
}

// remarkDenied tells people once when our own rules forbid all trackers that
// there are: without peers that looks like an empty swarm.
func (s *Source) remarkDenied() {
	if s.denied || s.plan.inFlight > 0 || len(s.plan.ready) > 0 || !s.allDenied() {
		return
	}
	s.denied = true
	s.opt.Log.Warn("no tracker is asked: all have addresses that are private, which --allow-private allows, or in the block list")
}

// allDenied says whether every question ended with our own rules. That a
// tracker has no address of a family does not count.
func (s *Source) allDenied() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := int64(0)
	for _, n := range s.stats.outcomes {
		all += n
	}
	denied := s.stats.outcomes[string(outcome.Denied)]
	return denied > 0 && denied+s.stats.outcomes[string(outcome.Unsupported)] == all
}
