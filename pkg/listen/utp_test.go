package listen_test

import (
	"context"
	"net"
	"net/netip"
	"testing"

	"btkit/pkg/listen"
	"btkit/pkg/record"
	"btkit/pkg/talk/talktest"
	"btkit/pkg/transport/mse"
	"btkit/pkg/transport/utp"
)

// callUTP dials the listener over uTP.
func (r *room) callUTP() net.Conn {
	r.t.Helper()
	conn, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		r.t.Fatal(err)
	}
	s := utp.Open(conn, utp.Options{DialTimeout: talktest.Patience})
	r.t.Cleanup(func() { s.Close() })
	c, err := s.Dial(context.Background(), netip.MustParseAddrPort(r.addr))
	if err != nil {
		r.t.Fatal(err)
	}
	return c
}

// The port takes TCP and uTP, in the clear and encrypted, and one listen record
// says so.
func TestUTP(t *testing.T) {
	tcp := socketAt(t, "127.0.0.1:0")
	r := beginOn(t, listen.Options{}, tcp, overUDP(t, tcp))
	if err := r.Announce(); err != nil {
		t.Fatal(err)
	}
	if got := talktest.Await[record.Listen](t, r.journal, 1); len(got) != 1 || got[0].UTP == nil || !*got[0].UTP {
		t.Errorf("got %+v, want one record with uTP", got)
	}
	for i, crypto := range []string{"plain", "rc4"} {
		stream := r.callUTP()
		h := talktest.Hello(byte(i))
		if crypto == "plain" {
			if _, err := stream.Write(h.Append(nil)); err != nil {
				t.Fatal(err)
			}
		} else {
			var err error
			if stream, _, err = mse.Initiate(stream, h.InfoHash, h.Append(nil), mse.Options{Methods: mse.RC4}); err != nil {
				t.Fatal(err)
			}
		}
		p := talktest.Play(stream)
		if got, ok := p.Greeted(); !ok || got.PeerID != ourID {
			t.Fatalf("%s: got %x, %v, want our handshake", crypto, got.PeerID, ok)
		}
		p.Say(talktest.Bitfield(100, 40))
		talktest.Await[record.Progress](t, r.journal, i+1)
		p.Close()
		v := talktest.Await[record.Visit](t, r.journal, i+1)[i]
		if v.Transport != "utp" || v.Crypto != crypto || v.Stage != "settled" || v.LocalIP.String() != "127.0.0.1" {
			t.Errorf("got %q over %q at %q to %v, want %q over utp", v.Crypto, v.Transport, v.Stage, v.LocalIP, crypto)
		}
	}
}

// The end of the work ends conversations over uTP in good order: they are told
// of.
func TestStopOverUTP(t *testing.T) {
	tcp := socketAt(t, "127.0.0.1:0")
	r := beginOn(t, listen.Options{}, tcp, overUDP(t, tcp))
	stream := r.callUTP()
	p := talktest.Play(stream)
	p.Say(talktest.Hello(1).Append(nil), talktest.Bitfield(100, 40))
	talktest.Await[record.Progress](t, r.journal, 1)
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	if v := talktest.Await[record.Visit](t, r.journal, 1)[0]; v.Outcome != "ok" || v.Stage != "settled" {
		t.Errorf("got %s at %s, want a settled visit that we ended", v.Outcome, v.Stage)
	}
	r.hungUp(p)
	p.Close()
}
