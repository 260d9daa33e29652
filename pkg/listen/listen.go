package listen

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
	"btkit/pkg/talk"
	"btkit/pkg/tracker"
	"btkit/pkg/transport/mse"
	"btkit/pkg/visit"
)

// acceptPause is how long to wait when taking a connection failed, as when
// descriptors have run out.
const acceptPause = 100 * time.Millisecond

// Listener is an Actor for peers that dial us.
type Listener struct {
	options Options
	out     *record.Writer
	sockets []net.Listener
	keys    mse.Keys // of the torrents, for those that call encrypted
	mse     *mse.Receiver
	failed  chan struct{} // closed when records cannot be written
	fail    sync.Once
	ended   chan struct{} // closed when no more records will come

	mu       sync.Mutex
	torrents map[[20]byte]*torrent
	open     map[netip.Addr]int
	greeting map[net.Conn]struct{} // handshake not read yet
	running  map[*talk.Conversation]struct{}
	total    int
	stopping bool
	outcomes map[string]int64

	session atomic.Uint64
	settled atomic.Int64
	wait    sync.WaitGroup
}

type torrent struct {
	*visit.Torrent
	private  *atomic.Bool // of both swarms of a hybrid torrent
	trackers *tracker.Exchange
	mu       sync.Mutex
	fetching int
	known    map[netip.AddrPort]struct{} // heard by peer exchange
}

// New makes a listener on the given sockets, of TCP and of uTP; it closes them
// when its work ends.
func New(o Options, sockets []net.Listener, out *record.Writer) *Listener {
	o.defaults()
	l := &Listener{options: o, out: out, sockets: sockets, failed: make(chan struct{}), ended: make(chan struct{}),
		torrents: map[[20]byte]*torrent{}, open: map[netip.Addr]int{}, running: map[*talk.Conversation]struct{}{},
		greeting: map[net.Conn]struct{}{},
		outcomes: map[string]int64{}}
	l.mse = mse.NewReceiver(&l.keys, mse.Options{Timeout: o.Manner.Handshake})
	return l
}

// Hear adds the torrents of the stream: only they are answered. A hybrid
// torrent has two swarms, each with its own hash (BEP 52).
func (l *Listener) Hear(line *record.Line) error {
	if line.Type != "torrent" {
		return nil
	}
	var r record.Torrent
	if err := line.Decode(&r); err != nil {
		return err
	}
	made, err := visit.NewTorrent(&r)
	if err != nil {
		return err
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.torrents[made.InfoHash]
	if t == nil {
		private := new(atomic.Bool)
		t = l.swarm(made, &r, private)
		if twin := made.Twin(); twin != nil {
			l.swarm(twin, &r, private)
		}
	}
	if r.Private != nil {
		t.private.Store(*r.Private)
	}
	t.Learn(r.Pieces, l.need(r.Pieces, r.Need), r.PieceBytes)
	return nil
}

func (l *Listener) swarm(made *visit.Torrent, r *record.Torrent, private *atomic.Bool) *torrent {
	t := &torrent{Torrent: made, known: map[netip.AddrPort]struct{}{}, private: private,
		trackers: tracker.NewExchange(r.Trackers, l.options.Allow)}
	l.torrents[made.InfoHash] = t
	l.keys.Add(made.InfoHash)
	return t
}

func (l *Listener) need(pieces, said int64) int64 {
	if l.options.Percent > 0 {
		return visit.Need(pieces, l.options.Percent)
	}
	return said
}

// EOF says that no more records will come. Peers keep coming all the same,
// unless this is one round only.
func (l *Listener) EOF() {
	if l.options.Manner.Once {
		close(l.ended)
	}
}

// Work takes connections until the context ends, or in one round until the
// input ends; then all conversations are ended and told of.
func (l *Listener) Work(ctx context.Context) error {
	var accepting sync.WaitGroup
	for _, s := range l.sockets {
		accepting.Add(1)
		go func() {
			defer accepting.Done()
			l.accept(ctx, s)
		}()
	}
	var err error
	select {
	case <-ctx.Done():
	case <-l.ended:
	case <-l.failed:
		err = errors.New("records cannot be written")
	}
	// A socket of uTP takes its conversations along when it is closed.
	l.leaveAll()
	l.wait.Wait()
	for _, s := range l.sockets {
		s.Close()
	}
	accepting.Wait()
	return errors.Join(err, l.out.Flush())
}

func (l *Listener) accept(ctx context.Context, s net.Listener) {
	for ctx.Err() == nil {
		conn, err := s.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil {
			select {
			case <-ctx.Done():
			case <-time.After(acceptPause):
			}
			continue
		}
		addr, ok := l.admit(conn)
		if !ok {
			turnAway(conn)
			continue
		}
		go func() {
			defer l.wait.Done()
			defer l.release(addr.Addr())
			l.answer(conn, addr)
		}()
	}
}

// turnAway hangs up on who is not talked to. Over uTP that is abrupt: a proper end
// takes seconds, in which strangers could fill the socket.
func turnAway(conn net.Conn) {
	if c, ok := conn.(interface{ Abort() error }); ok {
		_ = c.Abort() // it fails on what has ended already
		return
	}
	conn.Close()
}

// admit applies the limits to a new connection. Those that are over a limit
// are only counted: one record each would let strangers fill the stream.
func (l *Listener) admit(conn net.Conn) (netip.AddrPort, bool) {
	addr, err := netip.ParseAddrPort(conn.RemoteAddr().String())
	addr = netip.AddrPortFrom(addr.Addr().Unmap().WithZone(""), addr.Port())
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil, l.stopping:
		return addr, false
	case l.total >= l.options.Slots, l.open[household(addr.Addr())] >= l.options.PerAddr:
		l.outcomes[string(outcome.Limit)]++
		return addr, false
	case l.options.Allow(addr.Addr()) != nil:
		l.outcomes[string(outcome.Denied)]++
		return addr, false
	}
	l.total++
	l.open[household(addr.Addr())]++
	l.wait.Add(1)
	return addr, true
}

