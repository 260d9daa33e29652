package probe

import (
	"context"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/talk"
	"btkit/pkg/talk/talktest"
)

func TestEveryPeerIsReadBeforeAnyIsHeld(t *testing.T) {
	const peers, slots = 30, 2
	r := begin(t, Options{Slots: slots})
	r.hear(named(r.join(peers, bits(50))...)...)
	for n := peers; ; n++ {
		all := talktest.Await[record.Progress](t, r.journal, n)
		if len(readers(all)) == peers {
			break
		}
		if len(all) >= 2*peers {
			t.Fatalf("got %d readings of %d peers, want one of each first", len(all), len(readers(all)))
		}
	}
	if got := r.swarm.Most(); got > slots {
		t.Errorf("got %d conversations at once, want at most %d", got, slots)
	}
}

func TestHeldWhileThereIsRoom(t *testing.T) {
	r := begin(t, Options{Slots: 10})
	r.hear(named(r.join(5, bits(50))...)...)
	talktest.Await[record.Progress](t, r.journal, 5)
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	visits := talktest.Await[record.Visit](t, r.journal, 5)
	if r.swarm.AllDials() != 5 || len(visits) != 5 || outcomes(visits)["ok"] != 5 {
		t.Errorf("got %d dials and ends %v, want 5 held until we left", r.swarm.AllDials(), outcomes(visits))
	}
}

func TestSeedsAreLetGo(t *testing.T) {
	r := begin(t, Options{Slots: 1})
	r.hear(named(r.join(6, haveAll)...)...)
	visits := talktest.Await[record.Visit](t, r.journal, 6)
	for _, v := range visits {
		if v.Outcome != "ok" || v.Stage != settled || *v.Have != 100 {
			t.Errorf("got %+v, want a settled visit of a seed that we ended", v)
		}
	}
	if got := r.swarm.AllDials(); got != 6 {
		t.Errorf("got %d dials, want one each", got)
	}
}

func TestCrossingOfAHeldPeer(t *testing.T) {
	r := begin(t, Options{Slots: 4})
	finish := make(chan struct{})
	r.swarm.Join(address(0), func(p *talktest.Peer) {
		if !talktest.Greet(p, 1) || !p.Say(bits(90)) {
			return
		}
		<-finish
		for i := uint32(90); i < 100; i++ {
			p.Say(peerwire.AppendHave(nil, i))
		}
		<-p.Over()
	})
	r.hear(named(address(0))...)
	talktest.Await[record.Progress](t, r.journal, 1)
	close(finish)
	var got []int64
	for _, p := range talktest.Await[record.Progress](t, r.journal, 4) {
		got = append(got, p.Have)
	}
	if want := []int64{90, 97, 98, 100}; len(got) != 4 || got[1] != want[1] || got[2] != want[2] || got[3] != want[3] {
		t.Errorf("got readings %v, want %v", got, want)
	}
	if v := talktest.Await[record.Visit](t, r.journal, 1)[0]; v.Outcome != "ok" {
		t.Errorf("got %+v, want it let go when complete", v)
	}
}

func TestOneConversationPerAddress(t *testing.T) {
	r := begin(t, Options{Slots: 10})
	other := "fedcba9876543210fedcba9876543210fedcba98"
	r.hear(&record.Torrent{InfoHash: other, Pieces: 100})
	var addrs []netip.AddrPort
	for port := range uint16(10) {
		addrs = append(addrs, netip.AddrPortFrom(netip.MustParseAddr("192.0.2.1"), 6881+port))
		r.swarm.Join(addrs[port], talktest.Holds(byte(port), bits(50)))
	}
	r.hear(named(addrs...)...)
	r.hear(named(address(1))...) // refuses; by then the ten have had their turn
	talktest.Await[record.Visit](t, r.journal, 1)
	talktest.Await[record.Progress](t, r.journal, 1)
	if r.swarm.Crowded() != 0 || r.swarm.Most() != 1 {
		t.Errorf("got %d conversations beside another, %d at once, want 0 and 1", r.swarm.Crowded(), r.swarm.Most())
	}
	if s := r.Stat(); *s.Known != 5 {
		t.Errorf("got %d peers known, want 4 ports of one address and another one", *s.Known)
	}
	// The same address in another torrent is another place.
	r.hear(&record.Peer{InfoHash: other, IP: addrs[0].Addr(), Port: 6999, Source: "dht"})
	talktest.Await[record.Visit](t, r.journal, 2)
}

