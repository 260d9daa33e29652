package main

import (
	"fmt"
	"math"
	"net"
	"net/netip"
	"slices"

	"btkit/pkg/announce"
	"btkit/pkg/cmdline"
	"btkit/pkg/tracker"
)

// options makes what the flags say into options, or says what is wrong.
func options(s *cmdline.Session) (o announce.Options, err error) {
	if o.AtOnce, err = s.Slots(announce.DefaultAtOnce); err != nil {
		return o, err
	}
	if o.PeerID, err = cmdline.PeerID(); err != nil {
		return o, err
	}
	port, perHost, want := s.Int("port"), s.Int("per-host"), s.Int("numwant")
	switch {
	case port < 1 || port > math.MaxUint16:
		return o, cmdline.Usagef("flag --port is %d, expected 1 to 65535", port)
	case perHost < 1:
		return o, cmdline.Usagef("flag --per-host is %d, expected at least 1", perHost)
	case want < 1:
		return o, cmdline.Usagef("flag --numwant is %d, expected at least 1", want)
	case s.Duration("timeout") <= 0 || s.Duration("every") < 0 || s.Float64("rate") < 0:
		return o, cmdline.Usagef("flags --timeout, --every and --rate want a positive value")
	case s.Bool("scrape-only") && s.Bool("no-scrape"):
		return o, cmdline.Usagef("--scrape-only and --no-scrape leave nothing to do")
	case s.Bool("4") && s.Bool("6"):
		return o, cmdline.Usagef("-4 and -6 exclude each other; without them both families are asked")
	}
	o.Port, o.PerHost, o.Burst, o.NumWant, o.Rate = uint16(port), perHost, perHost, want, s.Float64("rate")
	if o.Rate == 0 {
		o.Rate = -1 // no limit
	}
	o.Every, o.Impatient, o.Once = s.Duration("every"), s.Bool("impatient"), s.Bool("once")
	o.ScrapeOnly, o.NoScrape, o.Families = s.Bool("scrape-only"), s.Bool("no-scrape"), families(s)
	o.Out, o.Log, o.Dropped = s.Out, s.Log, s.Dropped
	if o.Local, err = local(); err != nil {
		return o, err
	}
	if err = bind(s, &o); err != nil {
		return o, err
	}
	return o, localTracker(s, &o)
}

// bind leaves the families that --bind names an address of. Without it a listen
// record says where to come from.
func bind(s *cmdline.Session, o *announce.Options) (err error) {
	if o.From, err = s.Binds(); err != nil {
		return err
	}
	if len(o.From) == 0 {
		o.Ours = cmdline.Ours
		return nil
	}
	o.Families = slices.DeleteFunc(o.Families, func(f tracker.Family) bool { return !slices.ContainsFunc(o.From, f.Has) })
	if len(o.Families) == 0 {
		return cmdline.Usagef("--bind names no address of the family that -4 or -6 leaves")
	}
	return nil
}

// local lists the addresses of this host.
func local() ([]netip.Addr, error) {
	list, err := net.InterfaceAddrs()
	if err != nil {
		return nil, fmt.Errorf("list the addresses of this host: %w", err)
	}
	var addrs []netip.Addr
	for _, a := range list {
		if p, err := netip.ParsePrefix(a.String()); err == nil {
			addrs = append(addrs, p.Addr().Unmap())
		}
	}
	return addrs, nil
}

// families are those asked for; both if none is.
func families(s *cmdline.Session) []tracker.Family {
	switch {
	case s.Bool("4"):
		return []tracker.Family{tracker.IPv4}
	case s.Bool("6"):
		return []tracker.Family{tracker.IPv6}
	}
	return []tracker.Family{tracker.IPv4, tracker.IPv6}
}