// hasRoom says whether a tenth of the slots is free, so that those who say
// something find one.
func (l *Listener) hasRoom() bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.total <= l.options.Slots-max(1, l.options.Slots/10)
}

// household is what the limit per address goes by: an IPv6 network of 64 bits is
// handed out like one IPv4 address.
func household(ip netip.Addr) netip.Addr {
	if ip.Is6() {
		if net, err := ip.Prefix(64); err == nil {
			return net.Addr()
		}
	}
	return ip
}

func (l *Listener) release(ip netip.Addr) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.total--
	at := household(ip)
	if l.open[at]--; l.open[at] <= 0 {
		delete(l.open, at)
	}
}

// leaveAll asks every conversation to end, also those that begin meanwhile.
func (l *Listener) leaveAll() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.stopping = true
	for conn := range l.greeting {
		conn.Close()
	}
	for c := range l.running {
		c.Leave()
	}
}

func (l *Listener) begin(c *talk.Conversation) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.running[c] = struct{}{}
	if l.stopping {
		c.Leave()
	}
}

func (l *Listener) end(c *talk.Conversation, how string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	delete(l.running, c)
	l.outcomes[how]++
}

func (l *Listener) count(how outcome.Outcome) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.outcomes[string(how)]++
}

func (l *Listener) find(hash [20]byte) *torrent {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.torrents[hash]
}

// put writes a record. When that fails the work ends.
func (l *Listener) put(r record.Record) {
	if err := l.out.Put(r); err != nil {
		l.fail.Do(func() { close(l.failed) })
	}
}

// Stat is the state as a record.
func (l *Listener) Stat() *record.Stat {
	l.mu.Lock()
	defer l.mu.Unlock()
	outcomes := make(map[string]int64, len(l.outcomes))
	for how, n := range l.outcomes {
		outcomes[how] = n
	}
	return &record.Stat{Known: record.Int(int64(len(l.torrents))), InFlight: record.Int(int64(l.total)),
		Limit: record.Int(int64(l.options.Slots)), OK: record.Int(l.settled.Load()), Outcomes: outcomes,
		Workload: record.Float(float64(l.total) / float64(l.options.Slots))}
}

// Text is the state for a progress line.
func (l *Listener) Text() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Sprintf("%d in", l.total)
}
