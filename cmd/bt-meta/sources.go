package main

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"btkit/pkg/cmdline"
	"btkit/pkg/dht"
	"btkit/pkg/manners"
	"btkit/pkg/outcome"
	"btkit/pkg/tracker"
)

// trackerTime is the time for a tracker to answer: shorter than usual, since
// a person may be waiting and the other sources go on.
const trackerTime = 15 * time.Second

// maxAnnounces bounds the announces under way: a stranger's magnet link may
// name hundreds of trackers.
const maxAnnounces = 64

// sources are those who name peers.
type sources struct {
	session  *cmdline.Session
	peerID   [20]byte
	key      uint32
	policy   *manners.Policy
	trackers *tracker.Client
	slots    chan struct{} // a place for each announce under way
	dht      *dht.Client   // nil when it is not to be asked
}

func openSources(s *cmdline.Session, peerID [20]byte) (*sources, error) {
	policy, err := s.Policy()
	if err != nil {
		return nil, err
	}
	o := &sources{session: s, peerID: peerID, key: rand.Uint32(), policy: policy, slots: make(chan struct{}, maxAnnounces),
		trackers: tracker.New(tracker.Options{Allow: policy.Allow, Timeout: trackerTime})}
	if s.Bool("no-dht") {
		return o, nil
	}
	o.dht, err = dht.Open(dht.Config{Bootstrap: bootstrap(s), Allow: policy.Allow,
		Warn: func(err error) { s.Log.Info(err.Error()) }})
	if err != nil {
		s.Log.Warn("going on without the DHT", "error", err)
		o.dht = nil
	}
	return o, nil
}

// bootstrap lists the nodes to begin with; one value may name several, with
// commas between them.
func bootstrap(s *cmdline.Session) []string {
	var nodes []string
	for _, value := range s.StringSlice("bootstrap") {
		nodes = append(nodes, strings.Split(value, ",")...)
	}
	if len(nodes) == 0 {
		return dht.DefaultBootstrap
	}
	return nodes
}

// announce asks a tracker when there is a place.
func (o *sources) announce(ctx context.Context, request tracker.Request) tracker.Reply {
	select {
	case o.slots <- struct{}{}:
		defer func() { <-o.slots }()
		return o.trackers.Announce(ctx, request)
	case <-ctx.Done():
		return tracker.Reply{Result: tracker.Result{Outcome: outcome.Canceled}}
	}
}

func (o *sources) close() error {
	o.trackers.Close()
	if o.dht == nil {
		return nil
	}
	return o.dht.Close()
}
