package lsd

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"btkit/pkg/record"
)

// wire is a group without a socket.
type wire struct {
	group netip.AddrPort
	in    chan packet
	gone  chan struct{}
	start time.Time
	fail  error

	mu   sync.Mutex
	sent []string // "second:torrents port"
}

func newWire(group netip.AddrPort) *wire {
	return &wire{group: group, in: make(chan packet), gone: make(chan struct{})}
}

func (w *wire) Group() netip.AddrPort { return w.group }
func (w *wire) Close() error          { close(w.gone); return nil }

func (w *wire) Receive(b []byte) (int, netip.AddrPort, error) {
	select {
	case p := <-w.in:
		return copy(b, p.data), p.from, nil
	case <-w.gone:
		return 0, netip.AddrPort{}, net.ErrClosed
	}
}

func (w *wire) Send(b []byte) error {
	m, err := Parse(b)
	if err != nil {
		return err
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	w.sent = append(w.sent, fmt.Sprintf("%d:%d %d", int(time.Since(w.start)/time.Second), len(m.InfoHashes), m.Port))
	return w.fail
}

// sink keeps records.
type sink struct {
	peers    []string
	requests []record.Request
	err      error
}

func (s *sink) Put(r record.Record) error {
	switch r := r.(type) {
	case *record.Peer:
		s.peers = append(s.peers, fmt.Sprintf("%.4s %s:%d %s %s", r.InfoHash, r.IP, r.Port, r.Source, r.Via))
	case *record.Request:
		s.requests = append(s.requests, *r)
	}
	return s.err
}

// play is a run of a source with two groups.
type play struct {
	t      *testing.T
	s      *Source
	v4, v6 *wire
	out    *sink
	log    strings.Builder
	stop   context.CancelFunc
	ended  chan error
}

func begin(t *testing.T, o Options, lines ...string) *play {
	t.Helper()
	p := &play{t: t, v4: newWire(Group4), v6: newWire(Group6), out: &sink{}, ended: make(chan error, 1)}
	o.Wires, o.Out, o.Cookie = []Wire{p.v4, p.v6}, p.out, "ours"
	o.Log = slog.New(slog.NewTextHandler(&p.log, nil))
	p.v4.start, p.v6.start = time.Now(), time.Now()
	p.s = New(o)
	ctx, stop := context.WithCancel(t.Context())
	p.stop = stop
	go func() { p.ended <- p.s.Run(ctx) }()
	p.tell(lines...)
	return p
}

func (p *play) tell(lines ...string) {
	p.t.Helper()
	for _, text := range lines {
		line, err := record.ParseLine([]byte(text))
		if err == nil {
			err = p.s.Hear(line)
		}
		if err != nil {
			p.t.Errorf("Hear(%s): %v", text, err)
		}
	}
	synctest.Wait()
}

// say lets somebody multicast.
func (p *play) say(w *wire, from string, m Message) {
	p.sayBytes(w, from, m.Append(nil))
}

func (p *play) sayBytes(w *wire, from string, b []byte) {
	w.in <- packet{from: netip.MustParseAddrPort(from), data: b}
	synctest.Wait()
}

func (p *play) end() {
	p.t.Helper()
	p.stop()
	if err := <-p.ended; err != nil {
		p.t.Errorf("Run: %v", err)
	}
}

const (
	torrent1 = `{"type":"torrent","infohash":"` + hash1 + `"}`
	private1 = `{"type":"torrent","infohash":"` + hash1 + `","private":true}`
	listen4  = `{"type":"listen","ip":"0.0.0.0","port":7001,"peer_id":"2d424b303130302d616161616161616161616161"}`
	listen6  = `{"type":"listen","ip":"::","port":7006,"peer_id":"2d424b303130302d616161616161616161616161"}`
)

func knows1(port uint16) Message {
	return Message{Port: port, InfoHashes: []Hash{{1, 2}, hashOf(hash1)}, Cookie: "theirs"}
}

func TestHearsPeersOnce(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := begin(t, Options{}, torrent1)
		p.say(p.v4, "192.168.0.2:6771", knows1(6881))
		p.say(p.v4, "192.168.0.2:6771", knows1(6881))
		p.say(p.v4, "192.168.0.2:999", knows1(6882))
		p.say(p.v6, "[fd00::2]:6771", knows1(6881))
		p.end()
		want := []string{"aaf4 192.168.0.2:6881 lsd 192.168.0.2:6771", "aaf4 192.168.0.2:6882 lsd 192.168.0.2:999", "aaf4 fd00::2:6881 lsd [fd00::2]:6771"}
		if !reflect.DeepEqual(p.out.peers, want) {
			t.Errorf("peers %q, want %q", p.out.peers, want)
		}
	})
}

