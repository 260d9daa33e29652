package probe

import (
	"context"
	"encoding/hex"
	"io"
	"net"
	"net/netip"
	"os"
	"slices"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"btkit/pkg/client"
	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/talk/talktest"
	"btkit/pkg/visit"
	"btkit/pkg/ways"
)

// closesEarly is a peer that hangs up after our handshake without a word.
func closesEarly(p *talktest.Peer) { p.Greeted() }

// door is a connection that the peer closes without a word unless it is
// encrypted.
type door struct {
	net.Conn
	encrypted bool
}

func (d *door) Write(b []byte) (int, error) {
	if !d.encrypted {
		return len(b), nil
	}
	return d.Conn.Write(b)
}

func (d *door) Read(b []byte) (int, error) {
	if !d.encrypted {
		return 0, io.EOF
	}
	return d.Conn.Read(b)
}

// encrypt opens a door, which only says that it is encrypted.
func encrypt(conn net.Conn, _ [20]byte, first []byte, _ func(rx, tx int)) (net.Conn, string, error) {
	if d, ok := conn.(*door); ok {
		d.encrypted = true
		_, err := d.Write(first)
		return d, "rc4", err
	}
	return nil, "", outcome.Fail(outcome.ClosedEarly, io.EOF)
}

// wants is a loop with one peer, a seed, that takes conversations over one way
// only.
func wants(t *testing.T, takes ways.Way) *room {
	t.Helper()
	r := loop(t, Options{})
	udp := talktest.NewSwarm(t)
	r.options.UTP, r.options.Encrypt = udp.Dial, encrypt
	seed := talktest.Holds(1, bits(100))
	switch takes {
	case ways.TCP:
		r.swarm.Join(address(0), seed)
	case ways.UTP:
		udp.Join(address(0), seed)
	case ways.TCPEncrypted:
		r.swarm.Join(address(0), seed)
		r.options.Dial = func(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
			conn, err := r.swarm.Dial(ctx, to)
			return &door{Conn: conn}, err
		}
	}
	r.names(address(0))
	return r
}

// over lists how the visits went over which way, in order.
func over(t *testing.T, r *room, n int) (all []string) {
	t.Helper()
	for _, v := range talktest.Await[record.Visit](t, r.journal, n) {
		all = append(all, v.Transport+" "+v.Crypto+" "+v.Outcome)
	}
	return all
}

