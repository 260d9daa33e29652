package probe

import (
	"context"
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/talk"
	"btkit/pkg/talk/talktest"
	"btkit/pkg/visit"
)

// What is no fault of the peer leaves no trace in what is remembered of its
// ways, but it must not make the same attempt due again at once, either.
func TestOtherWayThatLeadsNowhere(t *testing.T) {
	for name, tt := range map[string]struct {
		how  outcome.Outcome
		most int64
	}{
		"to ourselves":           {outcome.Self, 1},
		"forbidden":              {outcome.Denied, 1},
		"over a limit":           {outcome.Limit, 1},
		"without our own means":  {outcome.LocalError, 3},
		"refused":                {outcome.Refused, 1},
		"not there in good time": {outcome.Timeout, 1},
	} {
		t.Run(name, func(t *testing.T) {
			r := loop(t, Options{})
			var calls atomic.Int64
			r.options.UTP = func(context.Context, netip.AddrPort) (net.Conn, error) {
				calls.Add(1)
				return nil, outcome.Fail(tt.how, errors.New("so it goes"))
			}
			r.names(address(0))
			for range 100 {
				r.step()
				r.clock.advance(shortage / 50)
			}
			if got := calls.Load(); got < 1 || got > tt.most {
				t.Errorf("got %d calls over uTP in %v, want 1 to %d", got, 2*shortage, tt.most)
			}
			if x := r.peerAt(address(0)); x.state == gone && tt.how != outcome.Self {
				t.Error("the peer is given up, though nothing was said about it over TCP")
			}
		})
	}
}

// A round ends, even where our own system fails at every attempt.
func TestOnceEndsWithoutMeans(t *testing.T) {
	r := loop(t, Options{Once: true})
	r.options.Dial = func(context.Context, netip.AddrPort) (net.Conn, error) { return nil, syscall.EADDRNOTAVAIL }
	r.names(address(0))
	for range 100 {
		r.step()
		r.clock.advance(shortage)
	}
	if x := r.peerAt(address(0)); x.state != gone {
		t.Error("the round does not end")
	}
	if got := r.count.outcomes["local-error"]; got < 2 || got > 20 {
		t.Errorf("got %d attempts, want some and not many", got)
	}
}

// A listener that has gone without a word must not keep its peers from us.
func TestListenerThatWasKilled(t *testing.T) {
	r := loop(t, Options{Once: true})
	r.swarm.Join(address(0), talktest.Holds(1, bits(100)))
	r.take(&record.Peer{InfoHash: talktest.InfoHash, IP: address(0).Addr(), Port: 50000, Source: "incoming"})
	r.names(address(0))
	if r.step(); r.swarm.AllDials() != 0 {
		t.Error("got a dial of a peer that talks to the listener")
	}
	r.inputEnded()
	r.clock.advance(inboundPause)
	r.step()
	if !r.finished() {
		t.Error("the round does not end")
	}
	if v := talktest.Await[record.Visit](t, r.journal, 1)[0]; v.Stage != settled {
		t.Errorf("got %s at %s, want a settled visit", v.Outcome, v.Stage)
	}
}

// An introduction that fails adds nothing to the attempts that the schedule
// plans: no connection over TCP right behind it, no longer pause, no shorter one.
func TestFailedIntroductionChangesNoPlan(t *testing.T) {
	for name, how := range map[string]outcome.Outcome{"timeout": outcome.Timeout, "our own fault": outcome.LocalError} {
		t.Run(name, func(t *testing.T) {
			connect := peerwire.AppendHolepunch(nil, visit.ExtHolepunch, peerwire.Holepunch{Kind: peerwire.HolepunchConnect, Addr: address(0)})
			r, _ := relays(t, func(p *talktest.Peer) {
				for p.Got(peerwire.Extended) < 2 {
					time.Sleep(time.Millisecond)
				}
				p.Say(connect)
			})
			var before time.Time
			r.options.Punch = func(context.Context, netip.AddrPort, netip.AddrPort) (net.Conn, error) {
				return nil, outcome.Fail(how, errors.New("so it goes"))
			}
			r.until("the failure", func() bool { x := r.maybe(address(0)); return x != nil && x.failures == 1 && x.state == waiting })
			before = r.peerAt(address(0)).due
			r.until("the introduction", func() bool { return r.count.outcomes[string(how)] == 1 })
			for range 20 {
				r.until("a while", func() bool { return len(r.events) == 0 })
				time.Sleep(time.Millisecond)
			}
			x := r.peerAt(address(0))
			if got := r.swarm.Dials(address(0)); got != 1 || x.failures != 1 || !x.due.Equal(before) {
				t.Errorf("got %d dials, %d failures, due %v, want 1, 1, %v", got, x.failures, x.due, before)
			}
			r.leaveAll()
		})
	}
}

