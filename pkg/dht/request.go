package dht

import (
	"fmt"

	"btkit/pkg/record"
)

// telling are the reasons for leaving nodes and peers out that say something
// about the torrent's surroundings.
var telling = []string{"id-mismatch", "too-close", "liar", "peer-ports", "busy"}

// requestOf is a lookup as a record.
func requestOf(r *Result, fresh int64) *record.Request {
	q := &record.Request{InfoHash: r.Target.String(), Source: "dht", Via: "dht", Ask: "lookup",
		Family: string(r.Family), Outcome: string(r.Outcome), Oddities: r.Oddities,
		TookMS: float64(r.Took.Microseconds()) / 1000, RxBytes: r.Bytes}
	q.Message, _ = record.Clean(r.Message)
	for _, why := range telling {
		if r.Refused[why] > 0 {
			q.Oddities = append(q.Oddities, why)
		}
	}
	q.TS = r.Started
	q.Queried, q.Answered = record.Int(int64(r.Queried)), record.Int(int64(r.Answered))
	if r.Answered > 0 {
		q.Peers, q.New = record.Int(int64(r.Peers)), record.Int(fresh)
	}
	if r.Scraped {
		q.SeedersEst, q.LeechersEst = record.Float(round(r.Seeds)), record.Float(round(r.Leechers))
	}
	return q
}

// round to a tenth: the filters know no more.
func round(f float64) float64 { return float64(int64(f*10+0.5)) / 10 }

// Stat tells how the source is doing.
func (s *Source) Stat() *record.Stat {
	stats := s.client.Stats()
	s.mu.Lock()
	defer s.mu.Unlock()
	return &record.Stat{Known: record.Int(int64(len(s.swarms))), Queue: record.Int(int64(len(s.queue))),
		InFlight: record.Int(int64(stats.Open)), Limit: record.Int(int64(stats.Limit))}
}

// Status is a phrase for people.
func (s *Source) Status() string {
	stats := s.client.Stats()
	s.mu.Lock()
	defer s.mu.Unlock()
	peers := 0
	for _, w := range s.swarms {
		peers += len(w.seen)
	}
	return fmt.Sprintf("%s, %s, %s, %s", some(len(s.swarms), "torrent"), some(s.running, "lookup"),
		some(stats.Nodes[IPv4]+stats.Nodes[IPv6], "node"), some(peers, "peer"))
}

// some is a number of things in words: "1 node", "2 nodes".
func some(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}