func TestEncryptionIsTriedAfterARefusal(t *testing.T) {
	r := wants(t, ways.TCPEncrypted)
	r.step()
	r.clock.advance(ways.EncryptionPause - time.Second)
	if r.step(); r.swarm.Dials(address(0)) != 1 {
		t.Fatal("got a second dial before the pause that clients need")
	}
	r.clock.advance(time.Second)
	r.step()
	if got, want := over(t, r, 2), []string{"tcp plain closed-early", "tcp rc4 ok"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	visits := talktest.Await[record.Visit](t, r.journal, 2)
	if visits[0].Reason != "full" || visits[0].ReasonSession != visits[0].Session || visits[0].ReasonSure > 0.5 {
		t.Errorf("got %q (%v) for session %d, want a guess about itself", visits[0].Reason, visits[0].ReasonSure, visits[0].ReasonSession)
	}
	if visits[1].Reason != "encryption" || visits[1].ReasonSession != visits[0].Session || visits[1].ReasonSure <= visits[0].ReasonSure {
		t.Errorf("got %q (%v) for session %d, want the first visit explained", visits[1].Reason, visits[1].ReasonSure, visits[1].ReasonSession)
	}
	// What worked is remembered.
	r.clock.advance(seedPause)
	r.step()
	if got := over(t, r, 3); len(got) != 3 || got[2] != "tcp rc4 ok" {
		t.Errorf("got %q, want the next visit encrypted from the start", got)
	}
}

func TestUTPFollowsTCPAtOnce(t *testing.T) {
	r := wants(t, ways.UTP)
	r.step()
	r.step()
	if got, want := over(t, r, 2), []string{"tcp plain refused", "utp plain ok"}; !slices.Equal(got, want) {
		t.Fatalf("got %q, want %q", got, want)
	}
	r.clock.advance(seedPause)
	r.step()
	if got := over(t, r, 3); got[2] != "utp plain ok" {
		t.Errorf("got %q, want the next visit over uTP from the start", got)
	}
}

// A round of one visit each tries the other ways before it ends.
func TestOnceTriesAllWays(t *testing.T) {
	for name, tt := range map[string]struct {
		takes ways.Way
		want  []string
	}{
		"encrypted": {ways.TCPEncrypted, []string{"tcp plain closed-early", "tcp rc4 ok"}},
		"over uTP":  {ways.UTP, []string{"tcp plain refused", "utp plain ok"}},
		"not there": {ways.None, []string{"tcp plain refused", "utp plain refused"}},
		"plain":     {ways.TCP, []string{"tcp plain ok"}},
	} {
		t.Run(name, func(t *testing.T) {
			r := wants(t, tt.takes)
			r.options.Once = true
			for range 5 {
				r.step()
				r.clock.advance(ways.EncryptionPause)
			}
			if got := over(t, r, len(tt.want)); !slices.Equal(got, tt.want) {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if x := r.peerAt(address(0)); x.state != gone {
				t.Error("the round does not end")
			}
		})
	}
}

func TestEncryptionFirstWhenSomebodySaysSo(t *testing.T) {
	for name, say := range map[string]record.Peer{
		"a flag of BEP 11": {Flags: record.Int(int64(peerwire.PexEncryption))},
		"a tracker":        {Encryption: record.Bool(true)},
	} {
		t.Run(name, func(t *testing.T) {
			r := wants(t, ways.TCPEncrypted)
			say.InfoHash, say.IP, say.Port, say.Source = talktest.InfoHash, address(0).Addr(), address(0).Port(), "pex"
			r.take(&say)
			r.step()
			if got, want := over(t, r, 1), []string{"tcp rc4 ok"}; !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// How a peer came to the listener is a way to it.
func TestCameEncrypted(t *testing.T) {
	r := wants(t, ways.TCPEncrypted)
	r.take(&record.Visit{InfoHash: talktest.InfoHash, IP: address(0).Addr(), Port: 50000, ListenPort: address(0).Port(), Direction: "in",
		Transport: "tcp", Crypto: "rc4", Outcome: "closed", Stage: "settled"})
	r.step()
	if got, want := over(t, r, 1), []string{"tcp rc4 ok"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestDialBacksAreCounted(t *testing.T) {
	r := loop(t, Options{})
	r.names(address(0))
	comes := func(i int) {
		r.take(&record.Visit{InfoHash: talktest.InfoHash, IP: address(i).Addr(), Port: 50000, Direction: "in", Outcome: "closed", Stage: "settled"})
	}
	comes(0)
	if r.count.backs != 0 {
		t.Error("got a dial-back of a peer that was never dialled")
	}
	r.step()
	comes(0)
	comes(1)
	if r.publish(); r.count.backs != 1 || *r.Stat().DialBacks != 1 {
		t.Errorf("got %d dial-backs, %d in the record, want 1", r.count.backs, *r.Stat().DialBacks)
	}
}

// With two torrents at one address, what happens to the other one explains a
// refusal.
func TestNotThisTorrent(t *testing.T) {
	r := loop(t, Options{})
	other := "ffff" + talktest.InfoHash[4:]
	r.torrent(&record.Torrent{InfoHash: other, Pieces: 100})
	r.swarm.Join(address(0), talktest.Holds(1, bits(100)))
	r.names(address(0))
	r.step()
	r.swarm.Join(address(0), closesEarly)
	r.take(&record.Peer{InfoHash: other, IP: address(0).Addr(), Port: address(0).Port(), Source: "tracker"})
	if r.step(); r.swarm.Dials(address(0)) != 1 {
		t.Error("got two handshakes at once with one address, want a pause between them")
	}
	r.clock.advance(oneHandshake)
	r.step()
	v := talktest.Await[record.Visit](t, r.journal, 2)[1]
	if v.Outcome != "closed-early" || v.Reason != "not-this-torrent" {
		t.Errorf("got %s because of %q, want not-this-torrent", v.Outcome, v.Reason)
	}
}

var errRefused = &net.OpError{Op: "dial", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}

// relays is a loop in which peer 1, who is connected to peer 0, may introduce
// us to it.
func relays(t *testing.T, answer func(*talktest.Peer)) (r *room, punched chan [2]netip.AddrPort) {
	t.Helper()
	punched = make(chan [2]netip.AddrPort, 10)
	r = loop(t, Options{})
	r.options.UTP = func(context.Context, netip.AddrPort) (net.Conn, error) { return nil, errRefused }
	udp := talktest.NewSwarm(t)
	udp.Join(address(0), talktest.Holds(0, bits(100)))
	r.options.Punch = func(ctx context.Context, from, to netip.AddrPort) (net.Conn, error) {
		punched <- [2]netip.AddrPort{from, to}
		return udp.Dial(ctx, to)
	}
	named := peerwire.AppendPex(nil, visit.ExtPex, []peerwire.PexPeer{{Addr: address(0), Flags: peerwire.PexHolepunch}}, nil)
	ext := peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{M: map[string]uint8{"ut_holepunch": 9}})
	r.swarm.Join(address(1), func(p *talktest.Peer) {
		if talktest.Greet(p, 1) && p.Say(ext, bits(50), named) {
			answer(p)
			<-p.Over()
		}
	})
	r.names(address(1))
	return r, punched
}

// maybe is a peer, nil while it is not known.
func (r *room) maybe(addr netip.AddrPort) *peer {
	return r.find(r.torrents[talktest.InfoHash].at(addr.Addr()), addr.Port())
}

// until turns the loop until something holds.
func (r *room) until(what string, holds func() bool) {
	r.t.Helper()
	late := time.After(talktest.Patience)
	for !holds() {
		r.dispatch()
		select {
		case e := <-r.events:
			r.apply(e)
		case <-time.After(time.Millisecond):
		case <-late:
			r.t.Fatalf("waited in vain for %s", what)
		}
	}
}

func TestIntroduction(t *testing.T) {
	connect := peerwire.AppendHolepunch(nil, visit.ExtHolepunch, peerwire.Holepunch{Kind: peerwire.HolepunchConnect, Addr: address(0)})
	r, punched := relays(t, func(p *talktest.Peer) {
		for p.Got(peerwire.Extended) < 2 { // our extension handshake, then the question
			time.Sleep(time.Millisecond)
		}
		p.Say(connect)
	})
	r.until("the reading", func() bool { x := r.maybe(address(0)); return x != nil && x.read })
	if got := <-punched; got[1] != address(0) {
		t.Errorf("got a hole punched to %v, want %v", got[1], address(0))
	}
	r.until("the end of the visit", func() bool { return r.peerAt(address(0)).state != busy })
	var last record.Visit
	for _, v := range talktest.Await[record.Visit](t, r.journal, 3) {
		if v.IP == address(0).Addr() {
			last = v
		}
	}
	if last.Relay != address(1).String() || last.Transport != "utp" || last.Stage != "settled" {
		t.Errorf("got %+v, want a settled visit over uTP by way of %v", last, address(1))
	}
	r.leaveAll()
}

// A hole that leads nowhere is not punched again and again.
func TestIntroductionThatFails(t *testing.T) {
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
	var punches atomic.Int64
	r.options.Punch = func(context.Context, netip.AddrPort, netip.AddrPort) (net.Conn, error) {
		punches.Add(1)
		return nil, outcome.Fail(outcome.LocalError, errRefused)
	}
	r.until("the hole", func() bool { x := r.maybe(address(0)); return punches.Load() > 0 && x.state == waiting })
	for range 50 {
		r.until("a while", func() bool { return true })
		time.Sleep(time.Millisecond)
		r.until("quiet", func() bool { return len(r.events) == 0 })
	}
	if got := punches.Load(); got != 1 {
		t.Errorf("got %d holes punched at one time, want 1", got)
	}
	r.leaveAll()
}

// A relay says whom to contact only when it was asked.
func TestUnaskedIntroductionIsNothing(t *testing.T) {
	stranger := netip.MustParseAddrPort("203.0.113.9:7")
	connect := peerwire.AppendHolepunch(nil, visit.ExtHolepunch, peerwire.Holepunch{Kind: peerwire.HolepunchConnect, Addr: stranger})
	heard := make(chan bool)
	r, punched := relays(t, func(p *talktest.Peer) { p.Say(connect); close(heard) })
	r.until("the message", func() bool {
		select {
		case <-heard:
			return true
		default:
			return false
		}
	})
	r.until("the failures of the other peer", func() bool { x := r.maybe(address(0)); return x != nil && x.failures > 0 })
	if len(punched) != 0 {
		t.Errorf("got a hole punched to %v, want none", <-punched)
	}
	r.leaveAll()
}

// A relay that is not connected to the peer is not asked again.
func TestRefusedIntroduction(t *testing.T) {
	no := peerwire.AppendHolepunch(nil, visit.ExtHolepunch, peerwire.Holepunch{Kind: peerwire.HolepunchError, Addr: address(0), Err: peerwire.HolepunchNotConnected})
	r, punched := relays(t, func(p *talktest.Peer) {
		for p.Got(peerwire.Extended) < 2 {
			time.Sleep(time.Millisecond)
		}
		p.Say(no)
	})
	r.until("the answer", func() bool {
		x := r.maybe(address(0))
		return x != nil && x.failures > 0 && len(r.expected) == 0 && x.relays == [maxRelays]*peer{}
	})
	if len(punched) != 0 {
		t.Error("got a hole punched, want none")
	}
	r.leaveAll()
}

// leaveAll ends the conversations that are held.
func (r *room) leaveAll() {
	r.t.Helper()
	for x := range r.held {
		r.release(x)
	}
	for range 10 {
		for _, x := range r.active {
			if x.conv != nil {
				x.conv.Leave()
			}
		}
		if r.running == 0 {
			return
		}
		r.event()
	}
}

// Dialling a peer that has come to the listener meanwhile is called off: it
// would see a second connection.
func TestDialIsCalledOff(t *testing.T) {
	r := loop(t, Options{})
	r.options.Dial = func(ctx context.Context, _ netip.AddrPort) (net.Conn, error) {
		<-ctx.Done()
		return nil, ctx.Err()
	}
	r.names(address(0))
	r.dispatch()
	r.take(&record.Peer{InfoHash: talktest.InfoHash, IP: address(0).Addr(), Port: 50000, Source: "incoming"})
	for r.running > 0 {
		r.event()
	}
	if v := talktest.Await[record.Visit](t, r.journal, 1)[0]; v.Outcome != "canceled" || v.Stage != visit.StageDial {
		t.Errorf("got %s at %s, want it canceled", v.Outcome, v.Stage)
	}
	if x := r.peerAt(address(0)); x.failures != 0 || x.attempts != 0 {
		t.Errorf("got %d failures and %d attempts, want none of its own", x.failures, x.attempts)
	}
}

// Its program needs a pause after a conversation with the listener, too.
func TestPauseAfterItCame(t *testing.T) {
	r := loop(t, Options{})
	r.swarm.Join(address(0), talktest.Holds(1, bits(100)))
	r.names(address(0))
	r.take(&record.Visit{Header: record.Header{TS: r.clock.now()}, InfoHash: talktest.InfoHash, IP: address(0).Addr(), Port: 50000, ListenPort: address(0).Port(),
		Direction: "in", Transport: "tcp", Crypto: "plain", Outcome: "closed", Stage: "settled", PeerID: hex.EncodeToString([]byte("-TR3000-abcdefghijkl"))})
	if x := r.peerAt(address(0)); x.habits == nil || x.habits.Name != "Transmission 3" {
		t.Errorf("got habits %+v, want those of what it said it is", x.habits)
	}
	r.clock.advance(soonest - time.Second)
	if r.step(); r.swarm.Dials(address(0)) != 0 {
		t.Error("got a dial right behind its own conversation, want a pause")
	}
	r.clock.advance(time.Second)
	if r.step(); r.swarm.Dials(address(0)) != 1 {
		t.Errorf("got %d dials after the pause, want 1", r.swarm.Dials(address(0)))
	}
}

// So does one whose listening port is not known yet.
func TestPauseAfterItCameUnnamed(t *testing.T) {
	r := loop(t, Options{})
	r.swarm.Join(address(0), talktest.Holds(1, bits(100)))
	r.names(address(0))
	r.take(&record.Visit{Header: record.Header{TS: r.clock.now()}, InfoHash: talktest.InfoHash, IP: address(0).Addr(), Port: 50000,
		Direction: "in", Outcome: "closed", Stage: "open"})
	r.clock.advance(soonest - time.Second)
	if r.step(); r.swarm.Dials(address(0)) != 0 {
		t.Error("got a dial right behind its own conversation, want a pause")
	}
	r.clock.advance(time.Second)
	if r.step(); r.swarm.Dials(address(0)) != 1 {
		t.Errorf("got %d dials after the pause, want 1", r.swarm.Dials(address(0)))
	}
}

// A peer that comes to us and cannot be dialled is planned by what it told
// there, not by how dialling it fails.
func TestReadingOfAPeerThatCannotBeDialled(t *testing.T) {
	r := loop(t, Options{})
	r.names(address(0))
	x := r.peerAt(address(0))
	x.state, x.began = busy, r.clock.now()
	r.unread.remove(x)
	r.clock.advance(time.Second)
	r.take(&record.Progress{Header: record.Header{TS: r.clock.now()}, InfoHash: talktest.InfoHash, IP: address(0).Addr(), Port: 50000,
		ListenPort: address(0).Port(), Direction: "in", Have: 100, Pieces: 100, Need: 98, Settled: true, Complete: true})
	if !x.read || !x.reading.Complete {
		t.Fatalf("got %+v, want the reading", x.reading)
	}
	got := r.next(x, event{how: outcome.Timeout, end: &record.Visit{Stage: visit.StageDial}}).Sub(r.clock.now())
	if got != seedPause {
		t.Errorf("got the next dial after %v, want %v as for any seed", got, seedPause)
	}
}

// A program that answers nobody while it is full refuses by its silence.
func TestSilenceAsRefusal(t *testing.T) {
	for name, tt := range map[string]struct {
		id, reason string
	}{"aria2": {"A2-1-36-0-abcdefghij", "full"}, "libtorrent": {"-LT20B0-abcdefghijkl", ""}} {
		r := loop(t, Options{})
		r.names(address(0))
		x := r.peerAt(address(0))
		x.habits = client.Of([20]byte([]byte(tt.id)), "")
		x.try = ways.Try{Way: ways.TCP}
		e := event{how: outcome.Timeout, at: r.clock.now(), end: &record.Visit{Session: 3, Stage: visit.StageHandshake}}
		if r.explain(x, e); e.end.Reason != tt.reason {
			t.Errorf("%s: got reason %q, want %q", name, e.end.Reason, tt.reason)
		}
	}
}

// Whatever --revisit says, a program that counts connections is not dialled more
// often than it takes.
func TestReconnectGap(t *testing.T) {
	o := &Options{Revisit: time.Minute}
	for id, want := range map[string]time.Duration{"-UT355W-abcdefghijkl": 30 * time.Second, "-LT20B0-abcdefghijkl": 5 * time.Second} {
		x := &peer{habits: client.Of([20]byte([]byte(id)), "")}
		if got := x.gap(o); got != want {
			t.Errorf("%s: got %v, want %v", id, got, want)
		}
	}
	if got := (&peer{}).gap(o); got != 0 {
		t.Errorf("unknown program: got %v, want 0", got)
	}
}

// A peer that was given up is dialled again when a source still names it later,
// not before.
func TestRevival(t *testing.T) {
	r := loop(t, Options{})
	r.names(address(0))
	for range 100 {
		r.step()
		r.clock.advance(40 * time.Minute)
	}
	x := r.peerAt(address(0))
	if x.state != gone {
		t.Fatal("the peer is not given up")
	}
	dials := r.swarm.Dials(address(0))
	x.began = r.clock.now().Add(-givenUp + time.Minute)
	if r.names(address(0)); x.state != gone {
		t.Error("got it back at once")
	}
	r.clock.advance(time.Minute)
	r.names(address(0))
	if r.step(); r.swarm.Dials(address(0)) != dials+1 {
		t.Errorf("got %d dials more, want 1", r.swarm.Dials(address(0))-dials)
	}
}

// Where our own system fails on one way only, the others are still gone.
func TestWayThatDoesNotExistForUs(t *testing.T) {
	r := wants(t, ways.None)
	r.options.UTP = func(context.Context, netip.AddrPort) (net.Conn, error) {
		return nil, outcome.Fail(outcome.LocalError, errRefused)
	}
	for range 60 {
		r.step()
		r.clock.advance(shortage)
	}
	if got := r.swarm.Dials(address(0)); got < 2 {
		t.Errorf("got %d dials over TCP in five minutes, want it tried again", got)
	}
}
