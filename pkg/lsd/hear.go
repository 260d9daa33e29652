package lsd

import (
	"encoding/hex"
	"net/netip"
	"slices"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
)

// hear writes the peers that a datagram names.
func (s *Source) hear(p packet) {
	now := s.opt.Now()
	p.from = netip.AddrPortFrom(p.from.Addr().Unmap(), p.from.Port())
	m, as := s.judge(p, now)
	fresh := int64(0)
	if as == outcome.OK {
		fresh = s.report(m, p.from, now)
	}
	s.tally(as, fresh)
}

// judge reads a datagram; what is to be passed over has another outcome than
// ok.
func (s *Source) judge(p packet, now time.Time) (Message, outcome.Outcome) {
	ip := p.from.Addr()
	switch {
	case !s.opt.Near.Has(ip):
		return Message{}, outcome.Denied
	case !s.guard.take(ip.WithZone(""), now):
		return Message{}, outcome.Limit
	}
	m, err := Parse(p.data)
	switch {
	case err != nil:
		return m, outcome.Of(err)
	case m.Cookie == s.opt.Cookie && m.Cookie != "", m.Port == p.lane.port && slices.Contains(s.opt.Own, ip.WithZone("")):
		return m, outcome.Self
	case ip.IsLinkLocalUnicast():
		// A record has no room for the interface that such an address is good on.
		return m, outcome.Unsupported
	}
	return m, outcome.OK
}

// report writes a peer for each torrent of the stream and says how many.
func (s *Source) report(m Message, from netip.AddrPort, now time.Time) (fresh int64) {
	peer := netip.AddrPortFrom(from.Addr(), m.Port)
	for _, hash := range m.InfoHashes {
		t := s.torrents[hash]
		if t == nil || t.private || !t.first(peer) {
			continue
		}
		fresh++
		r := &record.Peer{InfoHash: hex.EncodeToString(hash[:]), IP: peer.Addr(), Port: peer.Port(), Source: "lsd", Via: from.String()}
		r.TS = now
		s.put(r)
		s.remark(peer.Addr())
	}
	return fresh
}

// remark tells people once that nobody will visit what we find.
func (s *Source) remark(ip netip.Addr) {
	if s.told || s.opt.Contactable(ip) {
		return
	}
	s.told = true
	s.opt.Log.Warn("peers of the local network found; bt-probe contacts private addresses only with --allow-private")
}
