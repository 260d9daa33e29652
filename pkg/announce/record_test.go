package announce

import (
	"encoding/hex"
	"errors"
	"fmt"
	"net/netip"
	"reflect"
	"testing"
	"testing/synctest"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
	"btkit/pkg/tracker"
)

func TestPeersAreWrittenOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: ok(900*time.Second, "192.0.2.1:1", "192.0.2.2:2", "192.0.2.1:1")}
		out := run(t, f, Options{NoScrape: true}, 1000*time.Second, torrents(2, "http://me:secret@t.example/announce")...)
		if len(out.peers) != 4 {
			t.Errorf("%d peer records, want 2 for each of 2 torrents", len(out.peers))
		}
		for _, p := range out.peers {
			if p.Source != "tracker" || p.Via != url || p.TS.IsZero() {
				t.Errorf("peer %+v, want source tracker via %s with a time", p, url)
			}
		}
		fresh := map[int64]int{}
		for _, r := range out.requests {
			if r.Ask == "announce" {
				fresh[*r.New]++
			}
			if r.Via != url || r.Ask == "announce" && (*r.Peers != 3 || r.IntervalS != 900) {
				t.Errorf("request %+v, want 3 peers via %s every 900 s", r, url)
			}
		}
		if want := map[int64]int{2: 2, 0: 2}; !reflect.DeepEqual(fresh, want) {
			t.Errorf("new addresses %v, want %v", fresh, want)
		}
	})
}

func TestOwnAddressIsLeftOut(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(r tracker.Request) tracker.Reply {
			reply := ok(900*time.Second, "192.0.2.1:7000", "192.0.2.1:7001", "198.51.100.1:7000")(r)
			reply.ExternalIP = netip.MustParseAddr("192.0.2.1")
			return reply
		}}
		lines := append([]string{listen("198.51.100.1", 7000, "-BK0001-listening000")}, torrents(1, url)...)
		out := run(t, f, Options{NoScrape: true}, time.Minute, lines...)
		if len(out.peers) != 1 || out.peers[0].Port != 7001 {
			t.Errorf("peers %+v, want port 7001 alone", out.peers)
		}
		if odd := out.requests[0].Oddities; !reflect.DeepEqual(odd, []string{"skipped-own"}) || out.requests[0].ExternalIP != netip.MustParseAddr("192.0.2.1") {
			t.Errorf("request %+v, want skipped-own and the external address", out.requests[0])
		}
	})
}

func TestIdentity(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: ok(900 * time.Second)}
		lines := append(torrents(1, url), listen("0.0.0.0", 7004, "-BK0001-listening000"), listen("::1", 7006, "-BK0001-listening000"))
		run(t, f, Options{NoScrape: true, Families: []tracker.Family{tracker.IPv4, tracker.IPv6}}, time.Minute, lines...)
		got := map[string]bool{}
		keys := map[uint32]bool{}
		for _, a := range f.asked {
			got[fmt.Sprint(a.Family, a.Port, " ", string(a.PeerID[:]))] = true
			keys[a.Key] = true
		}
		want := map[string]bool{"ipv47004 -BK0001-listening000": true, "ipv67006 -BK0001-listening000": true}
		if !reflect.DeepEqual(got, want) || len(keys) != 1 {
			t.Errorf("announced %v with %d keys, want %v with one", got, len(keys), want)
		}
	})
}

func TestListeningEverywhere(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: ok(900*time.Second, "192.0.2.1:7000", "192.0.2.1:6881")}
		lines := append([]string{listen("0.0.0.0", 7000, "-BK0100-listening000")}, torrents(1, url)...)
		out := run(t, f, Options{NoScrape: true, Local: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}, time.Minute, lines...)
		if len(out.peers) != 1 || out.peers[0].Port != 6881 {
			t.Errorf("peers %+v, want port 6881 alone: at the other we listen", out.peers)
		}
	})
}

