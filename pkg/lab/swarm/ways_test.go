package swarm

import (
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"btkit/pkg/lab/script"
	"btkit/pkg/peerwire"
)

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
			s.Peers[0].Client.OneByIP, s.Peers[0].Client.OneByID = false, false // the visit before may not be over yet
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

// Some clients get an encrypted handshake wrong now and then, and some take
// their time.
func TestClumsyPeers(t *testing.T) {
	t.Parallel()
	s := solo(t, "-LT20B0-", func(p *script.Peer) { p.Client.Bungles, p.Client.Slow, p.Client.OneByIP = 1, time.Millisecond, false })
	l, e := act(t, s), listen(t)
	for _, w := range everyWay {
		if v := e.visit(l.where(t, 0), s.Torrents[0].InfoHash, w); (v != nil) == w.encrypted {
			t.Errorf("taken by %+v: %v, want plain ones alone", w, v != nil)
		}
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
