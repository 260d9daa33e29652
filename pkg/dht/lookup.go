package dht

import (
	"context"
	"sync"
	"time"

	"btkit/pkg/outcome"
)

// lookup is one iterative get_peers (BEP 5). One goroutine owns it; those that
// wait for answers send them to it.
type lookup struct {
	net    *network
	plan   plan
	target ID
	found  func(Found)

	cands   *candidates
	harvest *harvest
	flights map[*candidate]*flight
	answers chan answer // room for every flight, so that no sender ever waits
	waiting sync.WaitGroup

	result    Result
	barren    int                     // nodes in a row, past the closest ones, without a new peer
	explored  int                     // questions for more nodes
	fruitless int                     // of them in a row, without a new node
	denied    bool                    // there are bootstrap nodes that must not be contacted
	booted    bool                    // the bootstrap nodes are among the candidates
	full      bool                    // no place for another query was free
	errs      map[outcome.Outcome]int // failures by outcome
}

// flight is a query that is open.
type flight struct {
	ask  ask
	sent time.Time
}

func newLookup(net *network, p plan, target ID, found func(Found)) *lookup {
	return &lookup{
		net: net, plan: p, target: target, found: found,
		cands: newCandidates(target, net.allow), harvest: newHarvest(net.allow),
		flights: map[*candidate]*flight{}, answers: make(chan answer, maxFlights),
		errs: map[outcome.Outcome]int{},
	}
}

// run asks nodes until the closest ones have answered, the limits of the plan
// are reached or the context ends.
func (l *lookup) run(ctx context.Context) Result {
	l.result = Result{Target: l.target, Family: l.net.family, Started: time.Now()}
	l.begin(ctx)
	inner, cancel := context.WithDeadline(ctx, l.result.Started.Add(l.plan.limit))
	l.loop(inner)
	cancel()
	l.waiting.Wait()
	return l.finish(ctx)
}

// begin collects the nodes to start from: known ones near the target and, when
// they are few, the bootstrap nodes.
func (l *lookup) begin(ctx context.Context) {
	for _, n := range l.net.known.closest(l.target, 2*closestK) {
		l.cands.add(n.Node)
		if c := l.cands.byAddr[n.Addr]; c != nil {
			c.old = n.old
		}
	}
	if len(l.cands.list) < closestK {
		l.bootstrap(ctx)
	}
}

// bootstrap adds the bootstrap nodes, and says whether there are any that
// have not been asked.
func (l *lookup) bootstrap(ctx context.Context) (more bool) {
	l.booted = true
	addrs, err := l.net.boot.addresses(ctx)
	if err != nil {
		l.result.Message = err.Error()
	}
	for _, addr := range addrs {
		switch {
		case familyOf(addr.Addr()) != l.net.family:
		case l.net.allow(addr.Addr()) != nil:
			l.denied = true
		default:
			more = l.cands.addBootstrap(addr) || more
		}
	}
	return more
}

func (l *lookup) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for {
		now := time.Now()
		l.age(now)
		l.start(ctx, now)
		wake, more := l.wake(now)
		if !more && l.result.Answered == 0 && !l.booted && l.bootstrap(ctx) {
			continue // every known node is gone
		}
		if !more {
			return
		}
		timer.Reset(max(wake.Sub(now), time.Millisecond))
		select {
		case a := <-l.answers:
			l.take(a)
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

// age gives up hope, for now, of nodes that are silent for long.
func (l *lookup) age(now time.Time) {
	for n, f := range l.flights {
		if n.state == asked && now.Sub(f.sent) >= staleAfter {
			n.state = stale
		}
	}
}

// start sends as many queries as may be open.
func (l *lookup) start(ctx context.Context, now time.Time) {
	for l.mayStart(now) {
		q, ok := l.choose(now)
		if !ok {
			return
		}
		select {
		case l.net.open <- struct{}{}:
		default:
			l.full = true
			return
		}
		at, wait := l.net.book(q.node.Addr, now)
		if wait > 0 {
			<-l.net.open
			l.putOff(q, now, wait)
			continue
		}
		l.launch(ctx, q, at)
	}
}

// mayStart says whether another query may be open: four quick ones, more when
// nodes are slow to answer.
func (l *lookup) mayStart(now time.Time) bool {
	quick, slow := 0, 0
	for _, f := range l.flights {
		switch age := now.Sub(f.sent); {
		case age < slowAfter:
			quick++
		case age < staleAfter:
			slow++
		}
	}
	l.full = false
	return quick < alpha && quick+slow < maxAlpha && len(l.flights) < maxFlights && l.result.Queries < l.plan.queries
}

// choose picks the next question: to the closest node not asked yet, or else
// again to one that has more to tell, or else for more nodes.
func (l *lookup) choose(now time.Time) (question, bool) {
	if n := l.cands.next(l.width(), now); n != nil {
		return question{n, askScrape, l.target}, true
	}
	for _, n := range l.cands.list {
		if n.again == askNothing || !l.idle(n, now) {
			continue
		}
		if n.again == askControl {
			return question{n, askControl, RandomID()}, true
		}
		return question{n, n.again, l.target}, true
	}
	return l.exploration(now)
}

// idle says whether a node that is alive may be asked once more now.
func (l *lookup) idle(n *candidate, now time.Time) bool {
	return n.state == alive && l.flights[n] == nil && !n.notBefore.After(now)
}

// width is how many live nodes are to answer: those of the plan, and only the
// closest once widening has brought nothing new for long.
func (l *lookup) width() int {
	if l.barren >= l.plan.patience {
		return closestK
	}
	return l.plan.width
}

// putOff leaves a node for later, or out if its turn is too far away.
func (l *lookup) putOff(q question, now time.Time, wait time.Duration) {
	n := q.node
	n.notBefore = now.Add(wait)
	if wait <= maxPutOff || q.ask == askExplore {
		return
	}
	l.cands.refused["busy"]++
	if n.state == unasked {
		n.state = skipped
	}
	l.release(n)
	n.again = askNothing
}

func (l *lookup) launch(ctx context.Context, q question, at time.Time) {
	n := q.node
	if n.state == unasked {
		n.state = asked
		l.result.Queried++
	}
	if q.ask == askExplore {
		l.explored++
	}
	n.asks++
	l.result.Queries++
	l.flights[n] = &flight{ask: q.ask, sent: at}
	l.waiting.Add(1)
	go func() {
		defer l.waiting.Done()
		a := l.net.query(ctx, n.Addr, q, at)
		<-l.net.open
		l.answers <- a
	}()
}

// wake gives the next time at which something is to be done even if no answer
// comes, and says whether there is anything left to do.
func (l *lookup) wake(now time.Time) (wake time.Time, more bool) {
	sooner := func(t time.Time) {
		if t.After(now) && (!more || t.Before(wake)) {
			wake, more = t, true
		}
	}
	for _, f := range l.flights {
		switch age := now.Sub(f.sent); {
		case age < slowAfter:
			sooner(f.sent.Add(slowAfter))
		case age < staleAfter:
			sooner(f.sent.Add(staleAfter))
		}
	}
	if l.result.Queries >= l.plan.queries {
		return wake, more
	}
	if l.full || len(l.flights) >= maxFlights && l.cands.next(l.width(), now) != nil {
		sooner(now.Add(fullPause))
	}
	if later := l.cands.waiting(l.width()); !later.IsZero() {
		sooner(later)
	}
	exploring := l.exploring()
	for _, n := range l.cands.list {
		if n.state == alive && (n.again != askNothing || exploring) && l.flights[n] == nil {
			sooner(n.notBefore)
		}
	}
	return wake, more
}
