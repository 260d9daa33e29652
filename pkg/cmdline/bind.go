package cmdline

import (
	"fmt"
	"net"
	"net/netip"
	"strings"

	"github.com/urfave/cli/v2"
)

// Bind is the flag of sources. bt-probe has one of the same name and variable,
// but chooses among its addresses for each peer.
var Bind = &cli.StringSliceFlag{Name: "bind", EnvVars: []string{"BT_BIND"},
	Usage: "come from `ADDRESS`, may be repeated: the first of each family counts (default: the address of a listen record, or the system's choice)"}

// Binds is what --bind says: at most one address of each family, and none if it
// was not given. An address that is not of this host is an error.
func (s *Session) Binds() (addrs []netip.Addr, err error) {
	all, err := s.AllBinds()
	has := map[bool]bool{}
	for _, addr := range all {
		if has[addr.Is4()] {
			continue
		}
		if err := Ours(addr); err != nil {
			return nil, &Hinted{Err: err, Hint: "--bind names addresses of this host"}
		}
		has[addr.Is4()] = true
		addrs = append(addrs, addr)
	}
	return addrs, err
}

// AllBinds is every address of --bind, in order; one value may hold several, with
// commas between them, as the variable has to.
func (s *Session) AllBinds() (addrs []netip.Addr, err error) {
	for _, value := range s.StringSlice(Bind.Name) {
		for text := range strings.SplitSeq(value, ",") {
			addr, err := netip.ParseAddr(strings.TrimSpace(text))
			if err != nil {
				return nil, Usagef("flag --bind is %q, expected an address such as 192.0.2.7 or 2001:db8::7", value)
			}
			addrs = append(addrs, addr.Unmap())
		}
	}
	return addrs, nil
}

// Ours says why this host cannot come from an address, nil if it can.
func Ours(addr netip.Addr) error {
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.AddrPortFrom(addr, 0)))
	if err != nil {
		return fmt.Errorf("come from %s: %w", addr, err)
	}
	return conn.Close()
}
