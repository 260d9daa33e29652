package probe

import (
	"context"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
	"btkit/pkg/talk/talktest"
	"btkit/pkg/visit"
)

// loop is a probe whose loop the test turns by hand, by a clock of its own.
func loop(t *testing.T, o Options) *room {
	t.Helper()
	r := set(t, o, new(clock))
	r.torrent(&record.Torrent{InfoHash: talktest.InfoHash, Pieces: 100})
	return r
}

func (r *room) names(addrs ...netip.AddrPort) {
	for _, rec := range named(addrs...) {
		r.take(rec)
	}
}

func TestRefusedPeerIsTriedAgainLaterAndLater(t *testing.T) {
	r := loop(t, Options{})
	r.names(address(0))
	r.step()
	for i, pause := range []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 40 * time.Minute} {
		r.clock.advance(pause - time.Second)
		r.step()
		if got := r.swarm.Dials(address(0)); got != i+1 {
			t.Fatalf("%v after failure %d: got %d dials, want %d", pause-time.Second, i+1, got, i+1)
		}
		r.clock.advance(time.Second)
		r.step()
		if got := r.swarm.Dials(address(0)); got != i+2 {
			t.Fatalf("%v after failure %d: got %d dials, want %d", pause, i+1, got, i+2)
		}
	}
	visits := talktest.Await[record.Visit](t, r.journal, 7)
	for i, v := range visits {
		if v.N != int64(i+1) || v.Outcome != "refused" || v.Stage != visit.StageDial {
			t.Errorf("visit %d: got attempt %d, %s at %s", i+1, v.N, v.Outcome, v.Stage)
		}
	}
}

func TestPeerThatFailsForHoursIsGone(t *testing.T) {
	r := loop(t, Options{})
	r.names(address(0))
	for range 100 {
		r.step()
		r.clock.advance(40 * time.Minute)
	}
	got := r.swarm.Dials(address(0))
	if got < givenUpN || got > 10 || r.peerAt(address(0)).state != gone {
		t.Errorf("got %d dials, want it given up after two hours and %d failures", got, givenUpN)
	}
}

func TestOurOwnShortageIsNoFailure(t *testing.T) {
	r := loop(t, Options{})
	r.options.Dial = func(context.Context, netip.AddrPort) (net.Conn, error) {
		return nil, outcome.Fail(outcome.LocalError, errors.New("too many open files"))
	}
	r.names(address(0))
	for range 10 {
		r.step()
		r.clock.advance(shortage)
	}
	if x := r.peerAt(address(0)); x.failures != 0 || x.attempts != 0 || r.count.outcomes["local-error"] != 10 {
		t.Errorf("got %d failures and %v, want none of its own in 10 tries", x.failures, r.count.outcomes)
	}
}

func TestDeniedPeerIsNotDialled(t *testing.T) {
	r := loop(t, Options{Allow: func(netip.Addr) error { return outcome.Fail(outcome.Denied, errors.New("private")) }})
	r.names(address(0))
	r.step()
	r.clock.advance(24 * time.Hour)
	r.step()
	if v := talktest.Await[record.Visit](t, r.journal, 1); len(v) != 1 || v[0].Outcome != "denied" || r.swarm.AllDials() != 0 {
		t.Errorf("got %+v and %d dials, want one denied visit and none", v, r.swarm.AllDials())
	}
}

func TestLeecherIsSeenAgain(t *testing.T) {
	r := loop(t, Options{})
	r.swarm.Join(address(0), func(p *talktest.Peer) { // shows itself and hangs up, as a busy client does
		if talktest.Greet(p, 1) && p.Say(bits(50)) {
			select {
			case <-p.Over():
			case <-time.After(50 * time.Millisecond): // the reading has settled by then
			}
		}
	})
	r.names(address(0))
	r.step()
	r.clock.advance(59 * time.Second)
	r.step()
	first := r.swarm.Dials(address(0))
	r.clock.advance(time.Second)
	r.step()
	if got := r.swarm.Dials(address(0)); first != 1 || got != 2 {
		t.Errorf("got %d dials before the minute and %d after it, want 1 and 2", first, got)
	}
}

func TestInboundConversationHoldsUsBack(t *testing.T) {
	r := loop(t, Options{})
	r.join(1, haveAll)
	ip := address(0).Addr()
	in := func(port uint16) *record.Peer {
		return &record.Peer{InfoHash: talktest.InfoHash, IP: ip, Port: port, Source: "incoming"}
	}
	end := func(direction string) *record.Visit {
		return &record.Visit{InfoHash: talktest.InfoHash, IP: ip, Port: 50001, Direction: direction}
	}
	r.take(in(50001))
	r.take(in(50002)) // two at once
	r.names(address(0))
	if r.total != 1 {
		t.Errorf("got %d peers, want the one that was named: the port of a connection is not where it listens", r.total)
	}
	steps := []struct {
		name string
		rec  record.Record
		want int
	}{
		{"both open", nil, 0}, {"an end of our own", end("out"), 0}, {"one has ended", end("in"), 0}, {"both have ended", end("in"), 1},
	}
	for _, s := range steps {
		if s.rec != nil {
			r.take(s.rec)
		}
		r.clock.advance(inboundPause)
		r.step()
		if got := r.swarm.AllDials(); got != s.want {
			t.Errorf("%s: got %d dials, want %d", s.name, got, s.want)
		}
	}
	if len(r.inbound) != 0 {
		t.Errorf("got %d addresses engaged at the end, want none", len(r.inbound))
	}
}

