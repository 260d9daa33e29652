package announce

import (
	"container/heap"
	"net/netip"
	"time"

	"btkit/pkg/manners"
	"btkit/pkg/tracker"
)

// torrent is what is to be asked for.
type torrent struct {
	hash tracker.Hash
	left int64  // bytes; 1 if the size is not known, since 0 is a seed
	jobs []*job // its announces, one per endpoint
	at   []*endpoint
	// Its own trackers are the only ones that may be asked (BEP 27).
	private bool
}

// endpoint is one tracker over one address family.
type endpoint struct {
	url    string
	via    string // url without user and password
	family tracker.Family
	host   *host
	scrape *scraper // nil: not scraped
	// Peers or the network named it, no torrent did.
	hearsay bool
	// Its URL names a loopback address.
	loopback bool

	// Failures in a row to reach it; until then nothing is asked of it.
	failures int
	until    time.Time
	reached  bool // it has answered at least once
}

// loopback says that a tracker is on this host, as far as its URL tells.
func loopback(host string) bool {
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.Unmap().IsLoopback() || host == "localhost"
}

// job is something asked again and again: the announce of a torrent at an
// endpoint, or the endpoint's scrape.
type job struct {
	at      *endpoint
	torrent *torrent // nil for a scrape
	due     time.Time
	place   int // in the heap

	failures  int // answers in a row that were no use
	trackerID string
	turn      int  // identity under which the tracker knows us, 0 for none
	listed    bool // we may be in its list of peers
}

// jobs is a heap of what is due next.
type jobs []*job

func (j jobs) Len() int           { return len(j) }
func (j jobs) Less(a, b int) bool { return j[a].due.Before(j[b].due) }
func (j jobs) Swap(a, b int) {
	j[a], j[b] = j[b], j[a]
	j[a].place, j[b].place = a, b
}

// Push is for package heap.
func (j *jobs) Push(x any) {
	one := x.(*job)
	one.place = len(*j)
	*j = append(*j, one)
}

// Pop is for package heap.
func (j *jobs) Pop() any {
	last := len(*j) - 1
	one := (*j)[last]
	(*j)[last] = nil
	*j = (*j)[:last]
	return one
}

func (j *jobs) add(one *job, due time.Time) {
	one.due = due
	heap.Push(j, one)
}

// host is the machine behind some endpoints: it bounds how fast and how many
// questions it is asked.
type host struct {
	pace     *manners.Pace
	inFlight int
	// Scrapes go first: one answers for many torrents.
	scrapes, announces []*job
}

func (h *host) enqueue(j *job) {
	if j.torrent == nil {
		h.scrapes = append(h.scrapes, j)
	} else {
		h.announces = append(h.announces, j)
	}
}

func (h *host) waiting() int { return len(h.scrapes) + len(h.announces) }

func (h *host) dequeue() *job {
	from := &h.scrapes
	if len(*from) == 0 {
		from = &h.announces
	}
	one := (*from)[0]
	(*from)[0] = nil
	*from = (*from)[1:]
	return one
}