func TestPassesOver(t *testing.T) {
	for _, c := range []struct {
		name, from string
		m          Message
		outcome    string
	}{
		{"our own message", "192.168.0.2:6771", Message{Port: 1, InfoHashes: []Hash{hashOf(hash1)}, Cookie: "ours"}, "self"},
		{"our own port at our own address", "192.168.0.9:1", Message{Port: 7001, InfoHashes: []Hash{hashOf(hash1)}}, "self"},
		{"port 0", "192.168.0.2:6771", Message{Port: 0, InfoHashes: []Hash{hashOf(hash1)}}, "malformed"},
		{"a foreign network", "198.51.100.1:6771", knows1(1), "denied"},
		{"an address without its interface", "[fe80::2%eth0]:6771", knows1(1), "unsupported"},
		{"another torrent", "192.168.0.2:6771", Message{Port: 1, InfoHashes: []Hash{{9}}}, "ok"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := begin(t, Options{Own: []netip.Addr{netip.MustParseAddr("192.168.0.9")}}, torrent1, listen4)
				p.say(p.v4, c.from, c.m)
				got := p.s.Stat().Outcomes
				p.end()
				if len(p.out.peers) > 0 || !reflect.DeepEqual(got, map[string]int64{c.outcome: 1}) {
					t.Errorf("peers %q, outcomes %v; want none and %s", p.out.peers, got, c.outcome)
				}
			})
		})
	}
}

func TestPrivateTorrents(t *testing.T) {
	for name, lines := range map[string][]string{"from the start": {private1, listen4}, "learnt later": {torrent1, private1, listen4}, "said once": {private1, torrent1, listen4}} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := begin(t, Options{}, lines...)
				p.say(p.v4, "192.168.0.2:6771", knows1(6881))
				time.Sleep(time.Hour)
				p.end()
				if len(p.out.peers) > 0 || len(p.v4.sent) > 0 {
					t.Errorf("peers %q, announced %q; want neither", p.out.peers, p.v4.sent)
				}
			})
		})
	}
}

func TestAnnounces(t *testing.T) {
	for _, c := range []struct {
		name   string
		opt    Options
		lines  []string
		v4, v6 []string
	}{
		{"no port", Options{}, []string{torrent1}, nil, nil},
		{"a port of ours", Options{Port: 7000}, []string{torrent1}, []string{"2:1 7000", "302:1 7000"}, []string{"2:1 7000", "302:1 7000"}},
		{"a listen record", Options{}, []string{torrent1, listen4}, []string{"2:1 7001", "302:1 7001"}, nil},
		{"a listen record for both families", Options{Port: 7000}, []string{torrent1, listen6}, []string{"2:1 7006", "302:1 7006"}, []string{"2:1 7006", "302:1 7006"}},
		{"listening only", Options{Port: 7000, ListenOnly: true}, []string{torrent1}, nil, nil},
		{"a hybrid torrent", Options{Port: 7000}, []string{`{"type":"torrent","infohash":"` + hash1 + `","infohash_v2":"` + strings.Repeat("ab", 32) + `"}`},
			[]string{"2:2 7000", "302:2 7000"}, []string{"2:2 7000", "302:2 7000"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := begin(t, c.opt, c.lines...)
				time.Sleep(400 * time.Second)
				p.end()
				if !reflect.DeepEqual(p.v4.sent, c.v4) || !reflect.DeepEqual(p.v6.sent, c.v6) {
					t.Errorf("announced %q and %q, want %q and %q", p.v4.sent, p.v6.sent, c.v4, c.v6)
				}
			})
		})
	}
}

func TestRequestRecords(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := begin(t, Options{Port: 7000})
		p.v6.fail = errors.New("no route")
		p.tell(torrent1)
		time.Sleep(10 * time.Second)
		p.end()
		var got []string
		for _, r := range p.out.requests {
			got = append(got, strings.Join([]string{r.InfoHash[:4], r.Source, r.Via, r.Ask, r.Family, r.Outcome, r.Message}, " "))
		}
		want := []string{"aaf4 lsd 239.192.152.143:6771 announce ipv4 ok ", "aaf4 lsd [ff15::efc0:988f]:6771 announce ipv6 error no route"}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("requests %q, want %q", got, want)
		}
	})
}

// A round announces every torrent once, listens a little longer, and ends.
func TestOnce(t *testing.T) {
	for _, c := range []struct {
		name  string
		opt   Options
		lines []string
		want  time.Duration
	}{
		{"no torrent", Options{Wait: time.Minute}, nil, 0},
		{"nothing to announce", Options{Wait: time.Minute}, []string{torrent1}, time.Minute},
		{"a torrent", Options{Wait: time.Minute, Port: 1}, []string{torrent1}, 62 * time.Second},
		{"a private torrent", Options{Wait: 5 * time.Second, Port: 1}, []string{private1}, 5 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				start := time.Now()
				c.opt.Once = true
				p := begin(t, c.opt, c.lines...)
				p.s.EOF()
				if err := <-p.ended; err != nil || time.Since(start) != c.want {
					t.Errorf("Run ended after %v with %v, want %v", time.Since(start), err, c.want)
				}
				p.stop()
			})
		})
	}
}

