package swarm

import (
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"

	"btkit/pkg/benc"
	"btkit/pkg/lab/script"
	"btkit/pkg/lab/trackerd"
	"btkit/pkg/peerwire"
)

// Whatever a visitor sends after the handshake, the peer answers with whole
// frames of the protocol, with bencode that is well formed or an introduction in
// them, and not without end.
func FuzzVisitor(f *testing.F) {
	f.Add(hello(""))
	f.Add(peerwire.AppendExtended(hello(""), 2, []byte("d8:msg_typei0e5:piecei0ee")))
	f.Add(peerwire.AppendExtended(hello("1:pi4711e"), 2, []byte("d8:msg_typei0e5:piecei-9ee")))
	f.Add(peerwire.AppendHolepunch(peerwire.AppendExtended(nil, 0, []byte("d1:md12:ut_holepunchi46e6:lt_texi45eee")), 4,
		peerwire.Holepunch{Addr: netip.MustParseAddrPort("127.1.2.3:4")}))
	f.Add(peerwire.AppendRequest(peerwire.AppendInterested(nil), 1, 2, 3))
	f.Add([]byte{0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff})
	o := script.Defaults()
	o.Leechers, o.Seeds, o.Partial, o.Super, o.Pieces = 0, 1, 0, 0, 100
	play, err := script.New(o)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := &Swarm{agenda: newAgenda(time.Now), opt: Options{Script: play, Now: time.Now,
			Table: trackerd.NewTable(rand.New(rand.NewPCG(1, 1)), play.Torrents[0].InfoHash)}}
		p := newPeer(s, &play.Peers[0])
		p.here = true
		ours, theirs := net.Pipe()
		defer theirs.Close()
		c := newConn(p, ours)
		p.enter(c)
		c.theirs.Reserved = peerwire.Reserved(all)
		if !p.greets(c) {
			t.Fatal("the visitor is not admitted")
		}
		d := peerwire.Decoder{MaxFrame: peerwire.FrameCap(100)}
		_ = d.Feed(b, c.hear) // an error is the end of the conversation
		check := peerwire.Decoder{}
		err := check.Feed(c.out.waiting, func(m peerwire.Message) error {
			if m.ID != peerwire.Extended || m.Ext == 3 {
				return nil
			}
			if _, err := peerwire.ParseHolepunch(m.Payload); err == nil {
				return nil
			}
			_, _, err := benc.Check(m.Payload, benc.Limits{})
			return err
		})
		if err != nil || check.Pending() != 0 || len(c.out.waiting) > maxWaiting {
			t.Errorf("answered %q: %v, %d bytes of an unfinished frame", c.out.waiting, err, check.Pending())
		}
		c.close()
	})
}
