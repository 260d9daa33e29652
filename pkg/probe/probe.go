package probe

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"btkit/pkg/manners"
	"btkit/pkg/record"
	"btkit/pkg/talk"
	"btkit/pkg/visit"
)

// inputRoom is how many records may wait for the loop; a full one holds the
// stream up, which is what a pipe does.
const inputRoom = 256

// eventRoom is how many events may wait for the loop before conversations
// wait with reading.
const eventRoom = 4096

// Probe visits peers. Make one with New, feed it with Hear and EOF from one
// goroutine, and let it Run in another.
type Probe struct {
	options Options
	out     *record.Writer
	nets    manners.Nets
	pace    *manners.Pace

	input  chan any // *record.Torrent, *record.Peer, *record.Listen, *record.Visit, *record.Progress
	events chan event
	eof    chan struct{}
	failed chan struct{} // closed when writing records has failed
	fail   sync.Once
	status atomic.Pointer[Status]

	fetchLock sync.Mutex // guards fetching of every torrent, and sizes learnt
	selfLock  sync.Mutex
	selfNow   talk.Self

	// What follows belongs to the loop.
	torrents  map[string]*torrent
	peers     map[place][]*peer         // at most maxPorts each
	sites     map[netip.Addr]*site      // of more than one torrent
	total     int                       // peers known
	early     map[string][]*record.Peer // of torrents not named yet
	forgotten int64                     // early ones beyond what is kept
	unread    queue                     // never had a settled reading
	revisits  queue
	inbound   map[place]int // conversations that the peer began
	active    map[place]*peer
	held      map[*peer]struct{}
	expected  map[introduction]*peer // introductions asked for
	running   int
	leaving   int // of those, asked to leave
	order     uint64
	session   uint64
	count     counters
	ctx       context.Context // of all conversations
	stopping  bool
	atEOF     bool
	wait      sync.WaitGroup // conversations
}

// New makes a probe that writes to out.
func New(o Options, out *record.Writer) *Probe {
	o.defaults()
	p := &Probe{
		options: o, out: out, nets: manners.Nets{Limit: o.PerNet}, pace: manners.NewPace(o.Rate, int(o.Rate/10)+1),
		input: make(chan any, inputRoom), events: make(chan event, eventRoom),
		eof: make(chan struct{}), failed: make(chan struct{}), selfNow: o.Self.Prepared(),
		torrents: map[string]*torrent{}, peers: map[place][]*peer{}, sites: map[netip.Addr]*site{}, early: map[string][]*record.Peer{},
		inbound: map[place]int{}, active: map[place]*peer{}, held: map[*peer]struct{}{}, expected: map[introduction]*peer{},
		count: counters{outcomes: map[string]int64{}},
	}
	p.ctx = context.Background() // until it works
	p.status.Store(&Status{Limit: o.Slots})
	return p
}

// Hear takes in a record of the stream.
func (p *Probe) Hear(line *record.Line) error {
	switch line.Type {
	case "torrent", "peer", "listen", "visit", "progress":
	default:
		return nil
	}
	r := record.New(line.Type)
	if err := line.Decode(r); err != nil {
		return err
	}
	select {
	case p.input <- r:
	case <-p.failed:
	}
	return nil
}

// EOF says that no more records will come.
func (p *Probe) EOF() { close(p.eof) }

// Work probes until the context ends or, with Once, until every peer has been
// visited. All conversations have ended and everything is written when it
// returns.
func (p *Probe) Work(ctx context.Context) error {
	defer p.fail.Do(func() { close(p.failed) })
	var cancel context.CancelFunc
	p.ctx, cancel = context.WithCancel(context.Background())
	defer cancel()
	eof := p.eof
	done := ctx.Done()
	timer := time.NewTimer(0)
	defer timer.Stop()
	for !p.finished() {
		if !p.stopping {
			p.dispatch()
		}
		p.publish()
		timer.Reset(p.untilNext())
		select {
		case r := <-p.input:
			p.take(r)
		case e := <-p.events:
			p.apply(e)
		case <-timer.C:
		case <-eof:
			eof = nil
			p.inputEnded()
		case <-done:
			done = nil
			p.stopping = true
			cancel()
		case <-p.failed:
			cancel()
			p.stopping = true
			return errors.Join(errors.New("records cannot be written"), p.out.Flush(), p.drain())
		}
		p.takeReady()
	}
	p.wait.Wait()
	return p.out.Flush()
}

