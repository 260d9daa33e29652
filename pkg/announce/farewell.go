package announce

import (
	"context"
	"sync"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/tracker"
)

// leaveTime is how long taking leave of all trackers may take.
const leaveTime = 5 * time.Second

// farewell tells every tracker that lists us that we stop: all hosts at once,
// a few questions at each, names from the cache, and never longer than
// leaveTime. What could not be said by then stays unsaid.
func (s *Source) farewell(ctx context.Context) {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), leaveTime)
	defer cancel()
	perHost := map[*host][]*job{}
	total := 0
	for _, t := range s.plan.torrents {
		for _, j := range t.jobs {
			if j.listed {
				perHost[j.at.host] = append(perHost[j.at.host], j)
				total++
			}
		}
	}
	answers := make(chan answer) // unbuffered: the records are written as they come
	slots := make(chan struct{}, s.opt.AtOnce)
	var leaving sync.WaitGroup
	for _, list := range perHost {
		s.leave(ctx, list, slots, answers, &leaving)
	}
	go func() { leaving.Wait(); close(answers) }()
	said := 0
	for a := range answers {
		s.reportAnnounce(a)
		if a.reply.Outcome == outcome.OK {
			said++
		}
	}
	if said < total {
		s.opt.Log.Warn("some trackers still list us: they did not hear \"stopped\" in time", "questions", total-said)
	}
}

// leave shares the jobs of a host among its workers.
func (s *Source) leave(ctx context.Context, list []*job, slots chan struct{}, answers chan<- answer, leaving *sync.WaitGroup) {
	left := make(chan *job, len(list)) // all of them, so that filling it does not wait
	for _, j := range list {
		left <- j
	}
	close(left)
	for range min(s.opt.PerHost, len(list)) {
		leaving.Go(func() {
			for j := range left {
				select {
				case slots <- struct{}{}:
				case <-ctx.Done():
					return
				}
				answers <- s.stopped(ctx, j)
				<-slots
			}
		})
	}
}

func (s *Source) stopped(ctx context.Context, j *job) answer {
	r := s.request(j)
	r.Event, r.NumWant, r.CachedDNS = tracker.Stopped, 0, true
	reply := s.opt.Asker.Announce(ctx, r)
	return answer{question: question{job: j}, ask: "stopped", at: s.opt.Now(), reply: &reply}
}
