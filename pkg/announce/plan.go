package announce

import (
	"container/heap"
	"slices"
	"time"

	"btkit/pkg/manners"
	"btkit/pkg/tracker"
)

// Bounds on what a plan holds.
const (
	maxTorrents  = 200_000
	maxTrackers  = 64 // of one torrent
	maxEndpoints = 20_000
)

// gather is how long the first questions about a torrent wait: a listen record
// may follow it down the line, and other torrents of the same tracker.
const gather = 300 * time.Millisecond

// plan is the schedule. It has no clock, no socket and no goroutine; its owner
// tells it the time and what came of the questions.
type plan struct {
	opt       Options
	torrents  map[tracker.Hash]*torrent
	endpoints map[string]*endpoint
	hosts     map[string]*host
	ready     []*host // those with something waiting
	due       jobs
	inFlight  int
	announces int // jobs that are not given up
	skipped   int64
}

func newPlan(o Options) *plan {
	return &plan{opt: o, torrents: map[tracker.Hash]*torrent{}, endpoints: map[string]*endpoint{}, hosts: map[string]*host{}}
}

// torrent gives a torrent, which is new if its hash is; nil if there is no room.
func (p *plan) torrent(hash tracker.Hash) (t *torrent, fresh bool) {
	if t := p.torrents[hash]; t != nil {
		return t, false
	}
	if len(p.torrents) >= maxTorrents {
		return nil, false
	}
	t = &torrent{hash: hash, left: 1}
	p.torrents[hash] = t
	return t, true
}

// more gives trackers to a torrent and says how many did not fit. Hearsay are
// those that are not from the torrent itself.
func (p *plan) more(t *torrent, urls []string, hearsay bool, now time.Time) (full int) {
	for _, url := range urls {
		for _, f := range tracker.Families(url, p.opt.Families) {
			if !p.attach(t, url, f, hearsay, now) {
				full++
			}
		}
	}
	return full
}

// attach makes a torrent known at an endpoint, once.
func (p *plan) attach(t *torrent, url string, f tracker.Family, hearsay bool, now time.Time) bool {
	at := p.endpoint(url, f, hearsay)
	if at == nil || !slices.Contains(t.at, at) && len(t.at) >= 2*maxTrackers {
		return false
	}
	if slices.Contains(t.at, at) {
		return true
	}
	t.at = append(t.at, at)
	if !p.opt.ScrapeOnly {
		one := &job{at: at, torrent: t}
		t.jobs = append(t.jobs, one)
		p.announces++
		p.due.add(one, now.Add(gather))
	}
	if at.scrape != nil {
		at.scrape.fresh = append(at.scrape.fresh, entry{t, now.Add(gather)})
		p.wakeScraper(at.scrape)
	}
	return true
}

func (p *plan) endpoint(url string, f tracker.Family, hearsay bool) *endpoint {
	key := string(f) + " " + url
	at := p.endpoints[key]
	if at != nil {
		at.hearsay = at.hearsay && hearsay
		return at
	}
	if len(p.endpoints) >= maxEndpoints {
		return nil
	}
	at = &endpoint{url: url, via: tracker.Redact(url), family: f, host: p.host(tracker.Host(url)), hearsay: hearsay, loopback: loopback(tracker.Host(url))}
	if batch := tracker.Batch(url); batch > 0 && !p.opt.NoScrape {
		at.scrape = &scraper{job: &job{at: at}, batch: batch, asleep: true}
	}
	p.endpoints[key] = at
	return at
}

func (p *plan) host(name string) *host {
	h := p.hosts[name]
	if h == nil {
		h = &host{pace: manners.NewPace(p.opt.Rate, p.opt.Burst)}
		p.hosts[name] = h
	}
	return h
}

// wakeScraper puts a sleeping scraper into the schedule if it has work.
func (p *plan) wakeScraper(s *scraper) {
	if due, ok := s.next(); ok && s.asleep {
		s.asleep = false
		p.due.add(s.job, due)
	}
}

