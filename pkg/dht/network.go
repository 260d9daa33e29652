package dht

import (
	"context"
	"fmt"
	"net/netip"
	"time"

	"github.com/anacrolix/dht/v2"
	"github.com/anacrolix/dht/v2/krpc"
	alog "github.com/anacrolix/log"
	"golang.org/x/time/rate"

	"btkit/pkg/outcome"
)

// network is the client's side of one of the two DHTs (BEP 32).
type network struct {
	family  Family
	socket  *socket // nil: the caller's own, which stays where it is
	guard   *guard
	server  *dht.Server
	known   *known
	pace    *paceBook
	limiter *rate.Limiter // shared by both families
	open    chan struct{} // a place for each query that may be open, shared too
	allow   func(netip.Addr) error
	boot    *bootstrap
	gate    chan struct{} // one place: who holds it finds the first nodes for all
	trace   func(Query)
	reach   func(netip.AddrPort) bool // whether this host has a route to a node
}

// serve puts the library on the socket. It contacts nobody by itself, answers
// nobody and says so in its queries (BEP 43).
func (n *network) serve(conn datagrams) error {
	id := RandomID()
	n.guard = newGuard(conn, id)
	quiet := alog.NewLogger("dht")
	quiet.SetHandlers(alog.DiscardHandler)
	server, err := dht.NewServer(&dht.ServerConfig{
		NodeId: krpc.ID(id), Conn: n.guard, Passive: true, NoSecurity: true,
		StartingNodes:    func() ([]dht.Addr, error) { return nil, nil },
		QueryResendDelay: func() time.Duration { return lateUntil },
		SendLimiter:      rate.NewLimiter(rate.Inf, 1), // ours decides, before the query
		Logger:           quiet,
	})
	if err != nil {
		return fmt.Errorf("start DHT client: %w", err)
	}
	n.server = server
	return nil
}

// close ends the library and waits until it has let go of the socket.
func (n *network) close() {
	n.server.Close()
	<-n.guard.done
}

// want asks for the nodes of this family only.
func (n *network) want() []krpc.Want {
	if n.family == IPv6 {
		return []krpc.Want{krpc.WantNodes6}
	}
	return []krpc.Want{krpc.WantNodes}
}

// book finds the time at which a query to an address may be sent, as soon as
// possible. It books the query, or says how long that address is taken.
func (n *network) book(to netip.AddrPort, now time.Time) (at time.Time, wait time.Duration) {
	r := n.limiter.ReserveN(now, 1)
	at = now.Add(r.DelayFrom(now))
	if wait := n.pace.take(to, at); wait > 0 {
		r.CancelAt(now)
		return time.Time{}, at.Add(wait).Sub(now)
	}
	return at, 0
}

// query asks a node at the time booked and waits for its answer. The caller
// holds a place in open.
func (n *network) query(ctx context.Context, to netip.AddrPort, q question, at time.Time) answer {
	a := answer{question: q, sent: at, as: outcome.Canceled}
	if err := sleepUntil(ctx, at); err != nil {
		return a
	}
	c := &call{to: to}
	method, args := n.message(q)
	res := n.server.Query(ctx, c, method, dht.QueryInput{
		MsgArgs: args, NumTries: 1, RateLimiting: dht.QueryRateLimiting{NotAny: true}})
	r, rtt, err := n.guard.finish(c)
	a.rtt = rtt
	switch {
	case r != nil && r.failed != nil:
		a.as = outcome.Of(r.failed)
	case r != nil:
		a.reply, a.as = r, outcome.OK
	case err != nil:
		a.as = outcome.Of(err)
	case ctx.Err() != nil && res.Err != nil:
		a.as = outcome.Canceled
	default:
		a.as = outcome.Timeout
	}
	return a
}

// message is a question in the words of BEP 5.
func (n *network) message(q question) (method string, args krpc.MsgArgs) {
	args.Want = n.want()
	if q.ask == askExplore {
		args.Target = krpc.ID(q.target)
		return "find_node", args
	}
	args.InfoHash = krpc.ID(q.target)
	if q.ask == askScrape {
		args.Scrape = 1
	}
	return "get_peers", args
}

func sleepUntil(ctx context.Context, at time.Time) error {
	wait := time.Until(at)
	if wait <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return ctx.Err()
	case <-timer.C:
		return nil
	}
}

// enter lets lookups run side by side once enough nodes are known. Until then
// one at a time goes ahead, so that the bootstrap nodes are asked once and not
// by every torrent. The caller calls leave when its lookup is done.
func (n *network) enter(ctx context.Context) (leave func(), err error) {
	if n.known.len() >= closestK {
		return func() {}, nil
	}
	select {
	case n.gate <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	if n.known.len() >= closestK {
		<-n.gate
		return func() {}, nil
	}
	return func() { <-n.gate }, nil
}
