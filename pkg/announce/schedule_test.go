package announce

import (
	"errors"
	"fmt"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/tracker"
)

const url = "http://t.example/announce"

// times are when the first tracker was announced to, in whole seconds.
func (f *fake) times() []int {
	var at []int
	for _, a := range f.asked {
		if a.Event != tracker.Stopped {
			at = append(at, int(a.at/time.Second))
		}
	}
	return at
}

func TestRegularAnnounces(t *testing.T) {
	minimum := func(tracker.Request) tracker.Reply {
		r := ok(900 * time.Second)(tracker.Request{})
		r.MinInterval = 1200 * time.Second
		return r
	}
	for _, c := range []struct {
		name   string
		answer func(tracker.Request) tracker.Reply
		opt    Options
		want   []int
	}{
		{"the tracker's interval", ok(900 * time.Second), Options{}, []int{0, 900, 1800, 2700, 3600}},
		{"no more often than the minimum", minimum, Options{}, []int{0, 1200, 2400, 3600}},
		{"a longer wish is granted", ok(900 * time.Second), Options{Every: 1800 * time.Second}, []int{0, 1800, 3600}},
		{"a shorter wish is not", ok(1800 * time.Second), Options{Every: time.Second}, []int{0, 1800, 3600}},
		{"unless impatient", minimum, Options{Every: 1500 * time.Second, Impatient: true}, []int{0, 1500, 3000}},
		{"once", ok(900 * time.Second), Options{Once: true}, []int{0}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: c.answer}
				c.opt.NoScrape = true
				run(t, f, c.opt, time.Hour+time.Second, torrents(1, url)...)
				if got := f.times(); !reflect.DeepEqual(got, c.want) {
					t.Errorf("announced at %v s, want %v", got, c.want)
				}
			})
		})
	}
}

func TestEvents(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: ok(900 * time.Second)}
		out := run(t, f, Options{NoScrape: true}, 1000*time.Second, torrents(1, url)...)
		var got []string
		for _, a := range f.asked {
			got = append(got, fmt.Sprintf("%q %d %d %v", a.Event, a.NumWant, a.Left, a.CachedDNS))
		}
		want := []string{`"started" 200 1000 false`, `"" 200 1000 false`, `"stopped" 0 1000 true`}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("asked %v, want %v", got, want)
		}
		if last := out.requests[len(out.requests)-1]; last.Ask != "stopped" || last.Outcome != "ok" {
			t.Errorf("last record is %+v, want stopped", last)
		}
	})
}

// Started is said again until the tracker has heard it, and a tracker that
// never answered is not told that we stop.
func TestStartedUntilHeard(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: fails(outcome.Refused)}
		run(t, f, Options{NoScrape: true}, 40*time.Second, torrents(1, url)...)
		if len(f.asked) != 2 || f.asked[0].Event != tracker.Started || f.asked[1].Event != tracker.Started {
			t.Errorf("asked %v, want started twice and nothing more", f.asked)
		}
	})
}

func TestBackoff(t *testing.T) {
	for _, o := range []outcome.Outcome{outcome.Timeout, outcome.Malformed, outcome.Failure, outcome.LocalError} {
		t.Run(string(o), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: fails(o)}
				run(t, f, Options{NoScrape: true}, 6*time.Hour, torrents(1, url)...)
				wait := 30 * time.Second
				for i := 1; i < len(f.asked); i++ {
					got := f.asked[i].at - f.asked[i-1].at
					if got < wait*8/10 || got > wait*12/10 {
						t.Errorf("wait %d is %v, want %v within a fifth", i, got, wait)
					}
					wait = min(2*wait, time.Hour)
				}
				if len(f.asked) < 10 {
					t.Errorf("asked %d times in six hours, want at least 10", len(f.asked))
				}
			})
		})
	}
}

func TestRetryIn(t *testing.T) {
	for name, c := range map[string]struct {
		result tracker.Result
		want   []int
	}{
		"five minutes": {tracker.Result{Outcome: outcome.Failure, Retry: 300 * time.Second}, []int{0, 300, 600}},
		"never":        {tracker.Result{Outcome: outcome.Failure, Never: true}, []int{0}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: func(tracker.Request) tracker.Reply { return tracker.Reply{Result: c.result} }}
				run(t, f, Options{NoScrape: true}, 620*time.Second, torrents(1, url)...)
				if got := f.times(); !reflect.DeepEqual(got, c.want) {
					t.Errorf("asked at %v s, want %v", got, c.want)
				}
			})
		})
	}
}

