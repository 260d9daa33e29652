package listen

import (
	"encoding/hex"
	"fmt"
	"net/netip"

	"btkit/pkg/record"
)

// Announce writes a listen record for every address on which TCP is taken.
func (l *Listener) Announce() error {
	overUDP := map[string]bool{}
	for _, s := range l.sockets {
		if s.Addr().Network() == "udp" {
			overUDP[s.Addr().String()] = true
		}
	}
	for _, s := range l.sockets {
		if s.Addr().Network() == "udp" {
			continue
		}
		addr, err := netip.ParseAddrPort(s.Addr().String())
		if err != nil {
			return fmt.Errorf("listening address %s: %w", s.Addr(), err)
		}
		if err := l.out.Put(&record.Listen{IP: addr.Addr().Unmap(), Port: addr.Port(), UTP: record.Bool(overUDP[s.Addr().String()]),
			PeerID: hex.EncodeToString(l.options.PeerID[:])}); err != nil {
			return err
		}
	}
	return nil
}