func TestPexBecomesPeers(t *testing.T) {
	for _, private := range []bool{false, true} {
		r := begin(t, Options{Slots: 8})
		r.hear(&record.Torrent{InfoHash: talktest.InfoHash, Private: record.Bool(private)})
		heard := r.join(4, haveAll)[1:]
		list := peerwire.AppendPex(nil, 1, []peerwire.PexPeer{{Addr: heard[0], Flags: peerwire.PexSeed}, {Addr: heard[1]}, {Addr: heard[2]}}, nil)
		r.swarm.Join(address(0), talktest.Holds(1, list, list, haveAll))
		r.swarm.Join(address(4), talktest.Holds(2, list, haveAll))
		r.hear(named(address(0), address(4))...)
		want := 5
		if private {
			want = 2
		}
		visits := talktest.Await[record.Visit](t, r.journal, want)
		if err := r.stop(); err != nil {
			t.Error(err)
		}
		peers := talktest.Await[record.Peer](t, r.journal, 0)
		if len(visits) != want || len(peers) != want-2 {
			t.Errorf("private %v: got %d visits and %d peer records, want %d and %d", private, len(visits), len(peers), want, want-2)
		}
		for _, p := range peers {
			if p.Source != "pex" || p.Via != address(0).String() && p.Via != address(4).String() || p.Flags == nil || *p.Seed != (p.IP == heard[0].Addr()) {
				t.Errorf("got %+v, want what the peer said of it", p)
			}
		}
	}
}

func TestOnce(t *testing.T) {
	r := begin(t, Options{Slots: 3, Once: true, Manner: talk.Manner{Handshake: talktest.Patience, Silence: 30 * time.Millisecond}})
	r.hear(named(r.join(4, bits(50))...)...)
	r.swarm.Join(address(4), talktest.Holds(9, haveAll))
	r.swarm.Join(address(5), talktest.Holds(9)) // says nothing
	r.swarm.Join(address(6), func(p *talktest.Peer) { p.Greeted() })
	r.hear(named(address(4), address(5), address(6), address(7), address(0))...) // 7 refuses, 0 is known
	r.EOF()
	if err := r.ended(); err != nil {
		t.Errorf("got %v, want a quiet end", err)
	}
	visits := talktest.Await[record.Visit](t, r.journal, 8)
	got := outcomes(visits)
	if len(visits) != 8 || got["ok"] != 5 || got["timeout"] != 1 || got["closed-early"] != 1 || got["refused"] != 1 || r.swarm.AllDials() != 8 {
		t.Errorf("got %d dials and ends %v, want each of the 8 once: 5 ok, 1 timeout, 1 closed early, 1 refused", r.swarm.AllDials(), got)
	}
	if n := len(talktest.Await[record.Progress](t, r.journal, 5)); n != 5 {
		t.Errorf("got %d readings, want 5", n)
	}
}

func TestOnceWithoutPeersEnds(t *testing.T) {
	r := begin(t, Options{Once: true})
	r.EOF()
	if err := r.ended(); err != nil {
		t.Error(err)
	}
}

func TestEndOfInputIsNoEnd(t *testing.T) {
	r := begin(t, Options{})
	r.hear(named(r.join(1, bits(50))...)...)
	r.EOF()
	talktest.Await[record.Progress](t, r.journal, 1)
	select {
	case err := <-r.done:
		t.Fatalf("got the end (%v), want it to follow the peer", err)
	default:
	}
}