// A host that shouts is heard no more than the guard allows, and others still
// are.
func TestFlood(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := begin(t, Options{}, torrent1)
		for range 5 * burstPerSender {
			p.sayBytes(p.v4, "192.168.0.2:6771", []byte("BT-SEARCH"))
		}
		p.say(p.v4, "192.168.0.3:6771", knows1(6881))
		got := p.s.Stat().Outcomes
		p.end()
		want := map[string]int64{"malformed": burstPerSender, "limit": 4 * burstPerSender, "ok": 1}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("outcomes %v, want %v", got, want)
		}
	})
}

func TestForgedSendersCostBoundedMemory(t *testing.T) {
	g := newGuard()
	for i := range 100_000 {
		g.take(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), time.Unix(0, 0))
	}
	if len(g.senders) > maxSenders {
		t.Errorf("%d senders remembered, want at most %d", len(g.senders), maxSenders)
	}
}

func TestRemarkAboutLocalPeers(t *testing.T) {
	for name, contactable := range map[string]bool{"once": false, "not needed": true} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				p := begin(t, Options{Contactable: func(netip.Addr) bool { return contactable }}, torrent1)
				p.say(p.v4, "192.168.0.2:6771", knows1(6881))
				p.say(p.v4, "192.168.0.3:6771", knows1(6881))
				p.end()
				want := map[bool]int{false: 1, true: 0}[contactable]
				if got := strings.Count(p.log.String(), "--allow-private"); got != want {
					t.Errorf("%d remarks, want %d: %s", got, want, &p.log)
				}
			})
		})
	}
}

func TestLostReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := begin(t, Options{Port: 1})
		p.out.err = errors.New("reader gone")
		p.tell(torrent1)
		if err := <-p.ended; err != p.out.err {
			t.Errorf("Run: %v, want %v", err, p.out.err)
		}
		p.stop()
	})
}

func TestBadRecords(t *testing.T) {
	s := New(Options{})
	for _, text := range []string{
		`{"type":"torrent","infohash":"ab"}`,
		`{"type":"torrent","infohash":"` + hash1 + `","infohash_v2":"ab"}`,
		`{"type":"listen","ip":"0.0.0.0","port":0,"peer_id":""}`,
	} {
		line, err := record.ParseLine([]byte(text))
		if err == nil {
			err = s.Hear(line)
		}
		if !errors.Is(err, record.ErrNotRecord) {
			t.Errorf("Hear(%s) = %v, want %v", text, err, record.ErrNotRecord)
		}
	}
}

// Two sources on a real socket of the loopback interface: one announces, the
// other hears it, and neither takes itself for a peer.
func TestMulticastOnLoopback(t *testing.T) {
	number := rand.N(1 << 16) // a group of its own; all groups share one port
	at := netip.AddrPortFrom(netip.AddrFrom4([4]byte{239, 194, byte(number >> 8), byte(number)}), Group4.Port())
	ctx, stop := context.WithTimeout(t.Context(), 20*time.Second)
	defer stop()
	heard := make(chan string, 16) // more than come
	one := live(t, at, 7001, func(ip string) { heard <- "one heard " + ip })
	two := live(t, at, 0, func(ip string) { heard <- "two heard " + ip })
	var running sync.WaitGroup
	running.Go(func() { _ = one.Run(ctx) })
	running.Go(func() { _ = two.Run(ctx) })
	got := ""
	select {
	case got = <-heard:
	case <-ctx.Done():
	}
	stop()
	running.Wait()
	if want := "two heard 127.0.0.1:7001"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// peerSink calls a function for each peer.
type peerSink func(ip string)

func (f peerSink) Put(r record.Record) error {
	if p, ok := r.(*record.Peer); ok {
		f(fmt.Sprintf("%s:%d", p.IP, p.Port))
	}
	return nil
}

func live(t *testing.T, group netip.AddrPort, port uint16, heard peerSink) *Source {
	t.Helper()
	links, err := Links([]string{"lo"})
	if err != nil {
		t.Fatal(err)
	}
	near, own, err := Addresses(links)
	if err != nil {
		t.Fatal(err)
	}
	w, err := Open(t.Context(), group, links)
	if err != nil {
		t.Fatal(err)
	}
	s := New(Options{Wires: []Wire{w}, Out: heard, Near: near, Own: own, Port: port, Cookie: fmt.Sprint(port)})
	line, err := record.ParseLine([]byte(torrent1))
	if err == nil {
		err = s.Hear(line)
	}
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestLinks(t *testing.T) {
	if _, err := Links([]string{"no-such-interface"}); err == nil {
		t.Errorf("an interface that is not there gave no error")
	}
}
