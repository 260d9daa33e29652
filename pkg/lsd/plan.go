package lsd

import "time"

// When we announce (BEP 14): one packet a minute in a group, and each torrent
// every five minutes, which some 120 torrents use up; more take longer turns.
const (
	betweenPackets = time.Minute
	betweenTurns   = 5 * time.Minute
)

// gather is how long the first packet waits for a listen record and for other
// torrents.
const gather = 2 * time.Second

// plan says when which torrents are announced in one group. It has no clock.
type plan struct {
	once  bool
	ready time.Time // no packet before
	// In order of their time; fresh were never announced, again were.
	fresh, again []entry
}

type entry struct {
	torrent *torrent
	due     time.Time
}

func (p *plan) add(t *torrent, now time.Time) {
	p.fresh = append(p.fresh, entry{t, now.Add(gather)})
}

// next is when a packet may be due; false if there never is one.
func (p *plan) next() (due time.Time, ok bool) {
	for _, from := range [][]entry{p.fresh, p.again} {
		if len(from) > 0 && (!ok || from[0].due.Before(due)) {
			due, ok = from[0].due, true
		}
	}
	if due.Before(p.ready) {
		due = p.ready
	}
	return due, ok
}

// take gives up to n torrents for a packet now, or none, and books their next
// turn.
func (p *plan) take(n int, now time.Time) []Hash {
	if now.Before(p.ready) {
		return nil
	}
	var due []*torrent
	for _, from := range []*[]entry{&p.fresh, &p.again} {
		for len(*from) > 0 && len(due) < n && !(*from)[0].due.After(now) {
			if t := (*from)[0].torrent; !t.private {
				due = append(due, t)
			}
			*from = (*from)[1:]
		}
	}
	var hashes []Hash
	for _, t := range due {
		hashes = append(hashes, t.hash)
		if !p.once {
			p.again = append(p.again, entry{t, now.Add(betweenTurns)})
		}
	}
	if len(hashes) > 0 {
		p.ready = now.Add(betweenPackets)
	}
	return hashes
}
