package swarm

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"btkit/pkg/lab/script"
	"btkit/pkg/peerwire"
	"btkit/pkg/transport/mse"
	"btkit/pkg/transport/utp"
)

// endpoint is a visitor with TCP and uTP on one port.
type endpoint struct {
	t   *testing.T
	tcp net.Listener
	udp *utp.Socket
}

func listen(t *testing.T) endpoint {
	t.Helper()
	for range 100 {
		tcp, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		socket, err := net.ListenPacket("udp4", tcp.Addr().String())
		if err != nil {
			tcp.Close()
			continue
		}
		udp := utp.Open(socket, utp.Options{Backlog: 16})
		t.Cleanup(func() { tcp.Close(); udp.Close() })
		return endpoint{t, tcp, udp}
	}
	t.Fatal("no port that is free for both")
	return endpoint{}
}

func (e endpoint) addr() netip.AddrPort { return e.tcp.Addr().(*net.TCPAddr).AddrPort() }

// dial opens a stream to a peer; nil if nobody answers.
func (e endpoint) dial(to netip.AddrPort, w way) net.Conn {
	ctx, cancel := context.WithTimeout(context.Background(), time.Second)
	defer cancel()
	if w.utp {
		if nc, err := e.udp.Dial(ctx, to); err == nil {
			return nc
		}
		return nil
	}
	nc, err := new(net.Dialer).DialContext(ctx, "tcp4", to.String())
	if err != nil {
		return nil
	}
	return nc
}

// visit dials and exchanges handshakes; nil if that fails.
func (e endpoint) visit(to netip.AddrPort, hash [20]byte, w way) *visitor {
	nc := e.dial(to, w)
	if nc == nil {
		return nil
	}
	if w.encrypted {
		on, _, err := mse.Initiate(nc, hash, nil, mse.Options{})
		if err != nil {
			nc.Close()
			return nil
		}
		nc = on
	}
	return meet(e.t, nc, hash, all)
}

// taken is a connection that a peer has opened, and how.
type taken struct {
	net.Conn
	way
	v *visitor
}

// accepts takes the next connection by either transport, plain or encrypted.
func (e endpoint) accepts(hash [20]byte) taken {
	e.t.Helper()
	// One for each transport.
	came := make(chan taken, 2)
	for _, l := range []interface{ Accept() (net.Conn, error) }{e.tcp, e.udp} {
		go func() {
			if nc, err := l.Accept(); err == nil {
				_, overUTP := nc.(*utp.Conn)
				came <- taken{Conn: nc, way: way{utp: overUTP}}
			}
		}()
	}
	select {
	case got := <-came:
		got.greeted(e.t, hash)
		return got
	case <-time.After(patience):
		e.t.Fatal("nobody dials")
		return taken{}
	}
}

// greeted takes the handshake of one who dialled.
func (c *taken) greeted(t *testing.T, hash [20]byte) {
	t.Helper()
	var keys mse.Keys
	keys.Add(hash)
	c.SetDeadline(time.Now().Add(patience))
	first := make([]byte, 20)
	n, err := c.Read(first)
	if err != nil {
		t.Fatalf("the one who dialled says nothing: %v", err)
	}
	rest := net.Conn(&pushback{c.Conn, first[:n]})
	if first[0] != 19 {
		c.encrypted = true
		if rest, _, err = mse.NewReceiver(&keys, mse.Options{}).Accept(c.Conn, first[:n]); err != nil {
			t.Fatalf("encrypted handshake: %v", err)
		}
	}
	c.v = meet(t, rest, hash, all)
}

// pushback reads some bytes again.
type pushback struct {
	net.Conn
	first []byte
}

func (c *pushback) Read(b []byte) (int, error) {
	if len(c.first) == 0 {
		return c.Conn.Read(b)
	}
	n := copy(b, c.first)
	c.first = c.first[n:]
	return n, nil
}

var everyWay = []way{{}, {encrypted: true}, {utp: true}, {utp: true, encrypted: true}}

