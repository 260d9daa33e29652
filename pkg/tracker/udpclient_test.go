package tracker

import (
	"encoding/binary"
	"net"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"btkit/pkg/outcome"
)

// fakeUDP is a tracker that answers packets as told and counts them by action.
type fakeUDP struct {
	conn *net.UDPConn
	url  string
	done chan struct{}

	mu     sync.Mutex
	counts [4]int
	from   []netip.Addr // of each packet
	answer answerFunc
}

// answerFunc answers the n-th packet with its action, from 1.
type answerFunc func(n, action int, packet []byte) [][]byte

func startUDP(t *testing.T, address string, answer answerFunc) *fakeUDP {
	t.Helper()
	conn, err := net.ListenUDP("udp", net.UDPAddrFromAddrPort(netip.MustParseAddrPort(address)))
	if err != nil {
		t.Fatal(err)
	}
	f := &fakeUDP{conn: conn, url: "udp://" + conn.LocalAddr().String() + "/announce", done: make(chan struct{}), answer: answer}
	go f.run()
	t.Cleanup(func() { conn.Close(); <-f.done })
	return f
}

func (f *fakeUDP) run() {
	defer close(f.done)
	buf := make([]byte, 2048)
	for {
		n, from, err := f.conn.ReadFromUDPAddrPort(buf)
		if err != nil {
			return
		}
		for _, packet := range f.hear(slices.Clone(buf[:n]), from.Addr().Unmap()) {
			f.conn.WriteToUDPAddrPort(packet, from)
		}
	}
}

func (f *fakeUDP) hear(packet []byte, from netip.Addr) [][]byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	action := int(binary.BigEndian.Uint32(packet[8:]))
	f.counts[action]++
	f.from = append(f.from, from)
	return f.answer(f.counts[action], action, packet)
}

func (f *fakeUDP) count(action int) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.counts[action]
}

func good(_, action int, packet []byte) [][]byte { return [][]byte{goodUDP(action, packet)} }

func silent(int, int, []byte) [][]byte { return nil }

// goodUDP answers as a tracker does; an announce gets a peer whose port is the
// announced one, so that answers can be told apart.
func goodUDP(action int, packet []byte) []byte {
	b := udpHead(action, packet)
	switch action {
	case actionConnect:
		return append(b, 1, 2, 3, 4, 5, 6, 7, 8)
	case actionAnnounce:
		b = append(b, 0, 0, 7, 8, 0, 0, 0, 2, 0, 0, 0, 1, 192, 0, 2, 1)
		return append(b, packet[96:98]...)
	}
	for range (len(packet) - 16) / 20 {
		b = append(b, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3)
	}
	return b
}

func udpHead(action int, packet []byte) []byte {
	return append(binary.BigEndian.AppendUint32(nil, uint32(action)), packet[12:16]...)
}

func TestUDPConnectionIsShared(t *testing.T) {
	f := startUDP(t, "127.0.0.1:0", good)
	var mu sync.Mutex
	now := time.Unix(1000, 0)
	c := client(t, Options{Now: func() time.Time { mu.Lock(); defer mu.Unlock(); return now }})
	var wg sync.WaitGroup
	for port := range uint16(20) {
		wg.Go(func() {
			r := c.Announce(t.Context(), Request{URL: f.url, Family: IPv4, Port: 100 + port})
			if r.Outcome != outcome.OK || len(r.Peers) != 1 || r.Peers[0].Port() != 100+port {
				t.Errorf("port %d: got %s %v (%v), want its own answer", 100+port, r.Outcome, r.Peers, r.Err)
			}
		})
	}
	wg.Wait()
	if connects := f.count(actionConnect); connects != 1 {
		t.Errorf("%d connects for 20 questions at once, want 1", connects)
	}
	for i, want := range []int{1, 2} { // the socket stays in use, the id grows old
		mu.Lock()
		now = now.Add(connectionLife * 2 / 3)
		mu.Unlock()
		s := c.Scrape(t.Context(), ScrapeRequest{URL: f.url, Family: IPv4, Hashes: []Hash{{1}, {2}}})
		if s.Outcome != outcome.OK || len(s.Files) != 2 || *s.Files[Hash{2}].Completed != 2 {
			t.Errorf("scrape %d: got %s %v (%v)", i, s.Outcome, s.Files, s.Err)
		}
		if connects := f.count(actionConnect); connects != want {
			t.Errorf("%d connects at scrape %d, want %d", connects, i, want)
		}
	}
}

func TestUDPOverIPv6(t *testing.T) {
	f := startUDP(t, "[::1]:0", func(_, action int, packet []byte) [][]byte {
		b := goodUDP(action, packet)
		if action == actionAnnounce {
			b = append(append(b[:20], netip.MustParseAddr("2001:db8::5").AsSlice()...), 0x1a, 0xe1)
		}
		return [][]byte{b}
	})
	r := client(t, Options{}).Announce(t.Context(), Request{URL: f.url, Family: IPv6})
	if got := addresses(r.Peers); got != "[2001:db8::5]:6881" {
		t.Errorf("got %s %q (%v), want one IPv6 peer", r.Outcome, got, r.Err)
	}
}

