package announce

import (
	"encoding/hex"
	"maps"
	"net/netip"
	"slices"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
	"btkit/pkg/tracker"
)

// maxPeers bounds the addresses taken from one answer: trackers give at most a
// few hundred, a hostile one might give a third of a million.
const maxPeers = 5000

// skipOwn is the reason for leaving out our own address.
const skipOwn = "own"

// put writes a record; the first failure ends the run.
func (s *Source) put(r record.Record) {
	if s.failed == nil {
		s.failed = s.opt.Out.Put(r)
	}
}

// base is the request record of an answer with what all of them have.
func base(a answer, hash tracker.Hash, r tracker.Result) *record.Request {
	q := &record.Request{
		InfoHash: hex.EncodeToString(hash[:]),
		Source:   "tracker",
		Via:      a.job.at.via,
		Ask:      a.ask,
		Family:   string(a.job.at.family),
		Outcome:  string(r.Outcome),
		Message:  message(r),
		Oddities: slices.Clone(r.Oddities),
		TookMS:   float64(r.Took.Microseconds()) / 1000,
		Status:   int64(r.Status),
		RxBytes:  r.RxBytes,
	}
	q.TS = a.at
	return q
}

// message is the tracker's own words, or else what kept us from it.
func message(r tracker.Result) string {
	text := r.Failure
	if text == "" && r.Err != nil {
		text = r.Err.Error()
	}
	clean, _ := record.Clean(text)
	return clean
}

// reportAnnounce writes the peers not seen before and the request.
func (s *Source) reportAnnounce(a answer) {
	r, t := a.reply, a.job.torrent
	s.who.addOwn(r.ExternalIP, s.who.ports[a.job.at.family])
	q := base(a, t.hash, r.Result)
	if r.Outcome == outcome.OK {
		q.Peers = record.Int(int64(len(r.Peers)))
		q.New = record.Int(s.reportPeers(a, q))
		q.IntervalS, q.MinIntervalS = wholeSeconds(r.Interval), wholeSeconds(r.MinInterval)
		q.Seeders, q.Leechers, q.Completed, q.Downloaders = r.Seeders, r.Leechers, r.Downloaded, r.Downloaders
		q.ExternalIP = r.ExternalIP
	}
	if q.Message == "" && r.Warning != "" {
		q.Message, _ = record.Clean(r.Warning)
	}
	for _, reason := range slices.Sorted(maps.Keys(r.Skipped)) {
		q.Oddities = append(q.Oddities, "skipped-"+reason)
	}
	if len(r.Names) > 0 {
		q.Oddities = append(q.Oddities, "names-not-resolved")
	}
	s.tally(r.Outcome)
	s.put(q)
}

// reportPeers writes the addresses of an answer that were not seen before for
// the torrent and says how many these were.
func (s *Source) reportPeers(a answer, q *record.Request) int64 {
	peers, fresh := a.reply.Peers, int64(0)
	if len(peers) > maxPeers {
		peers = peers[:maxPeers]
		q.Oddities = append(q.Oddities, "too-many-peers")
	}
	for _, at := range peers {
		if s.isOwn(at) {
			skip(a.reply, skipOwn)
			continue
		}
		if s.seen.first(a.job.torrent.hash, at) {
			fresh++
			p := &record.Peer{InfoHash: q.InfoHash, IP: at.Addr(), Port: at.Port(), Source: "tracker", Via: q.Via}
			if a.reply.Encrypted[at] {
				p.Encryption = record.Bool(true)
			}
			p.TS = a.at
			s.put(p)
		}
	}
	return fresh
}

func (s *Source) isOwn(at netip.AddrPort) bool { return s.who.own[at] }

func skip(r *tracker.Reply, reason string) {
	if r.Skipped == nil {
		r.Skipped = map[string]int{}
	}
	r.Skipped[reason]++
}

// reportScrape writes a request record per torrent of the batch. They are one
// exchange, so the bytes stand in the first of them only.
func (s *Source) reportScrape(a answer) {
	r := *a.replies
	s.tally(r.Outcome)
	for _, t := range a.batch {
		q := base(a, t.hash, r.Result)
		r.RxBytes = 0
		counts, known := r.Files[t.hash]
		if r.Outcome == outcome.OK && !known {
			q.Outcome = string(outcome.NotFound)
		}
		q.Seeders, q.Leechers, q.Completed, q.Downloaders = counts.Seeders, counts.Leechers, counts.Completed, counts.Downloaders
		q.MinIntervalS = wholeSeconds(r.MinInterval)
		s.put(q)
	}
}

func wholeSeconds(d time.Duration) int64 { return int64(d / time.Second) }
