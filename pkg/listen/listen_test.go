package listen_test

import (
	"context"
	"encoding/hex"
	"errors"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"

	"btkit/pkg/listen"
	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/talk"
	"btkit/pkg/talk/talktest"
	"btkit/pkg/transport/utp"
	"btkit/pkg/visit"
)

var ourID = [20]byte([]byte("-XX0100-ourownpeerid"))

// room is a listener at work on loopback.
type room struct {
	*listen.Listener
	t       *testing.T
	journal *talktest.Journal
	addr    string
	cancel  context.CancelFunc
	done    chan error
}

// begin opens a listener that knows the torrent of the tests, 100 pieces.
func begin(t *testing.T, o listen.Options) *room {
	t.Helper()
	return beginAt(t, o, "127.0.0.1:0")
}

func beginAt(t *testing.T, o listen.Options, where string) *room {
	t.Helper()
	return beginOn(t, o, socketAt(t, where))
}

func socketAt(t *testing.T, where string) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", where)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// overUDP is a socket of uTP at the same port.
func overUDP(t *testing.T, l net.Listener) net.Listener {
	t.Helper()
	conn, err := net.ListenPacket("udp", l.Addr().String())
	if err != nil {
		t.Skipf("the port is taken over UDP by somebody else: %v", err)
	}
	return utp.Open(conn, utp.Options{Backlog: 16})
}

// beginOn listens on sockets; peers dial the first.
func beginOn(t *testing.T, o listen.Options, sockets ...net.Listener) *room {
	t.Helper()
	o.PeerID = ourID
	if o.Manner.Handshake == 0 {
		o.Manner.Handshake = 10 * talktest.Patience
	}
	if o.Rules == (visit.Rules{}) {
		o.Rules = visit.Rules{Quiet: 10 * time.Millisecond, Longest: time.Second, Sample: time.Hour}
	}
	r := &room{t: t, journal: talktest.NewJournal(), addr: sockets[0].Addr().String(), done: make(chan error, 1)}
	out := record.NewWriter(r.journal, "bt-listen", "run1", false)
	r.Listener = listen.New(o, sockets, out)
	r.hear(&record.Torrent{InfoHash: talktest.InfoHash, Pieces: 100})
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(context.Background())
	go func() { r.done <- r.Work(ctx) }()
	t.Cleanup(func() {
		r.stop()
		if err := out.Close(); err != nil && !strings.Contains(err.Error(), "broken pipe") {
			t.Error(err)
		}
	})
	return r
}

func (r *room) hear(records ...record.Record) {
	r.t.Helper()
	for _, rec := range records {
		if err := r.Hear(talktest.Line(r.t, rec)); err != nil {
			r.t.Fatal(err)
		}
	}
}

// stop ends the work and gives its error.
func (r *room) stop() error {
	r.cancel()
	return r.ended()
}

func (r *room) ended() error {
	select {
	case err := <-r.done:
		r.done <- err // for who asks again
		return err
	case <-time.After(talktest.Patience):
		r.t.Error("the work does not end")
		return nil
	}
}

// dial connects a peer.
func (r *room) dial() *talktest.Peer {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	p := talktest.Play(conn)
	r.t.Cleanup(p.Close)
	return p
}

// knock is a peer that has sent its handshake and what follows.
func (r *room) knock(h peerwire.Handshake, frames ...[]byte) *talktest.Peer {
	r.t.Helper()
	p := r.dial()
	p.Say(h.Append(nil))
	p.Say(frames...)
	return p
}

// hungUp waits until we have closed on the peer.
func (r *room) hungUp(p *talktest.Peer) {
	r.t.Helper()
	select {
	case <-p.Over():
	case <-time.After(talktest.Patience):
		r.t.Fatal("the connection is still open, want it closed")
	}
}

// wantOutcomes waits until so many connections ended in some way.
func (r *room) wantOutcomes(how outcome.Outcome, n int64) {
	r.t.Helper()
	late := time.Now().Add(talktest.Patience)
	for r.Stat().Outcomes[string(how)] < n && time.Now().Before(late) {
		time.Sleep(time.Millisecond)
	}
	if got := r.Stat().Outcomes; got[string(how)] != n {
		r.t.Errorf("got outcomes %v, want %d times %q", got, n, how)
	}
}