// A peer behind a NAT that takes encrypted conversations only is read through the
// second hole.
func TestEncryptedThroughAHole(t *testing.T) {
	connect := peerwire.AppendHolepunch(nil, visit.ExtHolepunch, peerwire.Holepunch{Kind: peerwire.HolepunchConnect, Addr: address(0)})
	r, _ := relays(t, func(p *talktest.Peer) {
		for n := 2; ; n++ {
			for p.Got(peerwire.Extended) < n {
				select {
				case <-p.Over():
					return
				case <-time.After(time.Millisecond):
				}
			}
			p.Say(connect)
		}
	})
	udp := talktest.NewSwarm(t)
	udp.Join(address(0), talktest.Holds(0, bits(100)))
	r.options.Encrypt = encrypt
	r.options.Punch = func(ctx context.Context, _, to netip.AddrPort) (net.Conn, error) {
		conn, err := udp.Dial(ctx, to)
		return &door{Conn: conn}, err
	}
	r.until("the refusal", func() bool { return r.count.outcomes["closed-early"] == 1 })
	r.until("the reading", func() bool {
		r.clock.advance(10 * time.Second)
		return r.peerAt(address(0)).read
	})
	r.until("the end of the visit", func() bool { return r.peerAt(address(0)).state != busy })
	var how []string
	for _, v := range talktest.Await[record.Visit](t, r.journal, int(r.count.ends)) {
		if v.Relay != "" {
			how = append(how, v.Transport+" "+v.Crypto+" "+v.Outcome)
		}
	}
	if want := []string{"utp plain closed-early", "utp rc4 ok"}; !slices.Equal(how, want) {
		t.Errorf("got %q, want %q", how, want)
	}
	r.leaveAll()
}

// A relay tells a peer our address as it sees it, so one of the other family is
// of no use.
func TestRelayOfTheOtherFamily(t *testing.T) {
	r := loop(t, Options{})
	r.options.Punch = func(context.Context, netip.AddrPort, netip.AddrPort) (net.Conn, error) { return nil, errRefused }
	far := netip.MustParseAddrPort("[2001:db8::9]:6881")
	ext := peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{M: map[string]uint8{"ut_holepunch": 9}})
	named := peerwire.AppendPex(nil, visit.ExtPex, []peerwire.PexPeer{{Addr: far}, {Addr: address(0)}}, nil)
	r.swarm.Join(address(1), talktest.Holds(1, ext, bits(50), named))
	r.names(address(1))
	r.until("two failures", func() bool {
		x, y := r.maybe(far), r.maybe(address(0))
		return x != nil && x.failures > 0 && y != nil && y.failures > 0 && len(r.expected) > 0
	})
	if asked := r.peerAt(far).asked; !asked.IsZero() || r.peerAt(address(0)).asked.IsZero() {
		t.Error("got an introduction asked for to the other family, want it asked for to the relay's own")
	}
	r.leaveAll()
}

// A torrent that turns out to be private by its metadata takes no peers and no
// trackers of peers from then on (BEP 27).
func TestPrivateByItsMetadata(t *testing.T) {
	info := []byte("d6:lengthi160000e4:name1:x12:piece lengthi16384e6:pieces200:" + strings.Repeat("h", 200) + "7:privatei1ee")
	h := talktest.Hello(1)
	h.InfoHash = sha1.Sum(info)
	hash := hex.EncodeToString(h.InfoHash[:])
	r := set(t, Options{}, new(clock))
	r.torrent(&record.Torrent{InfoHash: hash})
	offer := peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{M: map[string]uint8{"ut_metadata": 3}, MetadataSize: int64(len(info))})
	r.swarm.Join(address(0), func(p *talktest.Peer) {
		p.Greeted()
		p.Say(h.Append(nil), offer, peerwire.AppendMetadataData(nil, visit.ExtMetadata, 0, int64(len(info)), info),
			peerwire.AppendPex(nil, visit.ExtPex, []peerwire.PexPeer{{Addr: address(7)}}, nil),
			peerwire.AppendExtended(nil, visit.ExtTex, []byte("d5:addedl31:http://198.51.100.1:80/announceee")),
			talktest.Bitfield(10, 10))
		<-p.Over()
	})
	r.take(&record.Peer{InfoHash: hash, IP: address(0).Addr(), Port: address(0).Port(), Source: "dht"})
	r.step()
	if r.total != 1 || !r.torrents[hash].private {
		t.Errorf("got %d peers, private %v, want 1 of a private torrent", r.total, r.torrents[hash].private)
	}
	if tex := r.torrents[hash].trackers.Load(); tex != nil {
		t.Error("got trackers of peers taken, want none")
	}
}

// A peer that names new addresses for ever is listened to for a while only.
func TestFloodOfAddresses(t *testing.T) {
	r := loop(t, Options{})
	r.names(address(0))
	x := r.peerAt(address(0))
	for i := range 2 * maxNamed {
		ip := netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)})
		r.apply(event{p: x, peers: []peerwire.PexPeer{{Addr: netip.AddrPortFrom(ip, 6881), Flags: peerwire.PexHolepunch}}})
	}
	if r.total != 1+maxNamed {
		t.Errorf("got %d peers, want %d", r.total, 1+maxNamed)
	}
}

