package listen_test

import (
	"bytes"
	"net"
	"testing"

	"btkit/pkg/listen"
	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/talk/talktest"
	"btkit/pkg/transport/mse"
)

// call connects a peer that begins with an encrypted handshake for a torrent;
// its own handshake goes along.
func (r *room) call(skey [20]byte, h peerwire.Handshake, methods mse.Method) (*talktest.Peer, error) {
	r.t.Helper()
	conn, err := net.Dial("tcp", r.addr)
	if err != nil {
		r.t.Fatal(err)
	}
	stream, _, err := mse.Initiate(conn, skey, h.Append(nil), mse.Options{Methods: methods, Timeout: talktest.Patience})
	if err != nil {
		conn.Close()
		return nil, err
	}
	p := talktest.Play(stream)
	r.t.Cleanup(p.Close)
	return p, nil
}

func TestEncrypted(t *testing.T) {
	for want, methods := range map[string]mse.Method{"rc4": mse.RC4, "mse-plain": mse.Plain | mse.RC4} {
		t.Run(want, func(t *testing.T) {
			r := begin(t, listen.Options{})
			h := talktest.Hello(1)
			p, err := r.call(h.InfoHash, h, methods)
			if err != nil {
				t.Fatal(err)
			}
			if got, ok := p.Greeted(); !ok || got.PeerID != ourID {
				t.Fatalf("got %x, %v, want our handshake", got.PeerID, ok)
			}
			p.Say(talktest.Bitfield(100, 40))
			if got := talktest.Await[record.Progress](t, r.journal, 1)[0]; got.Have != 40 {
				t.Errorf("got %d pieces, want 40", got.Have)
			}
			p.Close()
			v := talktest.Await[record.Visit](t, r.journal, 1)[0]
			if v.Crypto != want || v.Transport != "tcp" || v.Stage != "settled" {
				t.Errorf("got crypto %q over %q at %q, want %q over tcp", v.Crypto, v.Transport, v.Stage, want)
			}
			if v.LocalIP.String() != "127.0.0.1" || v.Rank == nil {
				t.Errorf("got local address %v and rank %v, want them", v.LocalIP, v.Rank)
			}
		})
	}
}

// Both swarms of a hybrid torrent are found behind the encryption.
func TestEncryptedTwin(t *testing.T) {
	r := begin(t, listen.Options{})
	v1, v2 := "11"+talktest.InfoHash[2:], "22"+talktest.InfoHash[2:]+"000000000000000000000000"
	r.hear(&record.Torrent{InfoHash: v1, InfoHashV2: v2, Pieces: 100})
	for _, first := range []byte{0x11, 0x22} {
		h := talktest.Hello(1)
		h.InfoHash[0] = first
		p, err := r.call(h.InfoHash, h, mse.RC4)
		if err != nil {
			t.Fatalf("hash %x: %v", h.InfoHash, err)
		}
		if got, ok := p.Greeted(); !ok || got.InfoHash != h.InfoHash {
			t.Errorf("got %x, %v, want %x", got.InfoHash, ok, h.InfoHash)
		}
	}
}

// Who calls for one torrent and speaks of another, or calls for none that we
// measure, is not answered.
func TestEncryptedAndWrong(t *testing.T) {
	h, other := talktest.Hello(1), talktest.Hello(1)
	other.InfoHash[0]++
	for _, tt := range []struct {
		name string
		skey [20]byte
		says peerwire.Handshake
		want outcome.Outcome
	}{
		{"another torrent behind it", h.InfoHash, other, outcome.WrongInfoHash},
		{"unknown torrent", other.InfoHash, other, outcome.UnknownHash},
	} {
		t.Run(tt.name, func(t *testing.T) {
			r := begin(t, listen.Options{})
			if p, err := r.call(tt.skey, tt.says, mse.RC4); err == nil {
				if _, ok := p.Greeted(); ok {
					t.Error("got our handshake, want silence")
				}
			}
			r.wantOutcomes(tt.want, 1)
		})
	}
}

func TestPlainOnly(t *testing.T) {
	r := begin(t, listen.Options{Plain: true})
	p := r.dial()
	p.Say(bytes.Repeat([]byte{0x9c, 1}, 48))
	r.hungUp(p)
	r.wantOutcomes(outcome.Encrypted, 1)
}
