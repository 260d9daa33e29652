package announce

import (
	"encoding/hex"
	"fmt"
	"net/netip"

	"btkit/pkg/record"
	"btkit/pkg/tracker"
)

// maxOwn bounds how many addresses are remembered as our own: trackers tell
// some of them, and a tracker may say anything.
const maxOwn = 64

// identity is who we are in the lists of the trackers.
type identity struct {
	id    tracker.Hash
	key   uint32
	ports map[tracker.Family]uint16
	own   map[netip.AddrPort]bool
	local []netip.Addr // of this host
	from  map[tracker.Family]netip.Addr
	ours  func(netip.Addr) error // nil: from stays as it is
	// turn grows when id or port changes: trackers then need to hear
	// event=started again.
	turn int
}

func newIdentity(o Options) *identity {
	who := &identity{id: o.PeerID, key: o.Random.Uint32(), ports: map[tracker.Family]uint16{},
		own: map[netip.AddrPort]bool{}, local: o.Local, turn: 1, from: map[tracker.Family]netip.Addr{}, ours: o.Ours}
	for _, f := range []tracker.Family{tracker.IPv4, tracker.IPv6} {
		who.ports[f] = o.Port
		for _, a := range o.From {
			if f.Has(a) {
				who.from[f] = a
			}
		}
	}
	return who
}

func checkListen(l *record.Listen) error {
	if _, ok := hash(l.PeerID); !ok || l.Port == 0 || !l.IP.IsValid() {
		return fmt.Errorf("%w: listen: expected an address, a port and a peer id of 40 hex digits", record.ErrNotRecord)
	}
	return nil
}

// hash reads an info-hash or a peer id.
func hash(digits string) (h tracker.Hash, ok bool) {
	b, err := hex.DecodeString(digits)
	if err != nil || len(b) != len(h) {
		return h, false
	}
	return tracker.Hash(b), true
}

// hear takes over the port and the id under which somebody listens for us. The
// record has been checked.
func (who *identity) hear(l *record.Listen) {
	id, _ := hash(l.PeerID)
	changed := id != who.id
	who.id = id
	for f, port := range who.ports {
		if f.Has(l.IP) || l.IP == netip.IPv6Unspecified() {
			changed = changed || port != l.Port
			who.ports[f] = l.Port
			changed = who.move(f, l.IP) || changed
			who.addOwn(who.from[f], l.Port)
		}
	}
	who.addOwn(l.IP, l.Port)
	if l.IP.IsUnspecified() {
		for _, ip := range who.local {
			who.addOwn(ip, l.Port)
		}
	}
	if changed {
		who.turn++
	}
}

// move takes over the address at which somebody listens for us, as the one to
// come from: a tracker lists the sender's. It says whether that is news.
func (who *identity) move(f tracker.Family, to netip.Addr) bool {
	if who.ours == nil || to == who.from[f] {
		return false
	}
	if to.IsUnspecified() || who.ours(to) != nil {
		to = netip.Addr{} // listened at everywhere, or on another host
	}
	changed := to != who.from[f]
	who.from[f] = to
	return changed
}

// sender is the address to ask a tracker from; none leaves it to the system, as
// for trackers that cannot be reached from a loopback address at which we listen.
func (who *identity) sender(at *endpoint) netip.Addr {
	from := who.from[at.family]
	if who.ours != nil && from.IsLoopback() && !at.loopback {
		return netip.Addr{}
	}
	return from
}

// addOwn remembers an address at which we would meet ourselves.
func (who *identity) addOwn(ip netip.Addr, port uint16) {
	if ip.IsValid() && !ip.IsUnspecified() && len(who.own) < maxOwn {
		who.own[netip.AddrPortFrom(ip, port)] = true
	}
}
