package announce

import (
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
	"btkit/pkg/tracker"
)

// knows answers a scrape for all torrents but those given.
func knows(unknown ...string) func(tracker.ScrapeRequest) tracker.Replies {
	return func(r tracker.ScrapeRequest) tracker.Replies {
		out := tracker.Replies{Result: tracker.Result{Outcome: outcome.OK, RxBytes: 100}, Files: map[tracker.Hash]tracker.Counts{}}
		for _, h := range r.Hashes {
			out.Files[h] = tracker.Counts{Seeders: record.Int(3)}
		}
		for _, digits := range unknown {
			h, _ := hash(digits)
			delete(out.Files, h)
		}
		return out
	}
}

func TestScrapeInBatches(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{scrape: knows(hashOf(7))}
		out := run(t, f, Options{ScrapeOnly: true}, scrapeEvery+time.Minute, torrents(100, url)...)
		var sizes []int
		for _, batch := range f.scrapes {
			sizes = append(sizes, len(batch))
		}
		if want := []int{40, 40, 20, 40, 40, 20}; !reflect.DeepEqual(sizes, want) {
			t.Errorf("batches of %v, want %v", sizes, want)
		}
		count, bytes := map[string]int{}, int64(0)
		for _, r := range out.requests {
			count[r.Ask+" "+r.Outcome]++
			bytes += r.RxBytes
			if known := r.Seeders != nil; known != (r.Outcome == "ok") {
				t.Errorf("%+v: seeders known %v", r, known)
			}
		}
		if want := map[string]int{"scrape ok": 198, "scrape not-found": 2}; !reflect.DeepEqual(count, want) || bytes != 600 {
			t.Errorf("records %v with %d bytes, want %v with 600", count, bytes, want)
		}
		if len(f.asked) != 0 {
			t.Errorf("announced %d times, want scrapes only", len(f.asked))
		}
	})
}

func TestScrapeBackoff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{scrape: func(tracker.ScrapeRequest) tracker.Replies {
			return tracker.Replies{Result: tracker.Result{Outcome: outcome.HTTPStatus, Status: 414}}
		}}
		run(t, f, Options{ScrapeOnly: true}, 40*time.Second, torrents(40, url)...)
		if len(f.scrapes) < 2 || len(f.scrapes[0]) != 40 || len(f.scrapes[1]) != 20 || f.scrapedAt[1] < 24*time.Second {
			t.Errorf("%d scrapes at %v, want 40 torrents, and half of them some 30 s later", len(f.scrapes), f.scrapedAt)
		}
	})
}

func TestScrapeNeverAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{scrape: func(tracker.ScrapeRequest) tracker.Replies {
			return tracker.Replies{Result: tracker.Result{Outcome: outcome.Failure, Never: true}}
		}}
		run(t, f, Options{ScrapeOnly: true}, 0, torrents(1, url)...)
		if len(f.scrapes) != 1 {
			t.Errorf("%d scrapes, want 1", len(f.scrapes))
		}
	})
}

func TestOnceAsksBoth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: ok(tracker.MaxInterval), scrape: knows()}
		out := run(t, f, Options{Once: true, Rate: -1, Families: []tracker.Family{tracker.IPv4, tracker.IPv6}}, 0,
			torrents(3, url, "http://t.example/a", "udp://127.0.0.1:1")...)
		count := map[string]int{}
		for _, r := range out.requests {
			count[r.Ask+" "+r.Family]++
		}
		want := map[string]int{"announce ipv4": 9, "announce ipv6": 6, "stopped ipv4": 9, "stopped ipv6": 6,
			"scrape ipv4": 6, "scrape ipv6": 3}
		if !reflect.DeepEqual(count, want) {
			t.Errorf("asked %v, want %v", count, want)
		}
	})
}

func TestMoreTrackersLater(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: ok(tracker.MaxInterval), scrape: knows()}
		lines := append(torrents(1, url), torrents(1, url, "http://u.example/announce")...)
		run(t, f, Options{Once: true}, 0, lines...)
		if len(f.times()) != 2 || len(f.scrapes) != 2 {
			t.Errorf("%d announces and %d scrapes, want 2 of each", len(f.times()), len(f.scrapes))
		}
	})
}

func TestBoundsOfTheInput(t *testing.T) {
	p := newPlan(Options{}.orDefaults())
	var tier []string
	for i := range maxTrackers + 5 {
		tier = append(tier, fmt.Sprintf("http://127.0.0.1:%d/announce", i+1))
	}
	one, _ := p.torrent(tracker.Hash{1})
	if full := p.more(one, tier, false, time.Unix(0, 0)); full != 0 {
		t.Errorf("%d too many, want 0: half the bound is for a second family", full)
	}
	for i := range maxTrackers + 5 {
		tier[i] = fmt.Sprintf("http://127.0.0.2:%d/announce", i+1)
	}
	if full := p.more(one, tier, false, time.Unix(0, 0)); full != 10 {
		t.Errorf("%d too many, want 10", full)
	}
	if one.left != 1 {
		t.Errorf("left of a torrent of unknown size is %d, want 1", one.left)
	}
}
