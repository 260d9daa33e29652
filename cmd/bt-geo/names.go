package main

import (
	"time"

	"btkit/pkg/cmdline"
	"btkit/pkg/geo"
	"btkit/pkg/manners"
	"btkit/pkg/record"
)

// namesOptions says how the DNS is asked.
func namesOptions(s *cmdline.Session) (geo.NamesOptions, error) {
	policy := &manners.Policy{AllowPrivate: s.Bool(cmdline.AllowPrivate.Name)}
	server, err := s.DNSServer()
	o := geo.NamesOptions{Resolver: geo.ResolverAt(server), PerSecond: s.Float64("rdns-rate"), Allow: policy.Allow, Now: time.Now,
		// A failed write shows when the writer is closed.
		Found: func(h *record.Host) { _ = s.Out.Put(h) }}
	return o, err
}
