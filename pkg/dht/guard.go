package dht

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"btkit/pkg/benc"
	"btkit/pkg/outcome"
)

// maxReadPause bounds the wait after a socket's read error.
const maxReadPause = time.Second

// guard stands between the library and the socket, because the library panics
// on read errors and on some answers (a compact address of one byte), numbers
// its transactions in order and drops whole answers for one odd entry.
//
// Outgoing queries get a random transaction id. Incoming datagrams are read
// here; only those that answer an open query go on, as a bare message that
// says no more than "answered". What the answer holds stays with the call.
type guard struct {
	conn datagrams
	own  ID // answers that claim our own id are mirrors

	mu      sync.Mutex
	open    map[callKey]*call
	closed  bool
	dropped GuardCounts

	quit chan struct{} // closed by Close
	done chan struct{} // closed when the last read has failed for good
	once sync.Once
}

// GuardCounts counts datagrams that were thrown away.
type GuardCounts struct {
	Malformed   int64 // not bounded bencode, or no response
	Unasked     int64 // answers to nothing that is open, and queries
	ReadErrors  int64 // of the socket
	WriteErrors int64
}

func newGuard(conn datagrams, own ID) *guard {
	return &guard{conn: conn, own: own, open: map[callKey]*call{},
		quit: make(chan struct{}), done: make(chan struct{})}
}

// WriteTo sends a query of the library. The address is a call.
func (g *guard) WriteTo(b []byte, addr net.Addr) (int, error) {
	to, ok := addr.(callAddr)
	if !ok {
		return 0, fmt.Errorf("send to %v: not a query of ours", addr)
	}
	c := to.call
	query, _, _, err := benc.Parse(b, limits)
	if err != nil {
		return 0, fmt.Errorf("read own query: %w", err)
	}
	tid := g.register(c, query.Get("t").Text())
	out, err := benc.Encode(map[string]benc.RawMessage{
		"a": query.Get("a").Raw(), "q": query.Get("q").Raw(), "ro": []byte("i1e"),
		"t": []byte("4:" + string(tid[:])), "y": []byte("1:q"),
	})
	if err != nil {
		return 0, fmt.Errorf("write query: %w", err)
	}
	_, err = g.conn.WriteTo(out, net.UDPAddrFromAddrPort(c.to))
	g.mu.Lock()
	defer g.mu.Unlock()
	c.sent, c.err = time.Now(), err
	if err != nil {
		g.dropped.WriteErrors++
		return 0, err
	}
	return len(b), nil
}

// register opens a call under a random id.
func (g *guard) register(c *call, tid string) [4]byte {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.open, c.key)
	key := callKey{from: c.to}
	for taken := true; taken; {
		_, _ = rand.Read(key.tid[:]) // never fails on the systems that Go supports
		_, taken = g.open[key]
	}
	c.tid, c.key, c.sent = tid, key, time.Now()
	g.open[key] = c
	return key.tid
}

// finish closes a call and gives what came of it.
func (g *guard) finish(c *call) (answer *reply, rtt time.Duration, err error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.open[c.key] == c {
		delete(g.open, c.key)
	}
	return c.reply, c.rtt, c.err
}

// ReadFrom gives the library its next acknowledgement. It fails only after
// Close.
func (g *guard) ReadFrom(into []byte) (int, net.Addr, error) {
	buf := make([]byte, maxDatagram)
	for pause := time.Millisecond; ; {
		n, addr, err := g.conn.ReadFrom(buf)
		if err != nil {
			if !g.survive(err, pause) {
				return 0, nil, net.ErrClosed
			}
			pause = min(2*pause, maxReadPause)
			continue
		}
		pause = time.Millisecond
		udp, ok := addr.(*net.UDPAddr)
		if !ok {
			continue
		}
		if ack := g.take(buf[:n], udp.AddrPort()); ack != nil {
			return copy(into, ack), addr, nil
		}
	}
}

// survive waits after a read error and says whether to go on.
func (g *guard) survive(err error, pause time.Duration) bool {
	g.mu.Lock()
	g.dropped.ReadErrors++
	closed := g.closed
	g.mu.Unlock()
	if !closed && !errors.Is(err, net.ErrClosed) {
		timer := time.NewTimer(pause)
		defer timer.Stop()
		select {
		case <-g.quit:
		case <-timer.C:
			return true
		}
	}
	<-g.quit // a socket closed by others: nothing to read, but no reason to die
	g.once.Do(func() { close(g.done) })
	return false
}

// take reads a datagram and gives the acknowledgement for the library, or nil
// if the datagram is of no use.
func (g *guard) take(b []byte, from netip.AddrPort) []byte {
	now := time.Now()
	r, err := readReply(b)
	g.mu.Lock()
	defer g.mu.Unlock()
	if err != nil {
		g.dropped.Malformed++
		if errors.Is(err, errNotDHT) {
			g.dropped.Malformed--
			g.dropped.Unasked++
		}
		return nil
	}
	c := g.match(r, from)
	if c == nil {
		g.dropped.Unasked++
		return nil
	}
	if r.failed == nil && (r.id == g.own || r.id == ID{}) {
		r.failed = outcome.Fail(outcome.Malformed, errors.New("node id is ours or zero"))
	}
	delete(g.open, c.key)
	c.reply, c.rtt = r, now.Sub(c.sent)
	return acknowledge(c.tid)
}

// match finds the open call that r answers.
func (g *guard) match(r *reply, from netip.AddrPort) *call {
	if len(r.tid) != 4 {
		return nil
	}
	from = netip.AddrPortFrom(from.Addr().Unmap().WithZone(""), from.Port())
	return g.open[callKey{from: from, tid: [4]byte([]byte(r.tid))}]
}

// acknowledge is the shortest message that ends the library's transaction. It
// is marked read-only, so that the library keeps no table of nodes: this
// package has its own.
func acknowledge(tid string) []byte {
	return fmt.Appendf(nil, "d1:rd2:id20:%se2:roi1e1:t%d:%s1:y1:re", "acknowledged by btkit"[:20], len(tid), tid)
}

// Close ends all reading.
func (g *guard) Close() error {
	g.mu.Lock()
	already := g.closed
	g.closed = true
	g.mu.Unlock()
	if already {
		return nil
	}
	close(g.quit)
	return g.conn.Close()
}

// counts gives what was thrown away so far.
func (g *guard) counts() GuardCounts {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.dropped
}

func (g *guard) LocalAddr() net.Addr              { return g.conn.LocalAddr() }
func (g *guard) SetDeadline(time.Time) error      { return errNoDeadline }
func (g *guard) SetReadDeadline(time.Time) error  { return errNoDeadline }
func (g *guard) SetWriteDeadline(time.Time) error { return errNoDeadline }

var errNoDeadline = errors.New("the guard of a DHT socket has no deadlines")