func TestWaysIn(t *testing.T) {
	t.Parallel()
	utpOnly := func(p *script.Peer) { p.UTPOnly, p.Reach = true, script.Refuses }
	for name, c := range map[string]struct {
		client string
		change func(*script.Peer)
		want   string // of everyWay, which lead in
	}{
		"libtorrent":             {"-LT20B0-", func(*script.Peer) {}, "[true true true true]"},
		"rTorrent":               {"-lt0D60-", func(*script.Peer) {}, "[true true false false]"},
		"encryption required":    {"-qB4650-", func(p *script.Peer) { p.Encrypted, p.Seed = true, 2 }, "[false true false true]"},
		"RC4 required":           {"A2-1-36-0-", func(p *script.Peer) { p.Encrypted, p.Seed, p.Client.OneByID = true, 1, false }, "[false true false false]"},
		"uTP only":               {"-TR3000-", utpOnly, "[false false true true]"},
		"uTP only and encrypted": {"-UT355W-", func(p *script.Peer) { utpOnly(p); p.Encrypted = true }, "[false false false true]"},
		"behind a NAT":           {"-LT20B0-", func(p *script.Peer) { p.NAT, p.Reach = true, script.Refuses }, "[false false false false]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := solo(t, c.client, c.change)
			s.Peers[0].Client.OneByIP = false
			l, e := act(t, s), listen(t)
			var got []bool
			for _, w := range everyWay {
				v := e.visit(l.where(t, 0), s.Torrents[0].InfoHash, w)
				if got = append(got, v != nil); v != nil {
					v.send(hello(""))
					v.until("state", func(got []heard) bool { return has(got, 100) == 100 })
					v.net.Close()
					v.over()
				}
			}
			if fmt.Sprint(got) != c.want {
				t.Errorf("plain, encrypted, uTP and both lead in: %v, want %s", got, c.want)
			}
			if err := l.Close(); err != nil {
				t.Fatal(err)
			}
			truth := l.Truth()[0]
			if truth.Reachable != (c.want != "[false false false false]") || truth.UTPOnly != s.Peers[0].UTPOnly || truth.Encrypted != s.Peers[0].Encrypted {
				t.Errorf("truth %+v", truth)
			}
		})
	}
}

func TestWaysOut(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		client string
		change func(*script.Peer)
		want   way
	}{
		"libtorrent":           {"-LT20B0-", func(*script.Peer) {}, way{utp: true, encrypted: true}},
		"Transmission":         {"-TR3000-", func(*script.Peer) {}, way{utp: true, encrypted: true}},
		"uTorrent":             {"-UT355W-", func(*script.Peer) {}, way{utp: true}},
		"aria2":                {"A2-1-36-0-", func(*script.Peer) {}, way{encrypted: true}},
		"rTorrent":             {"-lt0D60-", func(*script.Peer) {}, way{}},
		"encryption required":  {"-lt0D60-", func(p *script.Peer) { p.Encrypted = true }, way{encrypted: true}},
		"uTP only, behind NAT": {"-UT355W-", func(p *script.Peer) { p.UTPOnly, p.NAT = true, true }, way{utp: true}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := solo(t, c.client, func(p *script.Peer) {
				p.Reach, p.Dials, p.Role, p.First = script.Refuses, true, script.Leecher, 42
				p.Client = p.Client.Scaled(0.001)
				c.change(p)
			})
			l, e := act(t, s), listen(t)
			l.table.Welcome(s.Torrents[0].InfoHash, e.addr())
			got := e.accepts(s.Torrents[0].InfoHash)
			if got.way != c.want {
				t.Errorf("dials by %+v, want %+v", got.way, c.want)
			}
			got.v.send(peerwire.AppendKeepAlive(nil))
			got.v.until("state", func(got []heard) bool { return has(got, 100) == 42 })
		})
	}
}

// A visitor that speaks neither uTP nor encryption is dialled all the same, and
// from then on the way that works comes first.
func TestFallsBack(t *testing.T) {
	t.Parallel()
	s := solo(t, "-LT20B0-", func(p *script.Peer) {
		p.Dials, p.Role, p.First = true, script.Leecher, 42
		p.Client = p.Client.Scaled(0.001)
	})
	l := act(t, s)
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	l.table.Welcome(s.Torrents[0].InfoHash, ln.Addr().(*net.TCPAddr).AddrPort())
	for i, plain := range []bool{false, true, true} {
		nc, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		first := make([]byte, 1)
		nc.SetDeadline(time.Now().Add(patience))
		if _, err := nc.Read(first); err != nil || (first[0] == 19) != plain {
			t.Fatalf("call %d begins with %d (%v), want it plain: %v", i+1, first[0], err, plain)
		}
		if plain {
			v := meet(t, &pushback{nc, first}, s.Torrents[0].InfoHash, all)
			v.until("state", func(got []heard) bool { return has(got, 100) == 42 })
		}
		nc.Close()
	}
}

func TestIPv6(t *testing.T) {
	t.Parallel()
	s := solo(t, "-LT20B0-", func(p *script.Peer) { p.IP = netip.IPv6Loopback() })
	l := act(t, s)
	nc, err := net.Dial("tcp6", l.where(t, 0).String())
	if err != nil {
		t.Fatal(err)
	}
	v := meet(t, nc, s.Torrents[0].InfoHash, all)
	v.until("state", func(got []heard) bool { return has(got, 100) == 100 })
}

