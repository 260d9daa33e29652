package probe

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
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
	if r.known != 1 {
		t.Errorf("got %d peers, want the one that was named: the port of a connection is not where it listens", r.known)
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
		if r.take(strange); r.known != 1 {
			t.Errorf("%s: got %d peers, want 1", name, r.known)
		}
	}
}

func TestPeersBeforeTheirTorrent(t *testing.T) {
	r := set(t, Options{}, new(clock))
	r.names(address(0), address(1))
	if r.known != 0 {
		t.Errorf("got %d peers of a torrent that nobody named, want 0", r.known)
	}
	for i := range 2000 { // strangers' torrents don't fill the memory
		r.take(&record.Peer{InfoHash: hex.EncodeToString(append(make([]byte, 18), byte(i>>8), byte(i))), IP: address(0).Addr(), Port: 1})
	}
	if len(r.early) > 1000 {
		t.Errorf("got peers of %d torrents kept, want at most 1000", len(r.early))
	}
	r.torrent(&record.Torrent{InfoHash: talktest.InfoHash, Pieces: 100, Peers: []string{address(2).String(), "nonsense", "[2001:db8::1]:7"}})
	if r.known != 4 {
		t.Errorf("got %d peers, want the two named before and the two of the record", r.known)
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

func TestFailuresOfABusyAddressCostNoRate(t *testing.T) {
	r := loop(t, Options{Rate: 1})
	r.join(2, haveAll)
	r.take(&record.Peer{InfoHash: talktest.InfoHash, IP: address(0).Addr(), Port: 50001, Source: "incoming"})
	r.names(address(0), address(1))
	r.step()
	if got := r.swarm.Dials(address(1)); got != 1 {
		t.Errorf("got %d dials of the peer that may be dialled, want 1", got)
	}
}

func TestRateAndNetworkLimits(t *testing.T) {
	t.Run("rate", func(t *testing.T) {
		r := loop(t, Options{Rate: 2})
		r.names(r.join(10, haveAll)...)
		r.step()
		first := r.swarm.AllDials()
		r.clock.advance(time.Second)
		r.step()
		if got := r.swarm.AllDials(); first != 1 || got != 2 {
			t.Errorf("got %d dials at once and %d after a second, want 1 and 2 (no burst)", first, got)
		}
		if wait := r.untilNext(); wait <= 0 || wait > 500*time.Millisecond+time.Millisecond {
			t.Errorf("got a sleep of %v, want until the next may begin", wait)
		}
	})
	t.Run("network", func(t *testing.T) {
		r := loop(t, Options{PerNet: 3, Slots: 20})
		r.names(r.join(10, bits(50))...)
		r.dispatch(context.Background())
		if r.running != 3 {
			t.Errorf("got %d conversations with one network, want 3", r.running)
		}
		for len(r.held) < 3 {
			r.event()
		}
		for x := range r.held {
			r.release(x)
		}
		for r.running > 0 {
			r.event()
		}
		r.clock.advance(busyPause * 2)
		r.dispatch(context.Background())
		if r.running != 3 {
			t.Errorf("got %d conversations after those had ended, want 3 more", r.running)
		}
		r.releaseAll()
	})
}

// releaseAll ends what is under way.
func (r *room) releaseAll() {
	for _, x := range r.active {
		x.stop = true
		r.leaving++
		if x.conv != nil {
			x.conv.Leave()
		}
	}
	for r.running > 0 {
		r.event()
	}
}

func TestUntilNext(t *testing.T) {
	peerDue := func(in time.Duration) *peer { return &peer{due: epoch.Add(in)} }
	tests := []struct {
		name             string
		slots, running   int
		unread, revisits []*peer
		want             time.Duration
	}{
		{"nothing to do", 2, 0, nil, nil, idle},
		{"due now", 2, 0, []*peer{peerDue(0)}, nil, 0},
		{"overdue", 2, 0, []*peer{peerDue(-time.Hour)}, nil, 0},
		{"due later", 2, 0, []*peer{peerDue(20 * time.Second)}, []*peer{peerDue(10 * time.Second)}, 10 * time.Second},
		{"due much later", 2, 0, []*peer{peerDue(time.Hour)}, nil, idle},
		{"full, due later: a held one may have to go then", 2, 2, nil, []*peer{peerDue(10 * time.Second)}, 10 * time.Second},
		{"full, due now: it waits for an event", 2, 2, []*peer{peerDue(0)}, []*peer{peerDue(-time.Second)}, idle},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := set(t, Options{Slots: tt.slots}, new(clock))
			r.running = tt.running
			for _, x := range tt.unread {
				r.unread.add(x)
			}
			for _, x := range tt.revisits {
				r.revisits.add(x)
			}
			if got := r.untilNext(); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestMetadataIsWrittenOnce(t *testing.T) {
	info := []byte("d6:lengthi160000e4:name1:x12:piece lengthi16384e6:pieces200:" + strings.Repeat("h", 200) + "e")
	sum := sha1.Sum(info)
	hash := hex.EncodeToString(sum[:])
	r := set(t, Options{Slots: 8, Percent: 50}, nil)
	r.run()
	r.hear(&record.Torrent{InfoHash: hash})
	h := func(n byte) peerwire.Handshake {
		h := talktest.Hello(n)
		h.InfoHash = sum
		return h
	}
	offer := peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{M: map[string]uint8{"ut_metadata": 3}, MetadataSize: int64(len(info))})
	for i := range 6 {
		r.swarm.Join(address(i), func(p *talktest.Peer) {
			p.Greeted()
			block := info
			if i < 3 { // liars
				block = []byte(strings.Repeat("x", len(info)))
			}
			p.Say(h(byte(i)).Append(nil), talktest.Bitfield(10, 4), offer, peerwire.AppendMetadataData(nil, visit.ExtMetadata, 0, int64(len(info)), block))
			<-p.Over()
		})
		r.hear(&record.Peer{InfoHash: hash, IP: address(i).Addr(), Port: 6881, Source: "dht"})
	}
	// The liars may have taken the first places; then the honest ones are asked
	// when those places are free again, or have been asked at once.
	all := talktest.Await[record.Torrent](t, r.journal, 1)
	readings := talktest.Await[record.Progress](t, r.journal, 6)
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	all = talktest.Await[record.Torrent](t, r.journal, len(all))
	if len(all) != 1 || all[0].InfoHash != hash || all[0].Pieces != 10 || all[0].Source != "metadata" {
		t.Errorf("got %+v, want one torrent record of 10 pieces", all)
	}
	for _, p := range readings {
		if p.Have != 4 || p.Pieces != 10 || p.Need != 5 {
			t.Errorf("got %+v, want 4 of 10 pieces, threshold 5", p)
		}
	}
	if r.torrents[hash].fetching != 0 {
		t.Errorf("got %d fetches under way at the end, want 0", r.torrents[hash].fetching)
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