func TestInboundReadingIsTakenOver(t *testing.T) {
	r := loop(t, Options{})
	r.join(1, haveAll)
	p := &record.Progress{InfoHash: talktest.InfoHash, IP: address(0).Addr(), Port: 50001, ListenPort: 6881, Direction: "in", Have: 50, Pieces: 100, Need: 98, Settled: true}
	p.TS = r.clock.now()
	r.take(p)
	x := r.peerAt(address(0))
	if !x.read || x.reading.Have != 50 || len(r.revisits) != 1 || len(r.unread) != 0 {
		t.Errorf("got %+v in %d and %d, want a peer with a reading, to be seen again", x, len(r.unread), len(r.revisits))
	}
	r.clock.advance(59 * time.Second)
	r.step()
	early := r.swarm.AllDials()
	r.clock.advance(time.Second)
	r.step()
	if early != 0 || r.swarm.AllDials() != 1 {
		t.Errorf("got %d dials before a minute and %d after it, want 0 and 1", early, r.swarm.AllDials())
	}
	for name, strange := range map[string]*record.Progress{
		"our own": {InfoHash: talktest.InfoHash, IP: address(1).Addr(), ListenPort: 1, Direction: "out"},
		"no port": {InfoHash: talktest.InfoHash, IP: address(1).Addr(), Port: 9, Direction: "in"},
		"unknown": {InfoHash: strings.Repeat("9", 40), IP: address(1).Addr(), ListenPort: 1, Direction: "in"},
	} {
		if r.take(strange); r.total != 1 {
			t.Errorf("%s: got %d peers, want 1", name, r.total)
		}
	}
}

func TestInboundReadingIsEnoughForOneRound(t *testing.T) {
	r := loop(t, Options{Once: true})
	r.names(r.join(2, haveAll)...)
	p := &record.Progress{InfoHash: talktest.InfoHash, IP: address(0).Addr(), ListenPort: 6881, Direction: "in", Have: 50, Pieces: 100, Need: 98, Settled: true}
	r.take(p)
	r.step()
	r.take(p)
	r.EOF()
	r.atEOF = true
	if r.swarm.Dials(address(0)) != 0 || r.swarm.Dials(address(1)) != 1 || !r.finished() {
		t.Errorf("got %d dials of the one that was read and %d of the other, finished %v, want 0, 1, true",
			r.swarm.Dials(address(0)), r.swarm.Dials(address(1)), r.finished())
	}
}

func TestPeersBeforeTheirTorrent(t *testing.T) {
	r := set(t, Options{}, new(clock))
	r.names(address(0), address(1))
	if r.total != 0 {
		t.Errorf("got %d peers of a torrent that nobody named, want 0", r.total)
	}
	for i := range 2000 { // strangers' torrents don't fill the memory
		r.take(&record.Peer{InfoHash: hex.EncodeToString(append(make([]byte, 18), byte(i>>8), byte(i))), IP: address(0).Addr(), Port: 1})
	}
	if len(r.early) > 1000 {
		t.Errorf("got peers of %d torrents kept, want at most 1000", len(r.early))
	}
	r.torrent(&record.Torrent{InfoHash: talktest.InfoHash, Pieces: 100, Peers: []string{address(2).String(), "nonsense", "[2001:db8::1]:7"}})
	if r.total != 4 {
		t.Errorf("got %d peers, want the two named before and the two of the record", r.total)
	}
}

func TestAdd(t *testing.T) {
	r := loop(t, Options{MaxPeers: 5})
	x := r.torrents[talktest.InfoHash]
	ip := netip.MustParseAddr("192.0.2.1")
	tests := []struct {
		name string
		addr netip.AddrPort
		want bool
	}{
		{"first", netip.AddrPortFrom(ip, 1), true},
		{"again", netip.AddrPortFrom(ip, 1), false},
		{"no port", netip.AddrPortFrom(ip, 0), false},
		{"no address", netip.AddrPort{}, false},
		{"second port", netip.AddrPortFrom(ip, 2), true},
		{"third port", netip.AddrPortFrom(ip, 3), true},
		{"fourth port", netip.AddrPortFrom(ip, 4), true},
		{"fifth port", netip.AddrPortFrom(ip, 5), false},
		{"another address", address(7), true},
		{"more than may be known", address(8), false},
	}
	for _, tt := range tests {
		if got := r.add(x, tt.addr); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestHearRejects(t *testing.T) {
	r := begin(t, Options{})
	r.hear(&record.Download{}, &record.Torrent{InfoHash: "no hash"}) // what it has no use for
	if err := r.Hear(&record.Line{Type: "weather"}); err != nil {
		t.Errorf("got %v for a kind that it does not know, want none", err)
	}
}

func TestStat(t *testing.T) {
	r := begin(t, Options{Slots: 4})
	r.hear(named(r.join(2, bits(50))...)...)
	r.hear(named(address(2))...)
	talktest.Await[record.Progress](t, r.journal, 2)
	talktest.Await[record.Visit](t, r.journal, 1)
	late := time.Now().Add(talktest.Patience)
	for *r.Stat().Held != 2 && time.Now().Before(late) {
		time.Sleep(time.Millisecond)
	}
	s := r.Stat()
	if *s.Known != 3 || *s.InFlight != 2 || *s.Held != 2 || *s.Limit != 4 || *s.Queue != 1 || s.Outcomes["refused"] != 1 || *s.Workload != 0.5 {
		t.Errorf("got %+v (%s), want 3 known, 2 held of 4 slots, 1 waiting after a refusal", s, r.Text())
	}
	if want := "3 peers, 2 open, 2 held, 1 waiting"; r.Text() != want {
		t.Errorf("got %q, want %q", r.Text(), want)
	}
}