func TestCancelEndsEverything(t *testing.T) {
	before := runtime.NumGoroutine()
	dialing := make(chan struct{}, 10)
	r := set(t, Options{Slots: 20}, nil)
	r.options.Dial = func(ctx context.Context, a netip.AddrPort) (net.Conn, error) {
		if a.Port() == 1 { // never connects
			dialing <- struct{}{}
			<-ctx.Done()
			return nil, ctx.Err()
		}
		return r.swarm.Dial(ctx, a)
	}
	r.run()
	r.hear(&record.Torrent{InfoHash: talktest.InfoHash, Pieces: 100})
	r.hear(named(r.join(5, bits(50))...)...)
	greeting := make(chan struct{}, 10)
	mute := func(p *talktest.Peer) { // never answers the handshake
		p.Greeted()
		greeting <- struct{}{}
		<-p.Over()
	}
	r.swarm.Join(address(5), mute)
	r.hear(named(address(5), netip.MustParseAddrPort("192.0.2.200:1"), address(6))...)
	talktest.Await[record.Progress](t, r.journal, 5)
	<-dialing
	<-greeting
	talktest.Await[record.Visit](t, r.journal, 1) // the one that refused
	if err := r.stop(); err != nil {
		t.Errorf("got %v, want a quiet end", err)
	}
	got := outcomes(talktest.Await[record.Visit](t, r.journal, 0))
	if got["ok"] != 5 || got["canceled"] != 2 || got["refused"] != 1 || len(got) != 3 {
		t.Errorf("got %v, want a visit for each attempt: 5 ok, 2 canceled, 1 refused", got)
	}
	wantGoroutines(t, before+1) // the writer's
}

// wantGoroutines waits until no more than so many are left.
func wantGoroutines(t *testing.T, most int) {
	t.Helper()
	for range 2000 {
		if runtime.NumGoroutine() <= most {
			return
		}
		time.Sleep(time.Millisecond)
	}
	buf := make([]byte, 1<<16)
	t.Errorf("got %d goroutines, want %d:\n%s", runtime.NumGoroutine(), most, buf[:runtime.Stack(buf, true)])
}

func TestWriterThatFailsEndsTheWork(t *testing.T) {
	before := runtime.NumGoroutine()
	r := begin(t, Options{Slots: 4})
	r.hear(named(r.join(20, bits(50))...)...)
	talktest.Await[record.Progress](t, r.journal, 4)
	r.journal.Break()
	if err := r.ended(); err == nil {
		t.Error("got no error, want one about the records")
	}
	for range 2 * inputRoom { // nobody reads any more, and nobody waits for that
		r.hear(named(address(1))...)
	}
	wantGoroutines(t, before+1) // the writer's
}

func TestListenRecordMakesUsOneHost(t *testing.T) {
	r := begin(t, Options{Slots: 2})
	type met struct {
		id   [20]byte
		port uint16
	}
	seen := make(chan met, 2)
	ask := func(p *talktest.Peer) {
		h, _ := p.Greeted()
		p.Say(talktest.Hello(1).Append(nil), haveAll)
		<-p.Over()
		seen <- met{h.PeerID, p.Ext().P}
	}
	r.swarm.Join(address(0), ask)
	r.swarm.Join(address(1), ask)
	r.hear(named(address(0))...)
	if got, want := <-seen, (met{ourID, 0}); got != want {
		t.Errorf("got %q at port %d, want %q and no port", got.id, got.port, want.id)
	}
	other := [20]byte([]byte("-XX0100-thelisteners"))
	r.hear(&record.Listen{IP: netip.MustParseAddr("127.0.0.1"), Port: 51413, PeerID: "2d5858303130302d7468656c697374656e657273"})
	r.hear(named(address(1))...)
	if got, want := <-seen, (met{other, 51413}); got != want {
		t.Errorf("got %q at port %d, want %q at %d", got.id, got.port, want.id, want.port)
	}
}

func TestSelfIsNotVisitedAgain(t *testing.T) {
	r := set(t, Options{}, new(clock))
	r.torrent(&record.Torrent{InfoHash: talktest.InfoHash, Pieces: 100})
	r.swarm.Join(address(0), func(p *talktest.Peer) {
		h := talktest.Hello(1)
		h.PeerID = ourID
		p.Greeted()
		p.Say(h.Append(nil))
		<-p.Over()
	})
	r.add(r.torrents[talktest.InfoHash], address(0))
	r.step()
	r.clock.advance(100 * time.Hour)
	r.step()
	if r.swarm.AllDials() != 1 || r.count.outcomes[string(outcome.Self)] != 1 || r.peerAt(address(0)).state != gone {
		t.Errorf("got %d dials, ends %v, want one that met ourselves", r.swarm.AllDials(), r.count.outcomes)
	}
}