// A tracker that nobody reaches is tried by one torrent at a time, not by all;
// another tracker is not held up by it.
func TestDeadTracker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		dead := "http://dead.example/announce"
		f := &fake{takes: 10 * time.Second, answer: func(r tracker.Request) tracker.Reply {
			if r.URL == dead {
				return fails(outcome.Timeout)(r)
			}
			return ok(tracker.MaxInterval)(r)
		}}
		run(t, f, Options{NoScrape: true, Rate: -1}, time.Hour, torrents(200, dead, url)...)
		count := map[string]int{}
		for _, a := range f.asked {
			if a.Event != tracker.Stopped {
				count[a.URL]++
			}
		}
		if count[url] != 200 || count[dead] > 40 {
			t.Errorf("asked %v times, want all 200 of the live one and at most 40 of the dead one", count)
		}
	})
}

func TestAtOnceAtAHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: 10 * time.Second, answer: ok(tracker.MaxInterval)}
		run(t, f, Options{NoScrape: true, Once: true, Rate: -1}, 0, torrents(40, url, "udp://t.example:1")...)
		if f.most != DefaultPerHost || len(f.times()) != 80 {
			t.Errorf("%d questions at once, %d in all, want %d and 80", f.most, len(f.times()), DefaultPerHost)
		}
	})
}

func TestPaceAtAHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: ok(tracker.MaxInterval)}
		run(t, f, Options{NoScrape: true, Once: true}, 0, torrents(40, url, "udp://t.example:1")...)
		for i, at := range f.times() {
			if want := max(0, i-DefaultBurst+1); at != want {
				t.Errorf("question %d after %d s, want %d: one per second after a burst of %d", i, at, want, DefaultBurst)
			}
		}
		if len(f.times()) != 80 {
			t.Errorf("%d announces, want 80", len(f.times()))
		}
	})
}

func TestLimitInAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var urls []string
		for i := range 30 {
			urls = append(urls, fmt.Sprintf("http://t%d.example/announce", i))
		}
		f := &fake{takes: time.Second, answer: ok(tracker.MaxInterval)}
		run(t, f, Options{NoScrape: true, Once: true, AtOnce: 7}, 0, torrents(4, urls...)...)
		if f.most != 7 || len(f.times()) != 120 {
			t.Errorf("%d at once and %d in all, want 7 and 120", f.most, len(f.times()))
		}
	})
}

// A round ends by itself, though a tracker cannot be reached by any of many
// torrents.
func TestOnceWithADeadTracker(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{takes: 30 * time.Second, answer: fails(outcome.Timeout)}
		out := run(t, f, Options{Once: true, NoScrape: true}, 0, torrents(100, url)...)
		if n := len(f.asked); n < 3 || n > 8 || len(out.requests) != n {
			t.Errorf("asked %d times with %d records, want 3 to 8 and as many", n, len(out.requests))
		}
	})
}

func TestLeaveTakesFiveSeconds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: ok(tracker.MaxInterval), lasts: time.Hour}
		start := time.Now()
		run(t, f, Options{NoScrape: true, Rate: -1}, time.Minute, torrents(50, url, "udp://u.example:1")...)
		if took := time.Since(start); took != 65*time.Second {
			t.Errorf("Run returned after %v, want five seconds after the minute", took)
		}
	})
}

func TestLostReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		gone := errors.New("reader gone")
		f := &fake{answer: ok(tracker.MaxInterval)}
		out := &sink{err: gone}
		err := runInto(t, f, Options{NoScrape: true}, out, time.Hour, torrents(1, url)...)
		if !errors.Is(err, gone) || f.asked[len(f.asked)-1].Event != tracker.Stopped {
			t.Errorf("got %v after %v, want %v and a last word to the tracker", err, f.asked, gone)
		}
	})
}

func TestNothingToAsk(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: ok(tracker.MaxInterval)}
		run(t, f, Options{}, 0, `{"type":"torrent","infohash":"`+hashOf(1)+`","trackers":[["wss://t.example"]]}`, `{"type":"peer"}`)
		if len(f.asked) != 0 {
			t.Errorf("asked %v, want nothing", f.asked)
		}
	})
}
