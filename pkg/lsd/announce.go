package lsd

import (
	"encoding/hex"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
)

// announce multicasts what is due.
func (s *Source) announce(now time.Time) {
	for _, l := range s.lanes {
		if !s.speaks(l) {
			continue
		}
		m := Message{Host: l.wire.Group().String(), Port: l.port, Cookie: s.opt.Cookie}
		m.InfoHashes = l.plan.take(m.Room(), now)
		if len(m.InfoHashes) > 0 {
			s.last = now
			err := l.wire.Send(m.Append(nil))
			s.reportAnnounce(m, l, now, err)
		}
	}
}

// reportAnnounce writes a request record for each torrent of a packet.
func (s *Source) reportAnnounce(m Message, l *lane, now time.Time, err error) {
	for _, hash := range m.InfoHashes {
		r := &record.Request{InfoHash: hex.EncodeToString(hash[:]), Source: "lsd", Via: m.Host, Ask: "announce",
			Family: family(l), Outcome: string(outcome.Of(err))}
		if err != nil {
			r.Message, _ = record.Clean(err.Error())
		}
		r.TS = now
		s.put(r)
	}
}

func family(l *lane) string {
	if l.wire.Group().Addr().Is4() {
		return "ipv4"
	}
	return "ipv6"
}

// put writes a record; the first failure ends the run.
func (s *Source) put(r record.Record) {
	if s.failed == nil {
		s.failed = s.opt.Out.Put(r)
	}
}
