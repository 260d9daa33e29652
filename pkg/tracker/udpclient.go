package tracker

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"sync"
	"time"

	"btkit/pkg/outcome"
)

// A measuring client gives up after three transmissions and asks the next
// tracker (BEP 15 would go on for two hours).
const transmissions = 3

// Sockets to trackers that may be open at once.
const maxSessions = 512

var (
	errNoAnswer = outcome.Fail(outcome.Timeout, errors.New("no answer"))
	errSessions = outcome.Fail(outcome.Limit, errors.New("too many trackers at once"))
)

// udpClient shares one session per tracker address, and address of ours.
type udpClient struct {
	opt   Options
	names *names
	base  time.Duration

	mu       sync.Mutex
	sessions map[way]*session
}

func newUDPClient(o Options, names *names) *udpClient {
	return &udpClient{opt: o, names: names, base: o.Timeout / 2, sessions: map[way]*session{}}
}

func (c *udpClient) close() {
	c.mu.Lock()
	defer c.mu.Unlock()
	for at, s := range c.sessions {
		s.close()
		delete(c.sessions, at)
	}
}

func (c *udpClient) announce(ctx context.Context, u address, r Request) Reply {
	if r.CachedDNS {
		ctx = fromCacheOnly(ctx)
	}
	packet, err := c.ask(ctx, u, r.Family, func(id uint64, tid uint32) []byte {
		return AnnounceRequest(id, tid, r)
	})
	if err != nil {
		return Reply{Result: packetless(err)}
	}
	return ParseUDPAnnounce(packet, r.Family, c.opt.Allow)
}

func (c *udpClient) scrape(ctx context.Context, u address, r ScrapeRequest) Replies {
	packet, err := c.ask(ctx, u, r.Family, func(id uint64, tid uint32) []byte {
		return UDPScrapeRequest(id, tid, r.Hashes)
	})
	if err != nil {
		return Replies{Result: packetless(err)}
	}
	return ParseUDPScrape(packet, r.Hashes)
}

func packetless(err error) Result {
	var r Result
	r.failPacket(err)
	return r
}

// ask tries the addresses of a tracker in turn until one answers.
func (c *udpClient) ask(ctx context.Context, u address, f Family, build func(uint64, uint32) []byte) ([]byte, error) {
	addrs, err := c.names.lookup(ctx, u.host, f)
	if err != nil {
		return nil, err
	}
	var packet []byte
	for _, a := range addrs {
		packet, err = c.askOne(ctx, f, netip.AddrPortFrom(a, u.port), build)
		if err == nil || ctx.Err() != nil {
			break
		}
	}
	return packet, err
}

func (c *udpClient) askOne(ctx context.Context, f Family, to netip.AddrPort, build func(uint64, uint32) []byte) ([]byte, error) {
	s, err := c.acquire(f, way{origin(ctx), to})
	if err != nil {
		return nil, err
	}
	defer c.release(s)
	tid, answers := s.expect()
	defer s.forget(tid)
	q := question{session: s, now: c.opt.Now, tid: tid, answers: answers, build: build}
	for n := range transmissions {
		packet, err := q.transmit(ctx, RetransmitWait(c.base, n))
		if !errors.Is(err, errNoAnswer) {
			return packet, err
		}
	}
	return nil, errNoAnswer
}

// question is one request on its way, however often it is transmitted.
type question struct {
	*session
	now       func() time.Time
	tid       uint32
	answers   chan arrival
	build     func(connection uint64, tid uint32) []byte
	reconnect bool // an id was refused once already
}

// transmit sends the request, after a connect if there is no fresh connection
// id, and waits. A refused id that came from the cache is replaced once.
func (q *question) transmit(ctx context.Context, wait time.Duration) ([]byte, error) {
	limit, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	id, cached, err := q.connection(limit, q.now)
	if err != nil {
		return nil, noAnswer(ctx, err)
	}
	packet, err := q.send(limit, q.build(id, q.tid), q.answers)
	if err != nil {
		return nil, noAnswer(ctx, err)
	}
	if cached && !q.reconnect && isError(packet) {
		q.reconnect = true
		q.drop(id)
		return q.transmit(ctx, wait)
	}
	return packet, nil
}

// noAnswer tells the end of one waiting from the end of the whole question.
func noAnswer(ctx context.Context, err error) error {
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		return errNoAnswer
	}
	return fmt.Errorf("ask: %w", err)
}

// acquire gives the session of a way; release it after use.
func (c *udpClient) acquire(f Family, w way) (*session, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.sweep(c.opt.Now())
	s := c.sessions[w]
	if s == nil {
		if len(c.sessions) >= maxSessions {
			return nil, errSessions
		}
		var err error
		if s, err = openSession(f, w, c.opt.Random); err != nil {
			return nil, fmt.Errorf("open socket: %w", err)
		}
		c.sessions[w] = s
	}
	s.users++
	return s, nil
}

func (c *udpClient) release(s *session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	s.users--
	s.idleAt = c.opt.Now()
}

// sweep closes sessions that nobody uses and whose connection id is too old,
// and all unused ones when there are many.
func (c *udpClient) sweep(now time.Time) {
	full := len(c.sessions) >= maxSessions
	for at, s := range c.sessions {
		if s.users == 0 && (full || now.Sub(s.idleAt) >= connectionLife) {
			s.close()
			delete(c.sessions, at)
		}
	}
}
