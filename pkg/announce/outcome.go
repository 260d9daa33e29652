package announce

import (
	"time"

	"btkit/pkg/manners"
	"btkit/pkg/outcome"
	"btkit/pkg/tracker"
)

// noAddress is how long a tracker without an address of a family is left alone
// over that family.
const noAddress = time.Hour

// scrapeEvery is the time between two scrapes of a torrent at one tracker when
// nobody wishes otherwise.
const scrapeEvery = tracker.DefaultInterval

// backoff grows from 30 s to an hour.
var backoff = manners.Backoff{
	Steps: []time.Duration{30 * time.Second, time.Minute, 2 * time.Minute, 4 * time.Minute,
		8 * time.Minute, 16 * time.Minute, 32 * time.Minute, time.Hour},
	Jitter: 0.2,
}

// done frees the place of a question.
func (p *plan) done(q question) {
	q.job.at.host.inFlight--
	p.inFlight--
}

// announced plans what follows an answer to an announce.
func (p *plan) announced(q question, turn int, r tracker.Reply, now time.Time) {
	p.done(q)
	j := q.job
	j.listed = r.Outcome == outcome.OK || r.Outcome == outcome.Canceled
	p.reach(j.at, r.Result, now)
	if r.Outcome == outcome.OK {
		j.failures, j.turn = 0, turn
		if r.TrackerID != "" {
			j.trackerID = r.TrackerID
		}
	}
	due, again := p.after(j, r.Result, now)
	switch {
	case p.opt.Once || !again:
		p.announces--
	case r.Outcome == outcome.OK:
		p.due.add(j, now.Add(p.interval(r.Interval, r.MinInterval)))
	default:
		p.due.add(j, due)
	}
}

// scraped plans what follows an answer to a scrape.
func (p *plan) scraped(q question, r tracker.Replies, now time.Time) {
	p.done(q)
	j, s := q.job, q.job.at.scrape
	p.reach(j.at, r.Result, now)
	if r.Outcome == outcome.OK {
		j.failures = 0
	}
	due, again := p.after(j, r.Result, now)
	switch {
	case !again:
		s.fresh, s.again = nil, nil
		j.at.scrape = nil
		return
	case p.opt.Once:
	case r.Outcome == outcome.OK:
		s.put(q.batch, now.Add(p.interval(scrapeEvery, r.MinInterval)))
	default:
		if answered(r.Result) {
			s.batch = max(1, s.batch/2) // it may have been too long a question
		}
		s.put(q.batch, due)
	}
	s.asleep = true
	p.wakeScraper(s)
}

// after is when to come back after a failure; false means never. A tracker of
// which we only heard, and that does not have the torrent, is soon left alone.
func (p *plan) after(j *job, r tracker.Result, now time.Time) (time.Time, bool) {
	switch {
	case r.Never:
		return now, false
	case r.Outcome == outcome.OK:
		return now, true
	}
	j.failures++
	if j.at.hearsay && j.turn == 0 && j.failures >= enough {
		return now, false
	}
	due := now.Add(max(backoff.Delay(j.failures, p.opt.Random.Float64), r.Retry))
	if j.at.until.After(due) {
		due = j.at.until
	}
	return due, true
}

// reach notes whether a tracker could be reached. One that could not is left
// alone by all its torrents.
func (p *plan) reach(at *endpoint, r tracker.Result, now time.Time) {
	switch {
	case r.Outcome == outcome.Canceled, r.Outcome == outcome.LocalError, r.Outcome == outcome.Limit:
	case r.Outcome == outcome.Unsupported:
		at.failures++
		at.until = now.Add(noAddress)
	case answered(r):
		at.failures, at.reached = 0, true
	default:
		at.failures++
		at.until = now.Add(backoff.Delay(at.failures, p.opt.Random.Float64))
	}
}

// answered says that the tracker is there: what it said is about the torrent.
func answered(r tracker.Result) bool {
	switch r.Outcome {
	case outcome.OK, outcome.Failure, outcome.Malformed, outcome.TooLarge:
		return true
	case outcome.HTTPStatus:
		const serverError, tooMany = 500, 429
		return r.Status < serverError && r.Status != tooMany
	}
	return false
}

// interval is the time until the next regular question.
func (p *plan) interval(wish, least time.Duration) time.Duration {
	if p.opt.Impatient && p.opt.Every > 0 {
		return p.opt.Every
	}
	return max(wish, least, p.opt.Every)
}
