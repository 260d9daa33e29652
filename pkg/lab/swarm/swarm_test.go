package swarm

import (
	"crypto/sha1"
	"errors"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"btkit/pkg/benc"
	"btkit/pkg/lab/script"
	"btkit/pkg/peerwire"
	"btkit/pkg/transport/mse"
)

// crossed is when a visitor first counted so many pieces.
func crossed(got []heard, pieces, need int) (at time.Time, below bool) {
	for i := range got {
		if has(got[:i+1], pieces) >= need {
			return got[i].at, below
		}
		if got[i].ID == peerwire.BitfieldID || got[i].ID == peerwire.HaveNone {
			below = true
		}
	}
	return time.Time{}, below
}

func TestTruthIsWhatAVisitorSees(t *testing.T) {
	t.Parallel()
	o := script.Defaults()
	o.Leechers, o.Seeds, o.Unreachable, o.Pieces, o.Busy, o.GiveUp, o.Leave = 40, 4, 0, 100, 0, 0, 0
	o.Duration, o.Present, o.Regress, o.Pace, o.Lazy = 5*time.Second, 1, 0.2, 1, 0
	s, err := script.New(o)
	if err != nil {
		t.Fatal(err)
	}
	for i := range s.Peers {
		s.Peers[i].Client.Slow = 0 // the visitors come one after the other
	}
	l := act(t, s)
	visitors := make([]*visitor, len(s.Peers))
	for i := range s.Peers {
		visitors[i] = visit(t, l.where(t, i), s.Torrents[0].InfoHash, all)
		visitors[i].send(hello(""))
	}
	deadline := time.Now().Add(patience)
	for l.Stats().Completed < 12 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	crossings := 0
	for i, truth := range l.Truth() {
		visitors[i].over()
		got := visitors[i].messages()
		// A visitor who cannot be told of a loss is sent away, and an rTorrent
		// waits for a message that the hello here is.
		if n := has(got, 100); n != int(truth.LastHave) && s.Peers[i].Lose == 0 && truth.Role != "super-seed" {
			t.Errorf("peer %d: visitor counts %d pieces, truth %d", i, n, truth.LastHave)
		}
		at, below := crossed(got, 100, 98)
		switch {
		case s.Peers[i].Lose > 0:
		case truth.CrossedTS.IsZero() && below && !at.IsZero():
			t.Errorf("peer %d: visitor sees a crossing, truth none", i)
		case !truth.CrossedTS.IsZero() && (!below || at.Before(truth.CrossedTS)):
			t.Errorf("peer %d: visitor sees the crossing at %v, truth at %v", i, at, truth.CrossedTS)
		case !truth.CrossedTS.IsZero():
			crossings++
		}
	}
	if crossings == 0 {
		t.Error("no crossing was seen")
	}
}

func TestLosingPieces(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ say []byte }{
		"told by donthave": {hello("")},
		"sent away":        {peerwire.AppendKeepAlive(nil)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			l := act(t, solo(t, "-LT20B0-", func(p *script.Peer) {
				p.Role, p.First, p.Last, p.Rate, p.Lose, p.LoseAt = script.Leecher, 10, 20, 10, 5, 4
			}))
			v := visit(t, l.where(t, 0), l.peers[0].torrent.InfoHash, all)
			v.send(c.say)
			if name == "sent away" {
				v.over()
				return
			}
			got := v.until("end", func(got []heard) bool { return has(got, 100) == 20 })
			if lost := len(got) - 1; lost < 5 {
				t.Errorf("%d messages, want five lt_donthave among them", len(got))
			}
		})
	}
}

func TestFinishing(t *testing.T) {
	t.Parallel()
	grows := func(p *script.Peer) { p.Role, p.First, p.Last, p.Rate = script.Leecher, 90, 100, 20 }
	for client, enough := range map[string]func([]heard) bool{
		"-LT20B0-": func(got []heard) bool {
			last := got[len(got)-1]
			return last.ID == peerwire.Extended && last.Ext == 43 && last.Payload[0] == 1 && first(got, peerwire.NotInterested) != nil
		},
		"A2-1-36-0-": func(got []heard) bool { return first(got, peerwire.HaveAll) != nil },
		"-TR3000-":   func(got []heard) bool { return got[len(got)-1].ID == peerwire.Have },
		"-lt0D60-":   func(got []heard) bool { return got[len(got)-1].ID == peerwire.Have },
	} {
		t.Run(client, func(t *testing.T) {
			t.Parallel()
			l := act(t, solo(t, client, grows))
			v := visit(t, l.where(t, 0), l.peers[0].torrent.InfoHash, all)
			v.send(hello(""))
			v.until("finish", func(got []heard) bool { return has(got, 100) == 100 && enough(got) })
			if c, _ := l.table.Scrape(l.peers[0].torrent.InfoHash); c.Complete != 1 || c.Incomplete != 0 || c.Completed != 1 {
				t.Errorf("tracker counts %+v, want one completed seed", c)
			}
		})
	}
}

func TestMetadataAndRequests(t *testing.T) {
	t.Parallel()
	s := solo(t, "-LT20B0-", func(*script.Peer) {})
	l := act(t, s)
	v := visit(t, l.where(t, 0), s.Torrents[0].InfoHash, all)
	v.send(hello(""))
	for _, ask := range []string{"d8:msg_typei0e5:piecei0ee", "d8:msg_typei0e5:piecei7ee"} {
		v.send(peerwire.AppendExtended(nil, 2, []byte(ask)))
	}
	v.send(peerwire.AppendRequest(nil, 0, 0, 1<<14))
	got := v.until("reject", func(got []heard) bool { return first(got, peerwire.RejectRequest) != nil })
	kinds := map[int64]bool{}
	for _, m := range got {
		if m.ID != peerwire.Extended || m.Ext != 42 {
			continue
		}
		d, block, _, err := benc.Parse(m.Payload, benc.Limits{})
		kind, _ := d.Get("msg_type").Int()
		kinds[kind] = true
		if err != nil || kind == 1 && sha1.Sum(block) != s.Torrents[0].InfoHash {
			t.Errorf("metadata message %q: %v", m.Payload, err)
		}
	}
	if !kinds[1] || !kinds[2] || l.Stats().Requests != 1 {
		t.Errorf("metadata messages %v, %d requests; want data, a reject and one request", kinds, l.Stats().Requests)
	}
}

