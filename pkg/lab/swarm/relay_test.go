package swarm

import (
	"errors"
	"net"
	"net/netip"
	"testing"

	"btkit/pkg/lab/script"
	"btkit/pkg/peerwire"
)

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
