package tracker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"time"

	"btkit/pkg/outcome"
)

// Defaults of Options.
const (
	DefaultTimeout   = 30 * time.Second
	DefaultUserAgent = "btkit"
	maxConnect       = 10 * time.Second
	maxResolve       = 10 * time.Second
)

// Options of a Client. The zero value is a sensible run.
type Options struct {
	// Which addresses may be contacted, and used as peers; an error forbids
	// one. Nil allows all.
	Allow func(netip.Addr) error
	// Time for a whole HTTP exchange; 30 s. Over UDP the first answer is
	// waited for half as long, and the waiting doubles for two more
	// transmissions (15, 30 and 60 s).
	Timeout time.Duration
	// What we call ourselves over HTTP.
	UserAgent string
	// Addresses of a host name, of both families; the system's resolver.
	Resolve func(ctx context.Context, host string) ([]netip.Addr, error)
	// Clock for lifetimes; time.Now.
	Now func() time.Time
	// Random transaction ids.
	Random func() uint32
}

func (o Options) orDefaults() Options {
	if o.Timeout <= 0 {
		o.Timeout = DefaultTimeout
	}
	if o.UserAgent == "" {
		o.UserAgent = DefaultUserAgent
	}
	if o.Allow == nil {
		o.Allow = func(netip.Addr) error { return nil }
	}
	if o.Resolve == nil {
		o.Resolve = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Random == nil {
		o.Random = rand.Uint32
	}
	return o
}

// Client asks trackers. It may be used by many goroutines at once.
type Client struct {
	opt   Options
	names *names
	http  map[Family]*httpClient
	udp   *udpClient
}

// New makes a client; Close it after use.
func New(o Options) *Client {
	o = o.orDefaults()
	c := &Client{opt: o, names: newNames(o), http: map[Family]*httpClient{}}
	for _, f := range []Family{IPv4, IPv6} {
		c.http[f] = newHTTPClient(o, c.names, f)
	}
	c.udp = newUDPClient(o, c.names)
	return c
}

// Close closes the sockets and waits for their readers. No question may be
// under way.
func (c *Client) Close() {
	c.udp.close()
}

// Announce asks once. However it ends, the end is in the reply's outcome.
func (c *Client) Announce(ctx context.Context, r Request) Reply {
	var reply Reply
	start := c.opt.Now()
	ctx = comingFrom(ctx, r.From)
	switch u, err := c.check(ctx, r.URL, r.Family); {
	case err != nil:
		reply.fail(err)
	case u.scheme == "udp":
		reply = c.udp.announce(ctx, u, r)
	default:
		reply = c.http[r.Family].announce(ctx, r)
	}
	reply.Took = c.opt.Now().Sub(start)
	return reply
}

// Scrape asks once for at most Batch torrents. However it ends, the end is in
// the outcome.
func (c *Client) Scrape(ctx context.Context, r ScrapeRequest) Replies {
	var replies Replies
	start := c.opt.Now()
	ctx = comingFrom(ctx, r.From)
	switch u, err := c.check(ctx, r.URL, r.Family); {
	case err != nil:
		replies.fail(err)
	case len(r.Hashes) == 0 || len(r.Hashes) > Batch(r.URL):
		replies.fail(outcome.Fail(outcome.Unsupported, errBatch))
	case u.scheme == "udp":
		replies = c.udp.scrape(ctx, u, r)
	default:
		replies = c.http[r.Family].scrape(ctx, r)
	}
	replies.Took = c.opt.Now().Sub(start)
	return replies
}

var errBatch = errors.New("tracker has no scrape for so many torrents")

func (c *Client) check(ctx context.Context, url string, f Family) (address, error) {
	if ctx.Err() != nil {
		return address{}, ctx.Err()
	}
	if f != IPv4 && f != IPv6 {
		return address{}, outcome.Fail(outcome.Unsupported, fmt.Errorf("address family %q", f))
	}
	if from := origin(ctx); from.IsValid() && !f.Has(from) {
		return address{}, outcome.Fail(outcome.Unsupported, fmt.Errorf("ask over %s from %s", f, from))
	}
	return parseURL(url)
}
