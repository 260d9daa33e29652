package announce

import "time"

// scrapeSlack is how much earlier than due a torrent is asked for when its
// tracker is asked for others anyway.
const scrapeSlack = time.Minute

// scraper holds the torrents of one endpoint by when they are to be asked for.
type scraper struct {
	job   *job
	batch int
	// Both in order of their time: fresh were never asked for, again were.
	fresh, again []entry
	asleep       bool // the job is in no queue
}

type entry struct {
	torrent *torrent
	due     time.Time
}

// next is when there is something to ask; false if there never is.
func (s *scraper) next() (time.Time, bool) {
	switch {
	case len(s.fresh) > 0 && (len(s.again) == 0 || s.fresh[0].due.Before(s.again[0].due)):
		return s.fresh[0].due, true
	case len(s.again) > 0:
		return s.again[0].due, true
	}
	return time.Time{}, false
}

// take removes a batch of those that are due, or nearly.
func (s *scraper) take(now time.Time) []*torrent {
	var some []*torrent
	for _, from := range []*[]entry{&s.fresh, &s.again} {
		for len(*from) > 0 && len(some) < s.batch && !(*from)[0].due.After(now.Add(scrapeSlack)) {
			some = append(some, (*from)[0].torrent)
			*from = (*from)[1:]
		}
	}
	return some
}

// put sets torrents back. All come back after the same time, so the order by
// time holds, but for back-offs of different length, which take does not mind:
// one that is behind another waits a little longer.
func (s *scraper) put(some []*torrent, due time.Time) {
	for _, t := range some {
		s.again = append(s.again, entry{t, due})
	}
}
