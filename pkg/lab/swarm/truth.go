package swarm

import (
	"encoding/hex"
	"time"

	"btkit/pkg/record"
)

// Truth is what is known about every peer that came, in the order of the script.
// It is complete after Close; its ts is the end of the play.
func (s *Swarm) Truth() []*record.Truth {
	var all []*record.Truth
	for _, p := range s.peers {
		if t := p.truth(); t != nil {
			t.TS = s.ended
			all = append(all, t)
		}
	}
	return all
}

// truth is nil if the peer never came.
func (p *peer) truth() *record.Truth {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.arrived.IsZero() {
		return nil
	}
	below, above := p.free()
	return &record.Truth{
		InfoHash: hex.EncodeToString(p.torrent.InfoHash[:]),
		IP:       p.plan.IP, Port: p.port, PeerID: hex.EncodeToString(p.plan.ID[:]), Role: string(p.plan.Role),
		Reachable: p.plan.Reachable(), DialsOut: p.plan.Dials, Met: !p.met.IsZero(),
		NAT: p.plan.NAT, Holepunch: p.plan.Punches(), Encrypted: p.plan.Encrypted, UTP: p.speaksUTP(), UTPOnly: p.plan.UTPOnly,
		ArrivedTS: utc(p.arrived), LeftTS: utc(p.left), CrossedTS: utc(p.crossed), CompletedTS: utc(p.completed),
		FirstHave: int64(p.plan.First), LastHave: int64(p.have),
		Pieces: int64(p.torrent.Pieces), Need: int64(p.torrent.Need),
		Client: p.plan.Client.Version, Pace: p.swarm.opt.Script.Options.Pace,
		FreeBelowMS: below, FreeAboveMS: above, Refused: p.refused,
		KeepAlives: p.ledger.MostKeepAlives, Connects: p.ledger.MostConnects, Breaches: p.ledger.Breaches,
	}
}

// free is for how long newcomers found a slot before it crossed, and after that,
// in milliseconds; nil for a span that there was not.
func (p *peer) free() (below, above *int64) {
	end := p.left
	if end.IsZero() {
		end = p.swarm.ended
	}
	ms := func(from, to time.Time) *int64 {
		n := p.plan.Slots.Free(from.Sub(p.swarm.began), to.Sub(p.swarm.began)).Milliseconds()
		return &n
	}
	switch {
	case p.plan.First >= p.torrent.Need:
		return nil, ms(p.arrived, end)
	case p.crossed.IsZero():
		return ms(p.arrived, end), nil
	}
	return ms(p.arrived, p.crossed), ms(p.crossed, end)
}

// utc drops the monotonic clock; no time stays no time.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}
