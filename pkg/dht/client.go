package dht

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"

	"btkit/pkg/outcome"
)

// Rates and bounds of the whole process.
const (
	DefaultRate    = 100 // queries per second
	MaxRate        = 500
	maxOpenQueries = 256
	saveEvery      = 5 * time.Minute // of the node cache
)

// Config says how a Client is to work. The zero value looks up peers in the
// public IPv4 and IPv6 networks, starting from nowhere: give Bootstrap or
// NodesFile.
type Config struct {
	// Nodes to begin with, "host:port".
	Bootstrap []string
	// File of the node cache; "" means none. It need not exist.
	NodesFile string
	// Most queries per second, all torrents together; 0 means DefaultRate,
	// more than MaxRate means MaxRate.
	Rate float64
	// Most queries to one public address within ten minutes; 0 means
	// DefaultNodeQuota, less than 0 no quota. A query per second is always
	// the most.
	NodeQuota int
	// Collect as much as there is: the 64 closest nodes instead of the
	// closest 20, and repeated questions to nodes with many peers.
	Exhaustive bool
	// Ask every node that names peers for a random torrent, too, and drop
	// those that name peers for it. Peers come a second later then.
	Control bool
	// Families to use; nil means both.
	Families []Family
	// Says whether a node may be contacted; nil allows public addresses only.
	Allow func(netip.Addr) error
	// Addresses of this host to ask from, at most one of a family; families
	// without one leave it to the system.
	From []netip.Addr
	// Opens the socket of a family; nil means any free UDP port of From.
	Listen func(Family) (net.PacketConn, error)
	// Turns bootstrap names into addresses; nil asks the system.
	Resolve Resolver
	// Is told of every query, from several goroutines; nil means nobody is.
	Trace func(Query)
	// Is told of trouble that does not stop the work; nil means nobody is.
	Warn func(error)

	reach func(netip.AddrPort) bool // whether there is a route, with Listen; of its own sockets the system is asked
}

// Client looks up peers. It is safe for concurrent use.
type Client struct {
	config Config
	plan   plan
	nets   []*network
	cancel context.CancelFunc
	saving sync.WaitGroup
}

// Open starts a client. A family that the host does not have is left out; it
// is an error if none is left.
func Open(config Config) (*Client, error) {
	c := &Client{config: config.orDefaults()}
	c.plan = plainPlan
	if config.Exhaustive {
		c.plan = exhaustivePlan
	}
	c.plan.control = config.Control
	boot, err := newBootstrap(config.Bootstrap, config.Resolve)
	if err != nil {
		return nil, err
	}
	saved, err := c.readNodes()
	if err != nil {
		return nil, err
	}
	if err := c.openNetworks(boot); err != nil {
		return nil, err
	}
	for _, s := range saved {
		if n := c.network(familyOf(s.Addr.Addr())); n != nil && c.config.Allow(s.Addr.Addr()) == nil {
			n.known.add(s)
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	c.cancel = cancel
	c.saving.Add(1)
	go c.saveRegularly(ctx)
	return c, nil
}

func (c Config) orDefaults() Config {
	if c.Rate <= 0 {
		c.Rate = DefaultRate
	}
	c.Rate = min(c.Rate, MaxRate)
	if c.NodeQuota == 0 {
		c.NodeQuota = DefaultNodeQuota
	}
	if len(c.Families) == 0 {
		c.Families = []Family{IPv4, IPv6}
	}
	if c.Allow == nil {
		c.Allow = publicOnly
	}
	if c.reach == nil {
		c.reach = func(netip.AddrPort) bool { return true }
	}
	if c.Warn == nil {
		c.Warn = func(error) {}
	}
	return c
}

// listen opens the socket of a network.
func (c *Client) listen(n *network) (conn datagrams, err error) {
	if c.config.Listen != nil {
		return c.config.Listen(n.family)
	}
	var from netip.Addr
	for _, a := range c.config.From {
		if familyOf(a) == n.family {
			from = a
		}
	}
	if n.socket, err = openSocket(n.family, from); err != nil {
		return nil, err
	}
	n.reach = n.socket.hasRoute
	return n.socket, nil
}

func (c *Client) openNetworks(boot *bootstrap) error {
	limiter := rate.NewLimiter(rate.Limit(c.config.Rate), max(1, int(c.config.Rate/10)))
	open := make(chan struct{}, maxOpenQueries)
	var errs error
	for _, family := range c.config.Families {
		n := &network{family: family, known: newKnown(), pace: newPaceBook(c.config.NodeQuota), limiter: limiter,
			open: open, allow: c.config.Allow, boot: boot, gate: make(chan struct{}, 1), trace: c.config.Trace, reach: c.config.reach}
		conn, err := c.listen(n)
		if err == nil {
			err = n.serve(conn)
		}
		if err != nil {
			errs = errors.Join(errs, fmt.Errorf("open DHT socket for %s: %w", family, err))
			continue
		}
		c.nets = append(c.nets, n)
	}
	if len(c.nets) == 0 {
		return errs
	}
	if errs != nil {
		c.config.Warn(errs)
	}
	return nil
}

func (c *Client) network(f Family) *network {
	for _, n := range c.nets {
		if n.family == f {
			return n
		}
	}
	return nil
}

// Lookup asks the nodes around a torrent for its peers, in one family, and
// reports each peer once, as it is named. It ends by itself, within 30
// seconds, or 3 minutes when exhaustive. What strangers do wrong is in the
// result. found is called from one goroutine at a time and may block.
func (c *Client) Lookup(ctx context.Context, family Family, infohash ID, found func(Found)) Result {
	n := c.network(family)
	if n == nil {
		return Result{Target: infohash, Family: family, Outcome: outcome.Unsupported, Started: time.Now()}
	}
	leave, err := n.enter(ctx)
	if err != nil {
		return Result{Target: infohash, Family: family, Outcome: outcome.Canceled, Started: time.Now()}
	}
	defer leave()
	return newLookup(n, c.plan, infohash, found).run(ctx)
}

// Peers looks a torrent up once in every usable family at the same time and
// reports each peer as it is named, from one goroutine at a time.
func (c *Client) Peers(ctx context.Context, infohash [20]byte, found func(netip.AddrPort)) {
	var mu sync.Mutex
	var wait sync.WaitGroup
	defer wait.Wait()
	for _, family := range c.Usable(ctx) {
		wait.Go(func() {
			c.Lookup(ctx, family, ID(infohash), func(f Found) {
				mu.Lock()
				defer mu.Unlock()
				found(f.Peer)
			})
		})
	}
}

// Stats tells how a client is doing.
type Stats struct {
	// Nodes known, by family.
	Nodes map[Family]int
	// Queries that are open now, and how many may be.
	Open, Limit int
	// Datagrams thrown away.
	Dropped GuardCounts
}

// Stats may be called at any time.
func (c *Client) Stats() Stats {
	s := Stats{Nodes: map[Family]int{}}
	for _, n := range c.nets {
		s.Nodes[n.family] = n.known.len()
		s.Open, s.Limit = len(n.open), cap(n.open)
		d := n.guard.counts()
		s.Dropped.Malformed += d.Malformed
		s.Dropped.Unasked += d.Unasked
		s.Dropped.ReadErrors += d.ReadErrors
		s.Dropped.WriteErrors += d.WriteErrors
	}
	return s
}

// Close ends the client, once no lookup is running, and saves the node cache.
func (c *Client) Close() error {
	c.cancel()
	c.saving.Wait()
	for _, n := range c.nets {
		n.close()
	}
	return c.saveNodes()
}
