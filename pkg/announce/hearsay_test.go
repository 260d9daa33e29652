package announce

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/tracker"
)

// from is a torrent line with one tracker and a source.
func from(source, url, more string) string {
	return fmt.Sprintf(`{"type":"torrent","infohash":%q,"source":%q,"trackers":[[%q]]%s}`, hashOf(0), source, url, more)
}

// asks lists when which tracker was announced to, without our last word.
func (f *fake) asks() (list []string) {
	for _, a := range f.asked {
		if a.Event != tracker.Stopped {
			list = append(list, fmt.Sprintf("%d %s", int(a.at/time.Second), strings.TrimSuffix(a.URL, ".example/announce")))
		}
	}
	return list
}

func TestLaterTrackers(t *testing.T) {
	const one, two = "http://one.example/announce", "http://two.example/announce"
	for _, c := range []struct {
		name  string
		lines []string
		want  []string
	}{
		{"of the torrent", []string{from("magnet", one, ""), pause, from("metadata", two, "")}, []string{"0 http://one", "60 http://two"}},
		{"named by a peer", []string{from("file", one, ""), pause, from("tex", two, "")}, []string{"0 http://one", "60 http://two"}},
		{"named again", []string{from("file", one, ""), pause, from("tex", one, "")}, []string{"0 http://one"}},
		{"for a private torrent", []string{from("file", one, `,"private":true`), pause, from("tex", two, ""), from("local", two, "")}, []string{"0 http://one"}},
		{"of a private torrent itself", []string{from("file", one, `,"private":true`), pause, from("file", two, `,"private":true`)}, []string{"0 http://one", "60 http://two"}},
		{"by themselves", []string{from("tex", two, "")}, []string{"0 http://two"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: ok(900 * time.Second)}
				run(t, f, Options{NoScrape: true}, 200*time.Second, c.lines...)
				if got := f.asks(); !reflect.DeepEqual(got, c.want) {
					t.Errorf("asked %q, want %q", got, c.want)
				}
			})
		})
	}
}

// A tracker of which we only heard, that is not there or does not have the
// torrent, is asked three times; one that a torrent names, again and again.
func TestHearsayIsNotWorthManyTries(t *testing.T) {
	for _, o := range []outcome.Outcome{outcome.Timeout, outcome.Failure} {
		t.Run(string(o), func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := &fake{answer: fails(o)}
				run(t, f, Options{NoScrape: true}, 24*time.Hour, from("tex", "http://peer.example/announce", ""), from("file", url, ""))
				count := map[string]int{}
				for _, a := range f.asked {
					count[a.URL]++
				}
				if count["http://peer.example/announce"] != 3 || count[url] < 10 {
					t.Errorf("asked %v times, want 3 of the peer's and at least 10 of the torrent's own", count)
				}
			})
		})
	}
}

// A tracker that has answered once is asked like any other.
func TestHearsayThatProvedTrue(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{}
		f.answer = func(r tracker.Request) tracker.Reply {
			if len(f.asked) == 1 {
				return ok(900 * time.Second)(r)
			}
			return fails(outcome.Timeout)(r)
		}
		run(t, f, Options{NoScrape: true}, 24*time.Hour, from("tex", url, ""))
		if len(f.asked) < 10 {
			t.Errorf("asked %d times, want at least 10", len(f.asked))
		}
	})
}

func TestEncryptionThatATrackerTellsOf(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(r tracker.Request) tracker.Reply {
			reply := ok(900*time.Second, "192.0.2.1:1", "192.0.2.2:2")(r)
			reply.Encrypted = map[netip.AddrPort]bool{reply.Peers[1]: true}
			return reply
		}}
		out := run(t, f, Options{NoScrape: true}, time.Minute, torrents(1, url)...)
		var got []string
		for _, p := range out.peers {
			got = append(got, fmt.Sprint(p.IP, p.Encryption != nil && *p.Encryption))
		}
		if want := []string{"192.0.2.1 false", "192.0.2.2 true"}; !reflect.DeepEqual(got, want) {
			t.Errorf("peers %q, want %q", got, want)
		}
		if !f.asked[0].SupportCrypto {
			t.Errorf("asked %+v, want it to say that we take encrypted connections", f.asked[0])
		}
	})
}

func TestTrackersOfOtherSchemes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: ok(900 * time.Second)}
		lines := append(torrents(2, "wss://me:secret@ws.example/", "udp://noport.example/announce", url), torrents(1, "wss://me:secret@ws.example/")...)
		out := run(t, f, Options{NoScrape: true, Once: true}, 0, lines...)
		var got []string
		for _, r := range out.requests {
			if r.Outcome == string(outcome.Unsupported) {
				got = append(got, r.InfoHash+" "+r.Source+" "+r.Ask+" "+r.Via)
			}
		}
		want := []string{hashOf(0) + " tracker announce wss://ws.example/", hashOf(0) + " tracker announce udp://noport.example/announce"}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got\n%q, want once in the run\n%q", got, want)
		}
	})
}