// Whoever listens for us may come up late: trackers then hear started again,
// when their time has come.
func TestListenRecordComesLate(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: ok(900 * time.Second)}
		lines := append(torrents(1, url), pause, listen("192.0.2.1", 7000, "-BK0100-listening000"))
		run(t, f, Options{NoScrape: true}, 1000*time.Second, lines...)
		var got []string
		for _, a := range f.asked {
			got = append(got, fmt.Sprintf("%d %s", a.Port, a.Event))
		}
		if want := []string{"6881 started", "7000 started", "7000 stopped"}; !reflect.DeepEqual(got, want) {
			t.Errorf("announced %v, want %v", got, want)
		}
	})
}

func TestIdentityChanges(t *testing.T) {
	who := newIdentity(Options{Port: 1}.orDefaults())
	if string(who.id[:8]) != peerIDPrefix || who.ports[tracker.IPv6] != 1 {
		t.Errorf("first identity is %q, %v", who.id, who.ports)
	}
	for i, c := range []struct {
		ip   string
		port uint16
		turn int
		four uint16
	}{{"::", 7, 2, 7}, {"::", 7, 2, 7}, {"192.0.2.1", 8, 3, 8}, {"2001:db8::1", 7, 3, 8}} {
		who.hear(&record.Listen{IP: netip.MustParseAddr(c.ip), Port: c.port, PeerID: hex.EncodeToString([]byte("-BK0001-listening000"))})
		if who.turn != c.turn || who.ports[tracker.IPv4] != c.four || who.ports[tracker.IPv6] != 7 {
			t.Errorf("step %d: turn %d, ports %v; want turn %d, IPv4 port %d, IPv6 port 7", i, who.turn, who.ports, c.turn, c.four)
		}
	}
}

func TestBadLinesAreRejected(t *testing.T) {
	s := New(Options{})
	for _, text := range []string{
		`{"type":"torrent","infohash":"abc"}`,
		`{"type":"torrent"}`,
		`{"type":"listen","ip":"192.0.2.1","port":0,"peer_id":"` + hashOf(1) + `"}`,
		`{"type":"listen","ip":"192.0.2.1","port":1,"peer_id":"00"}`,
	} {
		if err := hear(s, text); !errors.Is(err, record.ErrNotRecord) {
			t.Errorf("Hear(%s) = %v, want a rejection", text, err)
		}
	}
	if err := hear(s, `{"type":"strange","infohash":5}`); err != nil {
		t.Errorf("Hear of an unknown kind: %v, want it passed over", err)
	}
}

func TestTextIsCleaned(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := &fake{answer: func(tracker.Request) tracker.Reply {
			return tracker.Reply{Result: tracker.Result{Outcome: outcome.Failure, Failure: "no\x1b[2J\n", Never: true}}
		}}
		out := run(t, f, Options{NoScrape: true}, 0, torrents(1, url)...)
		if got := out.requests[0].Message; got != "no\uFFFD[2J\uFFFD" {
			t.Errorf("message is %q", got)
		}
	})
}

func TestSeenForgetsTheOldest(t *testing.T) {
	s := newSeen(2)
	at := func(n byte) netip.AddrPort { return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, 2, n}), 1) }
	for i, step := range []struct {
		n    byte
		want bool
	}{{1, true}, {1, false}, {2, true}, {3, true}, {1, false}, {4, true}, {1, false}, {5, true}, {2, true}} {
		if got := s.first(tracker.Hash{}, at(step.n)); got != step.want {
			t.Errorf("step %d: address %d is new: %v, want %v", i, step.n, got, step.want)
		}
	}
	if !s.first(tracker.Hash{1}, at(1)) {
		t.Error("an address is new for another torrent")
	}
}

func TestStat(t *testing.T) {
	s := New(Options{})
	s.tally(outcome.OK)
	s.tally(outcome.Refused)
	stat := s.Stat()
	if want := map[string]int64{"ok": 1, "refused": 1}; !reflect.DeepEqual(stat.Outcomes, want) || *stat.OK != 1 {
		t.Errorf("stat is %+v, want %v", stat, want)
	}
	if got, want := s.Status(), "1/2 asked"; got != want {
		t.Errorf("status is %q, want %q", got, want)
	}
}
