package talk

import (
	"net/netip"
	"slices"
	"testing"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

func TestHearsay(t *testing.T) {
	torrent, err := visit.NewTorrent(&record.Torrent{InfoHash: infohash})
	if err != nil {
		t.Fatal(err)
	}
	for flags, want := range map[uint8][5]bool{
		0:    {},
		0x01: {true},
		0x02: {false, true},
		0x04: {false, false, true},
		0x08: {false, false, false, true},
		0x10: {false, false, false, false, true},
		0xff: {true, true, true, true, true},
	} {
		r := Hearsay(torrent, peerwire.PexPeer{Addr: addr("192.0.2.1:6881"), Flags: flags}, addr("192.0.2.2:7"))
		if got := [5]bool{*r.Encryption, *r.Seed, *r.UTP, *r.Holepunch, *r.Reachable}; got != want || *r.Flags != int64(flags) {
			t.Errorf("flags %#x: got %v and %#x, want %v", flags, got, *r.Flags, want)
		}
		if r.Via != "192.0.2.2:7" || r.InfoHash != infohash || r.Source != "pex" || r.Port != 6881 {
			t.Errorf("got %+v, want the address and who named it", r)
		}
	}
	tex := Trackers(torrent, []string{"udp://192.0.2.1:80", "http://192.0.2.2/a"})
	if len(tex.Trackers) != 2 || !slices.Equal(tex.Trackers[1], []string{"http://192.0.2.2/a"}) || tex.Source != "tex" {
		t.Errorf("got %+v, want each tracker in a tier of its own", tex)
	}
}

// A peer that names us to ourselves is not believed.
func TestExchangeLeavesUsOut(t *testing.T) {
	m := open(t, scene{self: Self{PeerID: us.PeerID, Port: 6881}})
	m.hello(theirHandshake())
	m.greeting()
	ours := addr(m.theirs.RemoteAddr().String())
	m.send(peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{YourIP: addr("203.0.113.5:1").Addr()}))
	another := peerwire.PexPeer{Addr: netip.AddrPortFrom(ours.Addr(), ours.Port()+1)}
	m.send(peerwire.AppendPex(nil, visit.ExtPex, []peerwire.PexPeer{{Addr: ours}, {Addr: netip.AddrPortFrom(ours.Addr(), 6881)},
		{Addr: addr("203.0.113.5:4000")}, another}, nil))
	if got := wait(t, "the addresses", m.exchanged); len(got) != 1 || got[0].Addr != another.Addr {
		t.Errorf("got %v, want only %v", got, another.Addr)
	}
	m.c.Leave()
	m.wantEnd(outcome.OK)
}
