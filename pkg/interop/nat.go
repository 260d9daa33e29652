//go:build interop

package interop

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
)

// Addresses of a NAT, from the outside in. The outer ones are of
// documentation (RFC 5737) and look public to clients.
var (
	natGateway = netip.MustParseAddr("203.0.113.1") // the stage, seen from the box
	natOutside = netip.MustParseAddr("203.0.113.2") // the box, seen from the stage
	natInside  = netip.MustParseAddr("10.0.0.1")    // the box, seen from the home
	natHome    = netip.MustParseAddr("10.0.0.2")    // the client
)

// nat is a home behind a box that hides its addresses and lets nobody in. The
// box keeps port numbers where it can, as most do.
type nat struct{ box, home *room }

// newNAT builds a home beside the stage.
func newNAT() (*nat, error) {
	box, err := newRoom()
	if err != nil {
		return nil, err
	}
	home, err := newRoom()
	if err != nil {
		box.close()
		return nil, err
	}
	n := &nat{box, home}
	if err := errors.Join(n.cable(), n.hide()); err != nil {
		n.close()
		return nil, err
	}
	return n, nil
}

// cable links stage, box and home.
func (n *nat) cable() error {
	return errors.Join(
		n.box.ip(
			"link set lo up",
			fmt.Sprintf("link add wan type veth peer name nat0 netns %d", os.Getpid()),
			fmt.Sprintf("link add lan type veth peer name eth0 netns %d", n.home.keeper.Process.Pid),
			fmt.Sprintf("addr add %s/24 dev wan", natOutside),
			fmt.Sprintf("addr add %s/24 dev lan", natInside),
			"link set wan up", "link set lan up",
		),
		ipLines(fmt.Sprintf("addr add %s/24 dev nat0", natGateway), "link set nat0 up"),
		n.box.ip(fmt.Sprintf("route add default via %s", natGateway)),
		n.home.ip(
			"link set lo up",
			fmt.Sprintf("addr add %s/24 dev eth0", natHome), "link set eth0 up",
			fmt.Sprintf("route add default via %s", natInside),
		),
	)
}

// hide has the box forward, put its own address in front of the home's, and
// drop what nobody inside asked for. It drops silently, without an entry in its
// table that would later cost the home its port number.
func (n *nat) hide() error {
	return n.box.do(func() error {
		if err := os.WriteFile("/proc/sys/net/ipv4/ip_forward", []byte("1"), 0); err != nil {
			return fmt.Errorf("forward packets: %w", err)
		}
		return ruleset(`table ip box {
	chain out { type nat hook postrouting priority 100; oifname "wan" masquerade; }
	chain in { type filter hook input priority 0; iifname "wan" ct state new drop; }
	chain through { type filter hook forward priority 0; iifname "wan" ct state new drop; }
}`)
	})
}

func (n *nat) close() {
	n.home.close()
	n.box.close()
}
