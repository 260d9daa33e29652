package swarm

import (
	"encoding/hex"
	"time"

	"btkit/pkg/lab/script"
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
	return &record.Truth{
		InfoHash: hex.EncodeToString(p.torrent.InfoHash[:]),
		IP:       p.plan.IP, Port: p.port, PeerID: hex.EncodeToString(p.plan.ID[:]), Role: string(p.plan.Role),
		Reachable: p.plan.Reach == script.Open, DialsOut: p.plan.Dials, Met: !p.met.IsZero(),
		ArrivedTS: utc(p.arrived), LeftTS: utc(p.left), CrossedTS: utc(p.crossed), CompletedTS: utc(p.completed),
		FirstHave: int64(p.plan.First), LastHave: int64(p.have),
		Pieces: int64(p.torrent.Pieces), Need: int64(p.torrent.Need),
	}
}

// utc drops the monotonic clock; no time stays no time.
func utc(t time.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Microsecond)
}