// takeReady empties what is ready, so that one round of scheduling serves many
// events.
func (p *Probe) takeReady() {
	for range eventRoom {
		select {
		case r := <-p.input:
			p.take(r)
		case e := <-p.events:
			p.apply(e)
		default:
			return
		}
	}
}

func (p *Probe) drainInput() {
	for {
		select {
		case r := <-p.input:
			p.take(r)
		default:
			return
		}
	}
}

// inputEnded takes in the rest of the input. A listener before us has ended, too:
// if it could not say so of its conversations, nobody will.
func (p *Probe) inputEnded() {
	p.drainInput()
	p.atEOF = true
	clear(p.inbound)
}

// drain waits for the conversations while the loop does not.
func (p *Probe) drain() error {
	ended := make(chan struct{})
	go func() {
		p.wait.Wait()
		close(ended)
	}()
	for {
		select {
		case <-p.events:
		case <-p.input:
		case <-ended:
			return nil
		}
	}
}

// finished says whether nothing is left to do.
func (p *Probe) finished() bool {
	if p.stopping {
		return p.running == 0
	}
	return p.options.Once && p.atEOF && p.running == 0 && len(p.unread) == 0 && len(p.revisits) == 0 && len(p.events) == 0
}

// put writes a record. When that fails the loop is told to end.
func (p *Probe) put(r record.Record) {
	if err := p.out.Put(r); err != nil {
		p.fail.Do(func() { close(p.failed) })
	}
}

// self is how we present ourselves now.
func (p *Probe) self() talk.Self {
	p.selfLock.Lock()
	defer p.selfLock.Unlock()
	return p.selfNow
}

func (p *Probe) need(pieces int64) int64 {
	if p.options.Percent > 0 {
		return visit.Need(pieces, p.options.Percent)
	}
	return 0
}

// Status is what the loop says of itself.
type Status struct {
	Known, Queue, InFlight, Held, Limit int
	OK, DialBacks                       int64
	RoundS                              float64
	Outcomes                            map[string]int64
	Workload                            float64
}

func (p *Probe) publish() {
	p.count.measure(p.options.Now())
	s := &Status{Known: p.total, Queue: len(p.unread) + len(p.revisits), InFlight: p.running, Held: len(p.held),
		Limit: p.options.Slots, OK: p.count.ok, DialBacks: p.count.backs, RoundS: p.roundTime().Seconds(),
		Workload: float64(p.running) / float64(p.options.Slots)}
	if p.count.changed {
		s.Outcomes = maps.Clone(p.count.outcomes)
		p.count.changed = false
	} else {
		s.Outcomes = p.status.Load().Outcomes
	}
	p.status.Store(s)
}

// Stat is the latest state as a record.
func (p *Probe) Stat() *record.Stat {
	s := p.status.Load()
	return &record.Stat{Known: record.Int(int64(s.Known)), Queue: record.Int(int64(s.Queue)), InFlight: record.Int(int64(s.InFlight)),
		Held: record.Int(int64(s.Held)), Limit: record.Int(int64(s.Limit)), OK: record.Int(s.OK), DialBacks: record.Int(s.DialBacks), RoundS: record.Float(s.RoundS),
		Outcomes: s.Outcomes, Workload: record.Float(s.Workload)}
}

// Text is the latest state for a progress line.
func (p *Probe) Text() string {
	s := p.status.Load()
	return fmt.Sprintf("%d peers, %d open, %d held, %d waiting", s.Known, s.InFlight, s.Held, s.Queue)
}
