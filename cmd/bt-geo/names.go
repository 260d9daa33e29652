package main

import (
	"net/netip"
	"time"

	"btkit/pkg/cmdline"
	"btkit/pkg/geo"
	"btkit/pkg/manners"
	"btkit/pkg/record"
)

// namesOptions says how the DNS is asked.
func namesOptions(s *cmdline.Session) (geo.NamesOptions, error) {
	policy := &manners.Policy{AllowPrivate: s.Bool(cmdline.AllowPrivate.Name)}
	server, err := serverAddress(s.String("resolver"))
	o := geo.NamesOptions{Resolver: geo.ResolverAt(server), PerSecond: s.Float64("rdns-rate"), Allow: policy.Allow, Now: time.Now,
		// A failed write shows when the writer is closed.
		Found: func(h *record.Host) { _ = s.Out.Put(h) }}
	return o, err
}

// serverAddress reads "address" or "address:port"; the port is 53 by default.
// Nothing means the system's servers.
func serverAddress(server string) (string, error) {
	if server == "" {
		return "", nil
	}
	if at, err := netip.ParseAddrPort(server); err == nil {
		return at.String(), nil
	}
	addr, err := netip.ParseAddr(server)
	if err != nil {
		return "", cmdline.Usagef("flag --resolver is %q, expected an address such as 9.9.9.9 or [2620:fe::fe]:53", server)
	}
	return netip.AddrPortFrom(addr, 53).String(), nil
}
