package main

import (
	"context"
	"net/netip"

	"btkit/pkg/announce"
	"btkit/pkg/cmdline"
	"btkit/pkg/geo"
	"btkit/pkg/manners"
)

// localTracker sets the search for trackers of our network up, if it is wished
// for.
func localTracker(s *cmdline.Session, o *announce.Options) error {
	if !s.Bool("local-tracker") {
		if s.IsSet("external-ip") || s.IsSet("resolver") {
			return cmdline.Usagef("--external-ip and --resolver are for --local-tracker")
		}
		return nil
	}
	server, err := s.DNSServer()
	if err != nil {
		return err
	}
	dns := geo.ResolverAt(server)
	o.FindLocal = func(ctx context.Context, external netip.Addr) ([]string, error) {
		return announce.FindLocal(ctx, dns, external)
	}
	for _, text := range s.StringSlice("external-ip") {
		addr, err := netip.ParseAddr(text)
		if err != nil || addr.Zone() != "" {
			return cmdline.Usagef("flag --external-ip is %q, expected an address such as 192.0.2.1", text)
		}
		o.External = append(o.External, addr)
	}
	own := o.From
	if len(own) == 0 {
		own = o.Local
	}
	if len(o.External) == 0 {
		o.External = publicOnes(own)
	}
	return nil
}

// publicOnes are those among our addresses that others can see.
func publicOnes(own []netip.Addr) (list []netip.Addr) {
	for _, a := range own {
		if (&manners.Policy{}).Allow(a) == nil {
			list = append(list, a)
		}
	}
	return list
}