// question is a job on its way. Batch is for scrapes.
type question struct {
	job   *job
	batch []*torrent
}

// next gives the questions that may be asked now.
func (p *plan) next(now time.Time) []question {
	for len(p.due) > 0 && !p.due[0].due.After(now) {
		p.enqueue(heap.Pop(&p.due).(*job), now)
	}
	var out []question
	for i := 0; i < len(p.ready); {
		h := p.ready[i]
		out = p.serve(h, now, out)
		if h.waiting() == 0 {
			p.ready = slices.Delete(p.ready, i, i+1)
		} else {
			i++
		}
	}
	if len(p.ready) > 1 { // whom the limit in all left out comes first next time
		p.ready = append(p.ready[1:], p.ready[0])
	}
	return out
}

// enqueue hands a job that is due to its host, unless its tracker is to be
// left alone for now.
func (p *plan) enqueue(j *job, now time.Time) {
	if p.holdBack(j, now) {
		return
	}
	if j.at.host.waiting() == 0 {
		p.ready = append(p.ready, j.at.host)
	}
	j.at.host.enqueue(j)
}

// enough is how many failures in a row make us give up where we don't go on
// trying.
const enough = 3

// holdBack puts a job off while its tracker cannot be reached. A single round
// waits for nobody, and hearsay is not worth many tries: there the job is given
// up.
func (p *plan) holdBack(j *job, now time.Time) bool {
	switch {
	case (p.opt.Once || j.at.hearsay) && j.at.failures >= enough && !j.at.reached:
		p.giveUp(j)
		return true
	case !p.opt.Once && j.at.until.After(now):
		p.due.add(j, j.at.until)
		return true
	}
	return false
}

// giveUp forgets a job.
func (p *plan) giveUp(j *job) {
	if j.torrent != nil {
		p.announces--
		p.skipped++
		return
	}
	s := j.at.scrape
	p.skipped += int64(len(s.fresh) + len(s.again))
	s.fresh, s.again, s.asleep = nil, nil, true
}

// serve takes from a host's queue as much as its limits allow.
func (p *plan) serve(h *host, now time.Time, out []question) []question {
	for h.waiting() > 0 && h.inFlight < p.opt.PerHost && p.inFlight < p.opt.AtOnce && h.pace.Next(now) == 0 {
		q, ok := p.prepare(h.dequeue(), now)
		if !ok {
			continue
		}
		h.pace.Take(now)
		h.inFlight++
		p.inFlight++
		out = append(out, q)
	}
	return out
}

// prepare makes a question of a job, unless there is nothing to ask now.
func (p *plan) prepare(j *job, now time.Time) (question, bool) {
	if p.holdBack(j, now) {
		return question{}, false
	}
	if j.torrent != nil {
		return question{job: j}, true
	}
	s := j.at.scrape
	batch := s.take(now)
	if len(batch) == 0 {
		s.asleep = true
		p.wakeScraper(s)
	}
	return question{job: j, batch: batch}, len(batch) > 0
}

// wake is how long the plan may sleep from now on: until a job is due or the
// pace of a host allows another question. False means until something happens.
func (p *plan) wake(now time.Time) (time.Duration, bool) {
	wait, ok := time.Duration(0), false
	sooner := func(d time.Duration) {
		if !ok || d < wait {
			wait, ok = max(d, 0), true
		}
	}
	if len(p.due) > 0 {
		sooner(p.due[0].due.Sub(now))
	}
	for _, h := range p.ready {
		if h.inFlight < p.opt.PerHost && p.inFlight < p.opt.AtOnce {
			sooner(h.pace.Next(now))
		}
	}
	return wait, ok
}

// idle says that nothing is under way and nothing will ever be due.
func (p *plan) idle() bool {
	return p.inFlight == 0 && len(p.due) == 0 && len(p.ready) == 0
}
