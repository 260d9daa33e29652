package dht

import (
	"context"
	"maps"
	"slices"
	"time"

	"btkit/pkg/outcome"
)

// drain hears what came in while the lookup ended, and counts nodes that were
// silent for long as such.
func (l *lookup) drain() {
	for len(l.answers) > 0 {
		a := <-l.answers
		if a.as == outcome.Canceled && time.Since(a.sent) >= staleAfter {
			a.as = outcome.Timeout
		}
		if a.as != outcome.Canceled {
			l.take(a)
		}
	}
	for _, n := range l.cands.list {
		l.release(n)
	}
}

// finish sums the lookup up.
func (l *lookup) finish(ctx context.Context) Result {
	l.drain()
	res := &l.result
	res.Took = time.Since(res.Started)
	res.Peers = len(l.harvest.peers)
	var odd []string
	res.Seeds, res.Leechers, res.Scraped, odd = l.harvest.estimate()
	res.Oddities = append(res.Oddities, odd...)
	if res.Answered >= closestK && res.Secure == 0 {
		res.Oddities = append(res.Oddities, "no-secure-node")
	}
	if res.Queries >= l.plan.queries {
		res.Oddities = append(res.Oddities, "query-limit")
	}
	if ctx.Err() == nil && res.Took >= l.plan.limit {
		res.Oddities = append(res.Oddities, "time-limit")
	}
	res.Refused = l.cands.refused
	for why, n := range l.harvest.refused {
		res.Refused[why] += n
	}
	res.D8, _ = l.cands.distance(closestK)
	if d, ok := l.cands.distance(64); ok {
		res.D64 = d
		res.Network = NetworkSize(64, d)
	} else if res.D8 != (ID{}) {
		res.Network = NetworkSize(closestK, res.D8)
	}
	if res.Answered > 0 {
		res.Message = ""
	}
	res.Outcome = l.outcome(ctx)
	return *res
}

func (l *lookup) outcome(ctx context.Context) outcome.Outcome {
	switch {
	case ctx.Err() != nil:
		return outcome.Canceled
	case l.result.Peers > 0:
		return outcome.OK
	case l.result.Answered > 0:
		return outcome.NotFound
	case l.result.Queried > 0:
		return l.mostFailures()
	case l.cands.refused["busy"] > 0:
		return outcome.Limit
	case l.result.Message != "":
		return outcome.DNS
	case l.denied:
		l.result.Message = "the address rules forbid all DHT nodes known"
		return outcome.Denied
	}
	l.result.Message = "no DHT node known"
	return outcome.Unreachable
}

// mostFailures is the commonest way in which queries failed.
func (l *lookup) mostFailures() outcome.Outcome {
	most := outcome.Timeout
	for _, o := range slices.Sorted(maps.Keys(l.errs)) {
		if l.errs[o] > l.errs[most] {
			most = o
		}
	}
	return most
}