func TestKnownTorrentIsAnswered(t *testing.T) {
	r := begin(t, listen.Options{})
	p := r.knock(talktest.Hello(1), peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{V: "Tester 1.0", P: 51413}), talktest.Bitfield(100, 40))
	h, ok := p.Greeted()
	if !ok || h.PeerID != ourID || h.InfoHash != talktest.Hello(1).InfoHash {
		t.Errorf("got %x, %v, want our handshake for the torrent", h, ok)
	}
	from := netip.MustParseAddrPort(p.Conn.LocalAddr().String())
	peer := talktest.Await[record.Peer](t, r.journal, 1)[0]
	if peer.Source != "incoming" || peer.IP != from.Addr() || peer.Port != from.Port() || peer.InfoHash != talktest.InfoHash {
		t.Errorf("got %+v, want an incoming peer at %v", peer, from)
	}
	reading := talktest.Await[record.Progress](t, r.journal, 1)[0]
	if reading.Have != 40 || reading.Direction != "in" || reading.ListenPort != 51413 || reading.Client != "Tester 1.0" {
		t.Errorf("got %+v, want an inbound reading of 40 pieces with listen port 51413", reading)
	}
	p.Say(peerwire.AppendHaveAll(nil))
	r.hungUp(p)
	v := talktest.Await[record.Visit](t, r.journal, 1)[0]
	if v.Outcome != "ok" || v.Stage != "settled" || v.Direction != "in" || v.ListenPort != 51413 || v.Session != reading.Session || v.IP != from.Addr() {
		t.Errorf("got %+v, want a settled inbound visit of session %d", v, reading.Session)
	}
	if got := p.Got(peerwire.HaveNone); got != 1 {
		t.Errorf("got %d have-none, want 1", got)
	}
	r.wantOutcomes(outcome.OK, 1)
	if s := r.Stat(); *s.OK != 1 || *s.Known != 1 {
		t.Errorf("got %d settled, %d torrents, want 1 and 1", *s.OK, *s.Known)
	}
}

func TestWeNameThePortThatWasDialled(t *testing.T) {
	r := begin(t, listen.Options{})
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if _, err := conn.Write(talktest.Hello(1).Append(nil)); err != nil {
		t.Fatal(err)
	}
	var d peerwire.Decoder
	buf, skip := make([]byte, 4096), peerwire.HandshakeLen
	var named uint16
	for named == 0 {
		n, err := conn.Read(buf)
		if err != nil {
			t.Fatal(err)
		}
		cut := min(skip, n)
		skip -= cut
		if err := d.Feed(buf[cut:n], func(m peerwire.Message) error {
			if m.ID == peerwire.Extended && m.Ext == 0 {
				ext, err := peerwire.ParseExtHandshake(m.Payload)
				named = ext.P
				return err
			}
			return nil
		}); err != nil {
			t.Fatal(err)
		}
	}
	if want := netip.MustParseAddrPort(r.addr).Port(); named != want {
		t.Errorf("got port %d, want %d", named, want)
	}
}

// Strangers that speak of nothing we measure get no byte and no record.
func TestWhoIsNotAnswered(t *testing.T) {
	other := talktest.Hello(1)
	other.InfoHash[0]++
	tests := []struct {
		name string
		sent []byte
		want outcome.Outcome
	}{
		{"unknown torrent", other.Append(nil), outcome.UnknownHash},
		{"web browser", []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), outcome.NotBitTorrent},
		{"noise", []byte(strings.Repeat("\x9c\x01", 400)), outcome.NotBitTorrent},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := begin(t, listen.Options{})
			p := r.dial()
			p.Say(tt.sent)
			r.hungUp(p)
			if _, ok := p.Greeted(); ok {
				t.Error("got our handshake, want silence")
			}
			r.wantOutcomes(tt.want, 1)
			if err := r.stop(); err != nil {
				t.Error(err)
			}
			if n := len(talktest.Await[record.Peer](t, r.journal, 0)) + len(talktest.Await[record.Visit](t, r.journal, 0)); n != 0 {
				t.Errorf("got %d records, want none", n)
			}
		})
	}
}

