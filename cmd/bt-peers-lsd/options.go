package main

import (
	"errors"
	"fmt"
	"math"
	"net"
	"net/netip"
	"os"
	"strconv"

	"btkit/pkg/cmdline"
	"btkit/pkg/lsd"
	"btkit/pkg/manners"
	"btkit/pkg/record"
)

// options makes what the flags say into options, or says what is wrong, and
// opens the groups.
func options(s *cmdline.Session) (o lsd.Options, err error) {
	port := s.Int("port")
	switch {
	case port < 0 || port > math.MaxUint16:
		return o, cmdline.Usagef("flag --port is %d, expected 1 to 65535", port)
	case port > 0 && s.Bool("listen-only"):
		return o, cmdline.Usagef("--port and --listen-only exclude each other")
	}
	groups, err := groups(s)
	if err != nil {
		return o, err
	}
	links, err := links(s)
	if err != nil {
		return o, err
	}
	if o.Near, o.Own, err = lsd.Addresses(links); err != nil {
		return o, err
	}
	o.Port, o.ListenOnly, o.Once, o.Wait = uint16(port), s.Bool("listen-only"), s.Bool("once"), s.Duration("wait")
	o.Out, o.Log, o.Dropped, o.Cookie, o.Contactable = s.Out, s.Log, s.Dropped, record.NewRun(), contactable()
	o.Wires, err = open(s, groups, links)
	return o, err
}

// groups are those to join: the well-known ones of the families asked for,
// unless others are named.
func groups(s *cmdline.Session) (list []netip.AddrPort, err error) {
	named := s.StringSlice("group")
	switch {
	case s.Bool("4") && s.Bool("6"):
		return nil, cmdline.Usagef("-4 and -6 exclude each other; without them both families are listened to")
	case len(named) > 0 && (s.Bool("4") || s.Bool("6")):
		return nil, cmdline.Usagef("--group says the family itself; leave -4 and -6 out")
	case s.Bool("4"):
		return []netip.AddrPort{lsd.Group4}, nil
	case s.Bool("6"):
		return []netip.AddrPort{lsd.Group6}, nil
	case len(named) == 0:
		return []netip.AddrPort{lsd.Group4, lsd.Group6}, nil
	}
	for _, text := range named {
		group, err := netip.ParseAddrPort(text)
		if err != nil || !group.Addr().IsMulticast() || group.Port() == 0 {
			return nil, cmdline.Usagef("flag --group is %q, expected a multicast address and a port, such as %s", text, lsd.Group4)
		}
		list = append(list, group)
	}
	return list, nil
}

func links(s *cmdline.Session) ([]net.Interface, error) {
	names := s.StringSlice("interface")
	links, err := lsd.Links(names)
	switch {
	case errors.Is(err, lsd.ErrNoLink):
		return nil, &cmdline.Hinted{Err: err, Hint: "--interface NAME takes one all the same"}
	case err != nil && len(names) > 0:
		return nil, &cmdline.UsageError{Err: err, Hint: "ip link shows the interfaces of this host"}
	}
	return links, err
}

// open joins the groups. One that cannot be joined is remarked on; none at all
// is an error.
func open(s *cmdline.Session, groups []netip.AddrPort, links []net.Interface) (wires []lsd.Wire, err error) {
	var failed error
	for _, group := range groups {
		wire, err := lsd.Open(s.Live, group, links)
		if err != nil {
			s.Log.Info("a group cannot be listened to", "error", err)
			failed = errors.Join(failed, err)
			continue
		}
		wires = append(wires, wire)
	}
	if len(wires) == 0 {
		return nil, fmt.Errorf("listen for peers: %w", failed)
	}
	return wires, nil
}

// contactable says whether bt-probe will visit an address, as far as the
// environment of the chain tells.
func contactable() func(netip.Addr) bool {
	private, err := strconv.ParseBool(os.Getenv(cmdline.AllowPrivate.EnvVars[0]))
	policy := &manners.Policy{AllowPrivate: err == nil && private}
	return func(a netip.Addr) bool { return policy.Allow(a) == nil }
}
