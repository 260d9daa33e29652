package cmdline

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/netip"

	"btkit/pkg/manners"
	"btkit/pkg/peerid"
)

// PeerIDPrefix is the Azureus-style beginning of our peer ids (BEP 20).
const PeerIDPrefix = "-BK0100-"

// PeerID makes the peer id of this host and run.
func PeerID() ([20]byte, error) { return peerid.New(PeerIDPrefix, rand.Reader) }

// Policy is whom this run may contact, by --allow-private and --deny.
func (s *Session) Policy() (*manners.Policy, error) {
	policy := &manners.Policy{AllowPrivate: s.Bool(AllowPrivate.Name)}
	own, err := manners.OwnAddresses()
	if err != nil {
		return nil, err
	}
	if !policy.AllowPrivate {
		policy.Own = own
	}
	if files := s.StringSlice(Deny.Name); len(files) > 0 {
		if policy.Deny, err = manners.LoadDeny(files...); err != nil {
			return nil, err
		}
	}
	return policy, nil
}

// DNSServer is what the flag --resolver says: "address" or "address:port",
// where the port is 53 by default. Nothing means the system's servers.
func (s *Session) DNSServer() (string, error) {
	server := s.String("resolver")
	if server == "" {
		return "", nil
	}
	if at, err := netip.ParseAddrPort(server); err == nil {
		return at.String(), nil
	}
	const dns = 53
	addr, err := netip.ParseAddr(server)
	if err != nil {
		return "", Usagef("flag --resolver is %q, expected an address such as 9.9.9.9 or [2620:fe::fe]:53", server)
	}
	return netip.AddrPortFrom(addr, dns).String(), nil
}

// Slots fits a wished number of conversations to the limit on open files, and
// says so when it has to be lowered.
func (s *Session) Slots(wish int) (int, error) {
	if wish < 1 {
		return 0, Usagef("flag -j is %d, expected at least 1", wish)
	}
	fit, err := manners.Descriptors()
	if err != nil {
		return 0, err
	}
	if wish > fit {
		fmt.Fprintf(s.People, "%s: %d conversations at once instead of %d: the limit on open files allows no more (ulimit -n)\n", s.command.Name, fit, wish)
		wish = fit
	}
	return wish, nil
}

// Running makes a Runner of an actor and its work.
func Running(a Actor, work func(context.Context) error) Runner { return runner{a, work} }

type runner struct {
	Actor
	work func(context.Context) error
}

func (r runner) Run(s *Session) error { return r.work(s.Live) }
