package announce

import (
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/tracker"
)

// heard is what people are told in a run of so long.
func heard(t *testing.T, f *fake, life time.Duration, lines ...string) string {
	t.Helper()
	var text strings.Builder
	log := slog.New(slog.NewTextHandler(&text, &slog.HandlerOptions{Level: slog.LevelWarn}))
	run(t, f, Options{NoScrape: true, Log: log}, life, lines...)
	return text.String()
}

// Trackers that did not hear our last word are told of by number.
func TestRemarkOnWhatStaysUnsaid(t *testing.T) {
	for _, c := range []struct {
		name  string
		lasts time.Duration
		want  string
	}{
		{"all heard it", 0, ""},
		{"none heard it", time.Hour, `did not hear \"stopped\" in time" questions=2`},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: ok(900 * time.Second), lasts: c.lasts}
				got := heard(t, f, time.Minute, torrents(1, url, "udp://u.example:1")...)
				if c.want == "" && got != "" || !strings.Contains(got, c.want) {
					t.Errorf("said %q, want %q", got, c.want)
				}
			})
		})
	}
}

func TestRemarkWhenOurRulesForbidAllTrackers(t *testing.T) {
	const other = "http://other.example/announce"
	for _, c := range []struct {
		name string
		then func(tracker.Request) tracker.Reply // of the other tracker
		want int
	}{
		{"all", fails(outcome.Denied), 1},
		{"all that there are", fails(outcome.Unsupported), 1},
		{"all but one", ok(900 * time.Second), 0},
		{"all but one that is down", fails(outcome.Refused), 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{takes: time.Second, answer: func(r tracker.Request) tracker.Reply {
					if r.URL == other {
						return c.then(r)
					}
					return fails(outcome.Denied)(r)
				}}
				got := heard(t, f, time.Hour, torrents(3, url, other)...)
				if n := strings.Count(got, "--allow-private"); n != c.want {
					t.Errorf("told %d times, want %d: %s", n, c.want, got)
				}
			})
		})
	}
}
