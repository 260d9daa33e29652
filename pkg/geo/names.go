package geo

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"btkit/pkg/manners"
	"btkit/pkg/outcome"
	"btkit/pkg/record"
)

const (
	// nameWorkers bounds the questions under way at once: at 5 s each they
	// still allow 6 lost questions per second beside the answered ones.
	nameWorkers = 32
	// nameTimeout ends one question.
	nameTimeout = 5 * time.Second
	// keptNames bounds the answers remembered, at about 100 bytes each.
	keptNames = 1 << 17
	// maxAsked bounds the addresses that wait for their question.
	maxAsked = 1 << 18
	// Answers are asked for again after these times.
	keepFound  = 24 * time.Hour
	keepFailed = time.Hour
)

// Resolver asks the DNS for the names of an address; *net.Resolver does.
type Resolver interface {
	LookupAddr(ctx context.Context, addr string) ([]string, error)
}

// ResolverAt asks the DNS server at host:port and no other; without one it
// asks those that the system is set up for.
func ResolverAt(server string) *net.Resolver {
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, address string) (net.Conn, error) {
		if server != "" {
			address = server
		}
		var d net.Dialer
		conn, err := d.DialContext(ctx, network, address)
		if err == nil {
			// The resolver heeds the context's deadline, but not its end.
			context.AfterFunc(ctx, func() { conn.SetDeadline(time.Unix(1, 0)) })
		}
		return conn, err
	}}
}

// NamesOptions say how names are asked for.
type NamesOptions struct {
	Resolver Resolver
	// PerSecond bounds the questions per second, 0 for no bound.
	PerSecond float64
	// Allow refuses addresses that are not asked about; nil asks about all.
	Allow func(netip.Addr) error
	// Now tells the time.
	Now func() time.Time
	// Found is given every answer, from several goroutines.
	Found func(*record.Host)
}

// Names finds the registrable domains of addresses in the background. It is
// safe for concurrent use. Close it in the end.
type Names struct {
	options NamesOptions
	pace    *manners.Pace
	ctx     context.Context // ends when nobody waits for answers any more
	cancel  context.CancelFunc
	workers sync.WaitGroup

	mu      sync.Mutex
	changed sync.Cond // queue, closing or pending changed
	known   *recent[netip.Addr, answer]
	pending map[netip.Addr]bool // queued or being asked
	queue   []netip.Addr
	closing bool
	dropped int64
}

// answer is what is remembered of a question.
type answer struct {
	domain  string
	expires time.Time
}

// NewNames starts the workers.
func NewNames(o NamesOptions) *Names {
	n := &Names{options: o, pace: manners.NewPace(o.PerSecond, nameWorkers),
		known: newRecent[netip.Addr, answer](keptNames), pending: make(map[netip.Addr]bool)}
	n.changed.L = &n.mu
	n.ctx, n.cancel = context.WithCancel(context.Background())
	for range nameWorkers {
		n.workers.Go(n.work)
	}
	return n
}

// Domain gives the domain of an address if it is known, and else an empty
// text. It never waits: what it does not know is asked for in the background,
// and Found is told.
func (n *Names) Domain(addr netip.Addr) string {
	addr = addr.Unmap().WithZone("")
	now := n.options.Now()
	n.mu.Lock()
	defer n.mu.Unlock()
	known, ok := n.known.get(addr)
	if ok && now.Before(known.expires) {
		return known.domain
	}
	n.ask(addr)
	return known.domain
}

// ask queues a question.
func (n *Names) ask(addr netip.Addr) {
	if n.pending[addr] || n.closing || n.options.Allow != nil && n.options.Allow(addr) != nil {
		return
	}
	if len(n.pending) >= maxAsked {
		n.dropped++
		return
	}
	n.pending[addr] = true
	n.queue = append(n.queue, addr)
	n.changed.Signal()
}

// Pending is the number of addresses whose answer is still to come.
func (n *Names) Pending() int {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.pending)
}

// Close waits until every question is answered or live ends, and returns how
// many addresses were left without one.
func (n *Names) Close(live context.Context) (dropped int64) {
	n.mu.Lock()
	n.closing = true
	n.changed.Broadcast()
	n.mu.Unlock()
	stop := context.AfterFunc(live, n.cancel)
	n.workers.Wait()
	stop()
	n.cancel()
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.dropped + int64(len(n.pending))
}

func (n *Names) work() {
	for {
		addr, ok := n.next()
		if !ok || !n.wait() {
			return
		}
		if host := n.lookup(addr); host != nil {
			n.settle(addr, host)
			n.options.Found(host)
		}
	}
}

// next takes an address from the queue; false when there will be none.
func (n *Names) next() (addr netip.Addr, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for len(n.queue) == 0 && !n.closing {
		n.changed.Wait()
	}
	if len(n.queue) == 0 {
		return addr, false
	}
	addr, n.queue = n.queue[0], n.queue[1:]
	return addr, true
}

// wait keeps the pace; false when nobody waits for answers any more.
func (n *Names) wait() bool {
	for n.ctx.Err() == nil {
		now := n.options.Now()
		if n.pace.Take(now) {
			return true
		}
		select {
		case <-n.ctx.Done():
		case <-time.After(n.pace.Next(now)):
		}
	}
	return false
}

// lookup asks for one address; nil if it was called off.
func (n *Names) lookup(addr netip.Addr) *record.Host {
	ctx, cancel := context.WithTimeout(n.ctx, nameTimeout)
	defer cancel()
	start := n.options.Now()
	names, err := n.options.Resolver.LookupAddr(ctx, addr.String())
	if n.ctx.Err() != nil {
		return nil
	}
	end := n.options.Now()
	host := &record.Host{IP: addr, Outcome: string(outcomeOf(err)), TookMS: float64(end.Sub(start)) / float64(time.Millisecond)}
	host.TS = end
	// A reverse zone may hold several names; the same one is taken each time.
	slices.Sort(names)
	for _, name := range names {
		if host.Domain = Domain(name); host.Domain != "" {
			break
		}
	}
	return host
}

func outcomeOf(err error) outcome.Outcome {
	var dns *net.DNSError
	if errors.As(err, &dns) && dns.IsNotFound {
		return outcome.NotFound
	}
	return outcome.Of(err)
}

// settle remembers an answer. A failed question takes nothing back.
func (n *Names) settle(addr netip.Addr, host *record.Host) {
	keep := keepFound
	if host.Outcome != string(outcome.OK) {
		keep = keepFailed
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	old, _ := n.known.get(addr)
	if host.Outcome != string(outcome.OK) && host.Outcome != string(outcome.NotFound) {
		host.Domain = old.domain
	}
	n.known.put(addr, answer{domain: host.Domain, expires: host.TS.Add(keep)})
	delete(n.pending, addr)
}
