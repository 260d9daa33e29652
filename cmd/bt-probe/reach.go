package main

import (
	"btkit/pkg/cmdline"
	"btkit/pkg/dial"
	"btkit/pkg/probe"
)

// reach opens the ways to peers that the flags leave.
func reach(s *cmdline.Session, o *probe.Options) (*dial.Dialer, error) {
	locals, err := s.AllBinds()
	if err != nil {
		return nil, err
	}
	d := &dial.Dialer{Timeout: s.Duration("timeout"), Locals: locals}
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