func TestUDPRefusedAtOnce(t *testing.T) {
	f := startUDP(t, "127.0.0.1:0", good)
	f.conn.Close()
	<-f.done
	// With ten minutes for the first answer the test would not end otherwise.
	r := client(t, Options{Timeout: 20 * time.Minute}).Announce(t.Context(), Request{URL: f.url, Family: IPv4})
	if r.Outcome != outcome.Refused {
		t.Errorf("got %s (%v), want %s", r.Outcome, r.Err, outcome.Refused)
	}
}

func TestUDPSilence(t *testing.T) {
	f := startUDP(t, "127.0.0.1:0", silent)
	r := client(t, Options{Timeout: 10 * time.Millisecond}).Announce(t.Context(), Request{URL: f.url, Family: IPv4})
	if got := f.count(actionConnect); r.Outcome != outcome.Timeout || got != transmissions {
		t.Errorf("got %s (%v) after %d transmissions, want timeout after %d", r.Outcome, r.Err, got, transmissions)
	}
}

// The second transmission is answered, by the same id: the numbering goes on
// over connect and announce.
func TestUDPLoss(t *testing.T) {
	f := startUDP(t, "127.0.0.1:0", func(n, action int, packet []byte) [][]byte {
		if n == 1 {
			return nil
		}
		return good(n, action, packet)
	})
	r := client(t, Options{Timeout: 400 * time.Millisecond}).Announce(t.Context(), Request{URL: f.url, Family: IPv4})
	if r.Outcome != outcome.OK || f.count(actionConnect) != 2 || f.count(actionAnnounce) != 2 {
		t.Errorf("got %s (%v) after %v, want ok after 2 connects and 2 announces", r.Outcome, r.Err, f.counts)
	}
}

func TestUDPRefusedID(t *testing.T) {
	for name, c := range map[string]struct {
		refused        int // announces that get an error
		want           outcome.Outcome
		connects, asks int
	}{
		"first id is no cached one":  {1, outcome.Failure, 1, 1},
		"cached id is replaced":      {0, outcome.OK, 2, 3},
		"replaced once and no more":  {9, outcome.Failure, 2, 3},
		"cached id is taken for new": {-1, outcome.OK, 1, 2},
	} {
		t.Run(name, func(t *testing.T) {
			f := startUDP(t, "127.0.0.1:0", func(n, action int, packet []byte) [][]byte {
				refuse := c.refused == 1 || c.refused == 0 && n == 2 || c.refused == 9 && n >= 2
				if action == actionAnnounce && refuse {
					return [][]byte{append(udpHead(actionError, packet), "bad id"...)}
				}
				return good(n, action, packet)
			})
			cl := client(t, Options{})
			r := cl.Announce(t.Context(), Request{URL: f.url, Family: IPv4})
			if c.refused != 1 {
				r = cl.Announce(t.Context(), Request{URL: f.url, Family: IPv4})
			}
			if r.Outcome != c.want || f.count(actionConnect) != c.connects || f.count(actionAnnounce) != c.asks {
				t.Errorf("got %s after %v, want %s after %d connects and %d announces", r.Outcome, f.counts, c.want, c.connects, c.asks)
			}
		})
	}
}

func TestUDPNoise(t *testing.T) {
	stranger := startUDP(t, "127.0.0.2:0", silent)
	f := startUDP(t, "127.0.0.1:0", func(_, action int, packet []byte) [][]byte {
		other := slices.Clone(packet)
		other[15]++
		return [][]byte{{1, 2, 3}, {}, goodUDP(action, other), goodUDP(action, packet), goodUDP(action, packet)}
	})
	c := client(t, Options{})
	r := c.Announce(t.Context(), Request{URL: f.url, Family: IPv4, Port: 7})
	if r.Outcome != outcome.OK || len(r.Peers) != 1 {
		t.Fatalf("got %s %v (%v), want the right answer among the noise", r.Outcome, r.Peers, r.Err)
	}
	s := c.udp.sessions[way{to: netip.MustParseAddrPort(f.conn.LocalAddr().String())}]
	tid, answers := s.expect()
	forged := goodUDP(actionScrape, append(ConnectRequest(tid), make([]byte, 20)...))
	to := netip.MustParseAddrPort(s.conn.LocalAddr().String())
	if _, err := stranger.conn.WriteToUDPAddrPort(forged, to); err != nil {
		t.Fatal(err)
	}
	if _, err := f.conn.WriteToUDPAddrPort(append(udpHead(actionError, ConnectRequest(tid)), "true"...), to); err != nil {
		t.Fatal(err)
	}
	if a := <-answers; !isError(a.packet) {
		t.Errorf("got %x from a stranger, want the tracker's packet", a.packet)
	}
}

func TestUDPSessionsAreClosed(t *testing.T) {
	f, g := startUDP(t, "127.0.0.1:0", good), startUDP(t, "127.0.0.1:0", good)
	now := time.Unix(1000, 0)
	c := client(t, Options{Now: func() time.Time { return now }})
	for _, step := range []struct {
		url   string
		after time.Duration
		want  int
	}{{f.url, 0, 1}, {g.url, 0, 2}, {g.url, connectionLife, 1}} {
		now = now.Add(step.after)
		if r := c.Announce(t.Context(), Request{URL: step.url, Family: IPv4}); r.Outcome != outcome.OK {
			t.Fatalf("got %s (%v)", r.Outcome, r.Err)
		}
		if got := len(c.udp.sessions); got != step.want {
			t.Errorf("%d sessions open, want %d", got, step.want)
		}
	}
}