func TestTellsTrackers(t *testing.T) {
	t.Parallel()
	const extra = "udp://127.0.0.1:9/announce"
	s := solo(t, "-LT20B0-", func(p *script.Peer) { p.Tex = true })
	l := actWith(t, s, Options{Trackers: []string{"http://127.0.0.1:8/announce"}, Extra: extra})
	v := visit(t, l.where(t, 0), s.Torrents[0].InfoHash, all)
	v.send(peerwire.AppendExtended(nil, 0, []byte("d1:md6:lt_texi45eee")))
	got := v.until("trackers", func(got []heard) bool {
		n := len(got)
		return n > 0 && got[n-1].ID == peerwire.Extended && got[n-1].Ext == 45
	})
	urls, err := peerwire.ParseTex(got[len(got)-1].Payload, 10)
	if err != nil || len(urls) != 1 || urls[0] != extra {
		t.Errorf("told of %q (%v), want %q", urls, err, extra)
	}
	h, err := peerwire.ParseExtHandshake(first(got, peerwire.Extended).Payload)
	if err != nil || h.ID(peerwire.NameTex) != texID || len(h.TrackerHash) != 20 {
		t.Errorf("extension handshake has lt_tex %d and a hash of %d bytes (%v)", h.ID(peerwire.NameTex), len(h.TrackerHash), err)
	}
}

var errNever = errors.New("never")

// punchedBy asks a relay for a peer and gives its answer.
func punchedBy(v *visitor, target netip.AddrPort) (peerwire.Holepunch, error) {
	before := len(v.messages())
	v.send(peerwire.AppendHolepunch(nil, 4, peerwire.Holepunch{Kind: peerwire.HolepunchRendezvous, Addr: target}))
	var h peerwire.Holepunch
	err := errNever
	v.until("answer of the relay", func(got []heard) bool {
		for _, m := range got[before:] {
			if m.ID == peerwire.Extended && m.Ext == 46 {
				h, err = peerwire.ParseHolepunch(m.Payload)
				return true
			}
		}
		return false
	})
	return h, err
}

func TestRelay(t *testing.T) {
	t.Parallel()
	hidden := func(p *script.Peer) { p.NAT, p.Reach, p.Role, p.First = true, script.Silent, script.Leecher, 42 }
	s := solo(t, "-LT20B0-", func(*script.Peer) {})
	for i, c := range []struct {
		client string
		change func(*script.Peer)
	}{{"-qB4650-", hidden}, {"-TR3000-", hidden}} {
		p := solo(t, c.client, c.change).Peers[0]
		p.IP, p.Seed = netip.AddrFrom4([4]byte{127, 79, 0, byte(i + 1)}), uint64(i)
		s.Peers = append(s.Peers, p)
	}
	l, e := act(t, s), listen(t)
	hash, relay := s.Torrents[0].InfoHash, l.where(t, 0)
	v := e.visit(relay, hash, way{utp: true, encrypted: true})
	v.send(peerwire.AppendExtended(nil, 0, []byte("d1:md12:ut_holepunchi46eee")))
	for _, c := range []struct {
		name   string
		target netip.AddrPort
		want   uint32
	}{
		{"itself", relay, peerwire.HolepunchNoSelf},
		{"a stranger", netip.MustParseAddrPort("127.80.0.1:9"), peerwire.HolepunchNoSuchPeer},
		{"one that does not know how", l.where(t, 2), peerwire.HolepunchNoSupport},
	} {
		if h, err := punchedBy(v, c.target); err != nil || h.Kind != peerwire.HolepunchError || h.Err != c.want {
			t.Errorf("asked for %s: %+v (%v), want error %d", c.name, h, err, c.want)
		}
	}
	target := l.where(t, 1)
	if v := e.visit(target, hash, way{utp: true}); v != nil {
		t.Error("one behind a NAT takes a connection without introduction")
	}
	if h, err := punchedBy(v, target); err != nil || h.Kind != peerwire.HolepunchConnect || h.Addr != target {
		t.Fatalf("asked for a peer behind a NAT: %+v (%v), want connect to %v", h, err, target)
	}
	got := e.accepts(hash)
	if from := got.RemoteAddr().(*net.UDPAddr).AddrPort(); from != target || !got.utp {
		t.Fatalf("dialled from %v, want %v over uTP", from, target)
	}
	got.v.until("state", func(got []heard) bool { return has(got, 100) == 42 })
}

// A peer is told of by those who are connected with it, and by nobody else.
func TestPeersHaveNeighbours(t *testing.T) {
	t.Parallel()
	o := script.Defaults()
	o.Leechers, o.Seeds, o.Present, o.Unreachable = 600, 0, 1, 1
	s, err := script.New(o)
	if err != nil {
		t.Fatal(err)
	}
	l := act(t, s)
	for i := range s.Peers {
		l.where(t, i)
	}
	sum := 0
	for _, p := range l.peers {
		for _, other := range l.peers {
			is := p.isNeighbour(other.addr())
			if is != other.isNeighbour(p.addr()) {
				t.Fatal("one is the other's neighbour only")
			}
			if is {
				sum++
			}
		}
	}
	if mean := sum / len(l.peers); mean < neighbours*8/10 || mean > neighbours*12/10 {
		t.Errorf("%d neighbours in the mean, want about %d", mean, neighbours)
	}
}