func TestHangingUpBeforeAWord(t *testing.T) {
	r := begin(t, listen.Options{})
	r.dial().Close()
	r.wantOutcomes(outcome.ClosedEarly, 1)
}

func TestSlowHandshakeIsEnded(t *testing.T) {
	r := begin(t, listen.Options{Manner: talk.Manner{Handshake: 50 * time.Millisecond}})
	silent, slow := r.dial(), r.dial()
	for _, b := range talktest.Hello(1).Append(nil) {
		if !slow.Say([]byte{b}) {
			break
		}
		time.Sleep(5 * time.Millisecond)
	}
	r.hungUp(silent)
	r.hungUp(slow)
	r.wantOutcomes(outcome.Timeout, 2)
}

func TestOurselvesAreNotAnswered(t *testing.T) {
	r := begin(t, listen.Options{})
	h := talktest.Hello(1)
	h.PeerID = ourID
	r.hungUp(r.knock(h))
	if v := talktest.Await[record.Visit](t, r.journal, 1)[0]; v.Outcome != "self" {
		t.Errorf("got %+v, want outcome self", v)
	}
}

func TestLimits(t *testing.T) {
	tests := []struct {
		name string
		o    listen.Options
		room int
	}{
		{"per address", listen.Options{PerAddr: 2, Slots: 10}, 2},
		{"in all", listen.Options{PerAddr: 10, Slots: 3}, 3},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := begin(t, tt.o)
			var in []*talktest.Peer
			for i := range tt.room {
				in = append(in, r.knock(talktest.Hello(byte(i)), peerwire.AppendHaveNone(nil)))
			}
			talktest.Await[record.Progress](t, r.journal, tt.room)
			r.hungUp(r.knock(talktest.Hello(99)))
			r.wantOutcomes(outcome.Limit, 1)
			in[0].Close()
			talktest.Await[record.Visit](t, r.journal, 1)
			r.waitFor(int64(tt.room - 1))
			if _, ok := r.knock(talktest.Hello(100), peerwire.AppendHaveNone(nil)).Greeted(); !ok {
				t.Error("got no answer after one had left, want one")
			}
			if got := len(talktest.Await[record.Visit](t, r.journal, 1)); got != 1 {
				t.Errorf("got %d visits, want 1: those over a limit are only counted", got)
			}
		})
	}
}

// waitFor waits until so many connections are open.
func (r *room) waitFor(open int64) {
	r.t.Helper()
	late := time.Now().Add(talktest.Patience)
	for *r.Stat().InFlight != open {
		if time.Now().After(late) {
			r.t.Fatalf("got %d open, waited in vain for %d", *r.Stat().InFlight, open)
		}
		time.Sleep(time.Millisecond)
	}
}

func TestDeniedAddresses(t *testing.T) {
	r := begin(t, listen.Options{Allow: func(netip.Addr) error { return errors.New("in the block list") }})
	r.hungUp(r.knock(talktest.Hello(1)))
	r.wantOutcomes(outcome.Denied, 1)
}

func TestHybridIsAnsweredUnderBothHashes(t *testing.T) {
	r := begin(t, listen.Options{})
	first, v2 := strings.Repeat("ab", 20), strings.Repeat("cd", 32)
	r.hear(&record.Torrent{InfoHash: first, InfoHashV2: v2, Pieces: 10})
	for i, hash := range []string{first, v2[:40]} {
		h := talktest.Hello(byte(i))
		h.InfoHash, _ = visit.ParseInfoHash(hash)
		p := r.knock(h, peerwire.AppendHaveAll(nil))
		if got, ok := p.Greeted(); !ok || hex.EncodeToString(got.InfoHash[:]) != hash {
			t.Errorf("got %x, %v, want an answer under %s", got.InfoHash, ok, hash)
		}
		r.hungUp(p)
	}
	for _, p := range talktest.Await[record.Progress](t, r.journal, 2) {
		if p.Have != 10 || p.Pieces != 10 {
			t.Errorf("got %d of %d, want 10 of 10", p.Have, p.Pieces)
		}
	}
}
