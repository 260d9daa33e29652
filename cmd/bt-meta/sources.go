package main

import (
	"fmt"
	"math/rand/v2"
	"time"

	"btkit/pkg/cmdline"
	"btkit/pkg/dht"
	"btkit/pkg/manners"
	"btkit/pkg/tracker"
)

// idPrefix begins our peer ids (BEP 20).
const idPrefix = "-BK0100-"

// trackerTime is the time for a tracker to answer: shorter than usual, since
// a person may be waiting and the other sources go on.
const trackerTime = 15 * time.Second

// sources are those who name peers.
type sources struct {
	session  *cmdline.Session
	peerID   [20]byte
	key      uint32
	policy   *manners.Policy
	trackers *tracker.Client
	dht      *dht.Client // nil when it is not to be asked
}

func openSources(s *cmdline.Session, peerID [20]byte) (*sources, error) {
	deny, err := manners.LoadDeny(s.StringSlice("deny")...)
	if err != nil {
		return nil, err
	}
	own, err := manners.OwnAddresses()
	if err != nil {
		return nil, fmt.Errorf("own addresses: %w", err)
	}
	policy := &manners.Policy{AllowPrivate: s.Bool("allow-private"), Deny: deny, Own: own}
	o := &sources{session: s, peerID: peerID, key: rand.Uint32(), policy: policy,
		trackers: tracker.New(tracker.Options{Allow: policy.Allow, Timeout: trackerTime})}
	if s.Bool("no-dht") {
		return o, nil
	}
	bootstrap := s.StringSlice("bootstrap")
	if len(bootstrap) == 0 {
		bootstrap = dht.DefaultBootstrap
	}
	o.dht, err = dht.Open(dht.Config{Bootstrap: bootstrap, Allow: policy.Allow,
		Warn: func(err error) { s.Log.Info(err.Error()) }})
	if err != nil {
		s.Log.Warn("going on without the DHT", "error", err)
		o.dht = nil
	}
	return o, nil
}

func (o *sources) close() error {
	o.trackers.Close()
	if o.dht == nil {
		return nil
	}
	return o.dht.Close()
}
