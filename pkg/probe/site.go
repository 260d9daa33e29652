package probe

import (
	"time"

	"btkit/pkg/refusal"
)

// site is what is known of an address about which more than one torrent may
// be spoken.
type site struct {
	refusal.Address
	dialled time.Time // latest
	about   uint64    // number of its torrent
}

// oneHandshake is how far apart conversations about different torrents begin at
// one address: some programs refuse the second of two handshakes at once.
const oneHandshake = 2 * time.Second

func (p *Probe) site(x *peer) *site {
	at := p.sites[x.addr.Addr()]
	if at == nil {
		at = &site{}
		p.sites[x.addr.Addr()] = at
	}
	return at
}

// another notes that a peer is dialled now, or says how long that has to wait
// for another torrent's handshake at the same address.
func (p *Probe) another(x *peer, now time.Time) time.Duration {
	if len(p.torrents) < 2 {
		return 0
	}
	at := p.site(x)
	number := x.t.first.number
	if since := now.Sub(at.dialled); since < oneHandshake && at.about != number && (x.habits == nil || x.habits.OneHandshake) {
		return oneHandshake - since
	}
	at.dialled, at.about = now, number
	return 0
}
