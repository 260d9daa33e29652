package announce

import (
	"context"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"btkit/pkg/record"
	"btkit/pkg/tracker"
)

// Source asks trackers and writes what they answer. Hear, EOF and Run are
// called by the frame of a command, each from one goroutine.
type Source struct {
	opt  Options
	plan *plan
	who  *identity
	seen *seen

	locals  locals
	unasked map[string]bool // URLs that cannot be asked and were recorded as such
	denied  bool            // people have been told that our rules forbid all trackers

	heard   chan note     // a few: the reader may run ahead of the loop a little
	eof     chan struct{} // closed by EOF
	done    chan struct{} // closed when Run has returned
	answers chan answer   // room for all questions and searches under way, so that no asker blocks
	asking  sync.WaitGroup
	failed  error // the first record that could not be written

	mu    sync.Mutex
	stats stats
}

// note is what the loop needs of a record.
type note struct {
	torrent *record.Torrent
	hash    tracker.Hash
	listen  *record.Listen
}

// answer is a question with what came of it; one of the replies is set, unless
// ask is askLocal.
type answer struct {
	question
	turn    int
	ask     string
	at      time.Time
	reply   *tracker.Reply
	replies *tracker.Replies
	// Of a search for local trackers.
	local []string
	err   error
}

// New makes a source.
func New(o Options) *Source {
	o = o.orDefaults()
	const ahead = 64
	return &Source{
		opt: o, plan: newPlan(o), who: newIdentity(o), seen: newSeen(maxSeen),
		heard: make(chan note, ahead), eof: make(chan struct{}), done: make(chan struct{}),
		answers: make(chan answer, o.AtOnce+maxExternals),
		locals:  locals{find: o.FindLocal, tried: map[netip.Addr]bool{}},
		unasked: map[string]bool{},
		stats:   stats{outcomes: map[string]int64{}},
	}
}

// Hear takes torrent and listen records; others are passed over.
func (s *Source) Hear(line *record.Line) error {
	var n note
	switch line.Type {
	case "torrent":
		n.torrent = new(record.Torrent)
		if err := line.Decode(n.torrent); err != nil {
			return err
		}
		var ok bool
		if n.hash, ok = hash(n.torrent.InfoHash); !ok {
			return fmt.Errorf("%w: torrent: member \"infohash\": expected 40 hex digits", record.ErrNotRecord)
		}
	case "listen":
		n.listen = new(record.Listen)
		if err := line.Decode(n.listen); err != nil {
			return err
		}
		if err := checkListen(n.listen); err != nil {
			return err
		}
	default:
		return nil
	}
	select {
	case s.heard <- n:
	case <-s.done:
	}
	return nil
}

// EOF says that no record will come any more.
func (s *Source) EOF() { close(s.eof) }

// Run asks until the context ends or nothing is left to ask, takes leave of
// the trackers and returns. The error is of a record that could not be written.
func (s *Source) Run(ctx context.Context) error {
	defer close(s.done)
	asking, stop := context.WithCancel(ctx)
	defer stop()
	s.loop(asking)
	stop()
	s.asking.Wait()
	for len(s.answers) > 0 {
		s.take(asking, <-s.answers)
	}
	s.farewell(ctx)
	return s.failed
}

// loop owns the plan.
func (s *Source) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	eof, ended := s.eof, false
	for _, external := range s.opt.External {
		s.locate(ctx, external)
	}
	for s.failed == nil {
		s.start(ctx)
		if ended && s.plan.idle() && len(s.heard) == 0 && s.locals.pending == 0 {
			return
		}
		s.sleep(timer)
		select {
		case n := <-s.heard:
			s.note(n)
		case a := <-s.answers:
			s.take(ctx, a)
		case <-eof:
			eof, ended = nil, true
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

// sleep sets the timer to when the plan has something to do.
func (s *Source) sleep(timer *time.Timer) {
	timer.Stop()
	if wait, ok := s.plan.wake(s.opt.Now()); ok {
		timer.Reset(wait)
	}
}

// note takes over what a record says.
func (s *Source) note(n note) {
	if n.listen != nil {
		s.who.hear(n.listen)
		return
	}
	t, fresh := s.plan.torrent(n.hash)
	if t == nil {
		s.noRoom(n, 1)
		return
	}
	r := n.torrent
	if r.Bytes > 0 {
		t.left = r.Bytes
	}
	t.private = t.private || r.Private != nil && *r.Private
	hearsay := r.Source == "tex" || r.Source == askLocal
	if hearsay && t.private {
		return
	}
	urls, bad := tracker.Flatten(r.Trackers)
	s.reportUnasked(r.InfoHash, bad)
	if full := s.plan.more(t, urls, hearsay, s.opt.Now()); full > 0 {
		s.noRoom(n, full)
	}
	if fresh {
		s.addLocal(t, s.locals.urls)
	}
}

func (s *Source) noRoom(n note, number int) {
	s.opt.Dropped(int64(number))
	s.opt.Log.Warn("no room for a torrent or its trackers", "torrent", n.torrent.InfoHash, "number", number)
}

// start asks what the plan says may be asked now.
func (s *Source) start(ctx context.Context) {
	for _, q := range s.plan.next(s.opt.Now()) {
		ask := s.announce
		if q.job.torrent == nil {
			ask = s.scrape
		}
		s.begin(ask(ctx, q))
	}
	s.count()
}

// begin runs a question beside the loop.
func (s *Source) begin(ask func() answer) {
	s.asking.Go(func() { s.answers <- ask() })
}

func (s *Source) announce(ctx context.Context, q question) func() answer {
	r := s.request(q.job)
	if q.job.turn != s.who.turn {
		r.Event = tracker.Started
	}
	turn := s.who.turn
	return func() answer {
		reply := s.opt.Asker.Announce(ctx, r)
		return answer{question: q, turn: turn, ask: "announce", at: s.opt.Now(), reply: &reply}
	}
}

func (s *Source) request(j *job) tracker.Request {
	return tracker.Request{URL: j.at.url, Family: j.at.family, From: s.who.sender(j.at), InfoHash: j.torrent.hash, PeerID: s.who.id,
		Port: s.who.ports[j.at.family], Left: j.torrent.left, Key: s.who.key, NumWant: s.opt.NumWant, TrackerID: j.trackerID, SupportCrypto: true}
}

func (s *Source) scrape(ctx context.Context, q question) func() answer {
	r := tracker.ScrapeRequest{URL: q.job.at.url, Family: q.job.at.family, From: s.who.sender(q.job.at)}
	for _, t := range q.batch {
		r.Hashes = append(r.Hashes, t.hash)
	}
	return func() answer {
		replies := s.opt.Asker.Scrape(ctx, r)
		return answer{question: q, ask: "scrape", at: s.opt.Now(), replies: &replies}
	}
}

// take writes what an answer says and plans what follows.
func (s *Source) take(ctx context.Context, a answer) {
	switch {
	case a.ask == askLocal:
		s.located(a)
	case a.replies != nil:
		s.reportScrape(a)
		s.plan.scraped(a.question, *a.replies, s.opt.Now())
	default:
		s.reportAnnounce(a)
		s.plan.announced(a.question, a.turn, *a.reply, s.opt.Now())
		s.learn(ctx, a.reply.ExternalIP)
	}
	s.remarkDenied()
}
