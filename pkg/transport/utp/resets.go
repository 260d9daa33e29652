package utp

import (
	"net/netip"
	"time"
)

const (
	resetSlots     = 256
	resetsASecond  = 100
	resetFrequency = time.Second
)

type resetSlot struct {
	peer netip.AddrPort
	at   time.Duration
}

// resetLimit allows one RESET per peer and second, and a hundred in all, as
// far as it remembers.
type resetLimit struct {
	last   []resetSlot // made when the first one is sent
	second time.Duration
	sent   int
}

func (r *resetLimit) allow(now time.Duration, peer netip.AddrPort) bool {
	if second := now.Truncate(time.Second); second != r.second {
		r.second, r.sent = second, 0
	}
	if r.last == nil {
		r.last = make([]resetSlot, resetSlots)
	}
	ip := peer.Addr().As16()
	slot := &r.last[(int(ip[15])^int(ip[14])*31^int(ip[7])*17^int(peer.Port()))%resetSlots]
	if r.sent >= resetsASecond || slot.peer == peer && now-slot.at < resetFrequency {
		return false
	}
	slot.peer, slot.at = peer, now
	r.sent++
	return true
}
