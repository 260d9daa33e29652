//go:build interop

package interop

import (
	"fmt"
	"net/netip"
	"os/exec"
	"strings"
)

// addr6 gives client n an IPv6 address (RFC 4193).
func (s *Stage) addr6(n byte) netip.Addr {
	return netip.AddrFrom16([16]byte{0xfd, 0, 0, 0xb7, 0, 0, 0, n, 15: 1})
}

// raise6 makes an IPv6 address local; those of IPv4 are all local already.
func (s *Stage) raise6(ip netip.Addr) error {
	if ip.Is4() {
		return nil
	}
	return ipLines("addr replace " + ip.String() + "/128 dev lo nodad")
}

// shut lets nothing through to ip but answers to what it sent, as a NAT does.
// A libtorrent that listens nowhere would not even announce itself.
func (s *Stage) shut(ip netip.Addr) error {
	rules := fmt.Sprintf("table inet stage { chain in { type filter hook input priority 0; ip daddr %s ct state new drop; }; }", ip)
	return ruleset(rules)
}

// ruleset gives nftables these rules, in this namespace.
func ruleset(rules string) error {
	path, err := find("nft")
	if err != nil {
		return err
	}
	cmd := exec.Command(path, "-f", "-")
	cmd.Stdin = strings.NewReader(rules)
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("nft %s: %w: %s", rules, err, out)
	}
	return nil
}

// ipLines runs ip(8) here.
func ipLines(lines ...string) error {
	for _, line := range lines {
		out, err := exec.Command("ip", strings.Fields(line)...).CombinedOutput()
		if err != nil {
			return fmt.Errorf("ip %s: %w: %s (make interop installs iproute2)", line, err, out)
		}
	}
	return nil
}
