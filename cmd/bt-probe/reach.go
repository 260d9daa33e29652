package main

import (
	"net/netip"

	"btkit/pkg/cmdline"
	"btkit/pkg/dial"
	"btkit/pkg/probe"
)

// reach opens the ways to peers that the flags leave.
func reach(s *cmdline.Session, o *probe.Options) (*dial.Dialer, error) {
	d := &dial.Dialer{Timeout: s.Duration("timeout")}
	for _, text := range s.StringSlice("bind") {
		addr, err := netip.ParseAddr(text)
		if err != nil {
			return nil, cmdline.Usagef("flag --bind is %q, expected an address such as 192.0.2.7 or 2001:db8::7", text)
		}
		d.Locals = append(d.Locals, addr)
	}
	if err := d.Open(!s.Bool("no-utp")); err != nil {
		return nil, &cmdline.Hinted{Err: err, Hint: "--bind names addresses of this host"}
	}
	o.Dial = d.TCP
	if !s.Bool("no-utp") {
		o.UTP, o.Punch = d.UTP, d.Punch
	}
	if !s.Bool("no-encryption") {
		o.Encrypt = d.Encrypt
	}
	return d, nil
}
