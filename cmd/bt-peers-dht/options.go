package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"btkit/pkg/cmdline"
	"btkit/pkg/dht"
)

// config is what the flags say.
func config(s *cmdline.Session, trace *dht.Tracer) (c dht.Config, err error) {
	if every := s.Duration("every"); s.IsSet("every") && every < dht.LeastEvery && !s.Bool("impatient") || every < 0 {
		return c, &cmdline.UsageError{Err: fmt.Errorf("flag --every is %v, expected at least %v", every, dht.LeastEvery),
			Hint: "--impatient allows shorter times, for networks of your own"}
	}
	if rate := s.Float64("rate"); rate <= 0 || rate > dht.MaxRate {
		return c, cmdline.Usagef("flag --rate is %v, expected more than 0 and at most %d", rate, dht.MaxRate)
	}
	policy, err := s.Policy()
	if err != nil {
		return c, err
	}
	c = dht.Config{Bootstrap: bootstrap(s), NodesFile: s.String("nodes"), Rate: s.Float64("rate"), NodeQuota: s.Int("per-node"),
		Exhaustive: s.Bool("exhaustive"), Control: s.Bool("control"),
		Allow: func(a netip.Addr) error { return policy.Allow(a) },
		Warn:  func(err error) { s.Log.Warn(err.Error()) }}
	if c.NodeQuota <= 0 {
		c.NodeQuota = -1
	}
	if trace != nil {
		c.Trace = trace.Trace
	}
	if c.Families, err = families(s.StringSlice("family")); err != nil {
		return c, err
	}
	return c, bind(s, &c)
}

// bind leaves the families that --bind names an address of, if it is given.
func bind(s *cmdline.Session, c *dht.Config) (err error) {
	if c.From, err = s.Binds(); err != nil || len(c.From) == 0 {
		return err
	}
	var left []dht.Family
	for _, a := range c.From {
		family := dht.IPv6
		if a.Is4() {
			family = dht.IPv4
		}
		if len(c.Families) == 0 || slices.Contains(c.Families, family) {
			left = append(left, family)
		}
	}
	if len(left) == 0 {
		return cmdline.Usagef("--bind names no address of the family of --family")
	}
	c.Families = left
	return nil
}

// bootstrap lists the nodes to begin with; one value may name several, with
// commas between them.
func bootstrap(s *cmdline.Session) (nodes []string) {
	for _, value := range s.StringSlice("bootstrap") {
		for node := range strings.SplitSeq(value, ",") {
			if node = strings.TrimSpace(node); node != "" {
				nodes = append(nodes, node)
			}
		}
	}
	if len(nodes) == 0 {
		return dht.DefaultBootstrap
	}
	return nodes
}

func families(names []string) (list []dht.Family, err error) {
	for _, name := range names {
		family := dht.Family(name)
		if family != dht.IPv4 && family != dht.IPv6 {
			return nil, cmdline.Usagef("flag --family is %q, expected ipv4 or ipv6", name)
		}
		list = append(list, family)
	}
	return list, nil
}