func TestPEX(t *testing.T) {
	t.Parallel()
	s := solo(t, "-LT20B0-", func(*script.Peer) {})
	s.Peers = append(s.Peers, s.Peers[0])
	s.Peers[1].IP = netip.MustParseAddr("127.77.77.77")
	l := act(t, s)
	want := l.where(t, 1)
	v := visit(t, l.where(t, 0), s.Torrents[0].InfoHash, all)
	v.send(hello(""))
	v.until("PEX", func(got []heard) bool {
		for _, m := range got {
			if m.ID == peerwire.Extended && m.Ext == 41 {
				d, _, _, _ := benc.Parse(m.Payload, benc.Limits{})
				return d.Get("added").Text() == "\x7f\x4d\x4d\x4d"+string([]byte{byte(want.Port() >> 8), byte(want.Port())}) &&
					d.Get("added.f").Text() == "\x1f"
			}
		}
		return false
	})
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	s := solo(t, "-LT20B0-", func(p *script.Peer) { p.Reach = script.Refuses })
	for _, reach := range []script.Reach{script.Silent, script.Open} {
		p := s.Peers[0]
		p.Reach, p.IP = reach, netip.AddrFrom4([4]byte{127, 78, 0, byte(reach + 1)})
		s.Peers = append(s.Peers, p)
	}
	s.Peers[2].Leave = time.Millisecond
	l := act(t, s)
	_, err := net.Dial("tcp4", l.where(t, 0).String())
	if !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("dialling one that refuses: %v, want %v", err, syscall.ECONNREFUSED)
	}
	nc, err := net.DialTimeout("tcp4", l.where(t, 1).String(), 300*time.Millisecond)
	if err == nil {
		nc.Close()
	}
	var timeout net.Error
	if !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("dialling one that is silent: %v, want a timeout", err)
	}
	for l.Stats().Here != 2 {
		time.Sleep(time.Millisecond)
	}
	if nc, err := net.Dial("tcp4", l.peers[2].addr().String()); err == nil {
		nc.SetReadDeadline(time.Now().Add(patience))
		if n, _ := nc.Read(make([]byte, 1)); n != 0 {
			t.Error("one that has left answers")
		}
		nc.Close()
	}
}

func TestDialsGuestsAgainAndAgain(t *testing.T) {
	t.Parallel()
	s := solo(t, "-LT20B0-", func(p *script.Peer) {
		p.Reach, p.Dials, p.Role, p.First = script.Refuses, true, script.Leecher, 42
		p.Client = p.Client.Scaled(0.001)
		p.Client.UTP, p.Client.DialsEncrypted = false, false
	})
	l := act(t, s)
	ln, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	l.table.Welcome(s.Torrents[0].InfoHash, ln.Addr().(*net.TCPAddr).AddrPort())
	for range 3 {
		nc, err := ln.Accept()
		if err != nil {
			t.Fatal(err)
		}
		if got := nc.RemoteAddr().(*net.TCPAddr).AddrPort().Addr(); got != s.Peers[0].IP {
			t.Errorf("dialled from %v, want %v", got, s.Peers[0].IP)
		}
		v := meet(t, nc, s.Torrents[0].InfoHash, all)
		if v == nil {
			t.Fatal("dialled without a handshake")
		}
		got := v.until("state", func(got []heard) bool { return has(got, 100) == 42 })
		h, _, _, _ := benc.Parse(first(got, peerwire.Extended).Payload, benc.Limits{})
		if p, _ := h.Get("p").Int(); p != int64(s.Peers[0].Port) {
			t.Errorf("names port %d, want %d", p, s.Peers[0].Port)
		}
		nc.Close()
	}
}

func TestHostilePeersEnd(t *testing.T) {
	t.Parallel()
	for kind := range script.Attacks {
		for _, utp := range []bool{false, true} {
			s := solo(t, "-LT20B0-", func(p *script.Peer) { p.Role, p.Attack = script.Hostile, kind })
			l, e := act(t, s), listen(t)
			nc := e.dial(l.where(t, 0), way{utp: utp})
			if nc == nil {
				t.Fatalf("attack %d cannot be dialled, uTP %v", kind, utp)
			}
			nc.SetDeadline(time.Now().Add(patience))
			h := peerwire.Handshake{InfoHash: s.Torrents[0].InfoHash, PeerID: [20]byte([]byte(ourID))}
			if kind == lure {
				on, _, err := mse.Initiate(nc, h.InfoHash, h.Append(nil), mse.Options{})
				if err != nil {
					t.Fatalf("attack %d takes no encrypted handshake: %v", kind, err)
				}
				nc = on
			} else if _, err := nc.Write(h.Append(nil)); err != nil {
				t.Fatal(err)
			}
			if n, err := nc.Read(make([]byte, 100)); n == 0 {
				t.Errorf("attack %d sends nothing: %v", kind, err)
			}
			if err := l.Close(); err != nil {
				t.Errorf("attack %d: %v", kind, err)
			}
			nc.Close()
		}
	}
}