// A relay that says that all of us shall connect, asked or not, makes us contact
// nobody whom we have not asked for, and each of those once.
func TestFloodOfIntroductions(t *testing.T) {
	r := loop(t, Options{})
	var holes atomic.Int64
	r.options.Punch = func(context.Context, netip.AddrPort, netip.AddrPort) (net.Conn, error) {
		holes.Add(1)
		return nil, errRefused
	}
	r.names(address(0), address(1))
	r.step()
	relay, x := r.peerAt(address(0)), r.peerAt(address(1))
	ours, theirs := net.Pipe()
	defer theirs.Close()
	relay.conv = talk.New(ours, nil, talk.Self{}, talk.Manner{}, nil)
	r.expected[introduction{x.t.first, x.addr}] = x
	for i := range 1000 {
		r.apply(event{p: relay, answer: &peerwire.Holepunch{Kind: peerwire.HolepunchConnect, Addr: address(1 + i%100)}})
		for r.running > 0 {
			r.event()
		}
	}
	if got := holes.Load(); got != 1 || len(r.expected) != 0 || r.total != 2 {
		t.Errorf("got %d holes, %d introductions open, %d peers, want 1, 0, 2", got, len(r.expected), r.total)
	}
}

// The end of the work waits for nobody, whatever a visit is about, and every visit
// is told of once; so it is when records cannot be written, but for the records.
func TestStopInTheMiddle(t *testing.T) {
	for _, broken := range []bool{false, true} {
		t.Run(fmt.Sprintf("broken pipe %v", broken), func(t *testing.T) {
			const each = 5
			before := runtime.NumGoroutine()
			r := set(t, Options{Slots: 100, Manner: talk.Manner{Handshake: 10 * talktest.Patience}}, nil)
			var waiting atomic.Int64
			hangs := func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
				waiting.Add(1)
				<-ctx.Done()
				return nil, ctx.Err()
			}
			r.options.UTP = hangs
			r.options.Dial = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
				if to.Addr().As4()[3] > 3*each { // goes on over uTP
					return nil, errRefused
				}
				if to.Addr().As4()[3] > 2*each {
					return hangs(ctx, to)
				}
				return r.swarm.Dial(ctx, to)
			}
			r.options.Encrypt = func(conn net.Conn, _ [20]byte, _ []byte, _ func(int, int)) (net.Conn, string, error) {
				waiting.Add(1)
				_, err := io.ReadFull(conn, make([]byte, 96))
				return nil, "", err
			}
			r.run()
			r.hear(&record.Torrent{InfoHash: talktest.InfoHash, Pieces: 100})
			for i := range 4 * each {
				r.swarm.Join(address(i), func(p *talktest.Peer) { <-p.Over() })
				if i < each {
					r.swarm.Join(address(i), talktest.Holds(byte(i), bits(40)))
				}
				r.hear(&record.Peer{InfoHash: talktest.InfoHash, IP: address(i).Addr(), Port: address(i).Port(), Source: "tracker",
					Encryption: record.Bool(i >= each && i < 2*each)})
			}
			talktest.Await[record.Progress](t, r.journal, each)
			for waiting.Load() < 3*each {
				time.Sleep(time.Millisecond)
			}
			if broken {
				r.journal.Break()
			}
			if err := r.stop(); err != nil && !broken {
				t.Error(err)
			}
			if !broken {
				told := map[uint64]int{}
				for _, v := range talktest.Await[record.Visit](t, r.journal, 5*each) {
					told[v.Session]++
				}
				if len(told) != 5*each || r.session != 5*each {
					t.Errorf("got %d visits told of %d, want %d", len(told), r.session, 5*each)
				}
			}
			for range 2000 {
				if runtime.NumGoroutine() <= before+1 {
					return
				}
				time.Sleep(time.Millisecond)
			}
			t.Errorf("got %d goroutines, want %d", runtime.NumGoroutine(), before+1)
		})
	}
}

// The clock of the host that listens may run ahead of ours; its peers are visited
// all the same.
func TestListenerAheadOfUs(t *testing.T) {
	r := loop(t, Options{})
	r.names(address(0))
	r.take(&record.Visit{Header: record.Header{TS: r.clock.now().Add(24 * time.Hour)}, InfoHash: talktest.InfoHash, IP: address(0).Addr(),
		Port: 50000, ListenPort: address(0).Port(), Direction: "in", Outcome: "closed", Stage: settled})
	r.clock.advance(soonest + 20*time.Second)
	if r.step(); r.swarm.Dials(address(0)) != 1 {
		t.Errorf("got %d dials, want 1", r.swarm.Dials(address(0)))
	}
}
