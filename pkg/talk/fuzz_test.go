package talk

import (
	"io"
	"net"
	"net/netip"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

// guest is a host that wants all there is and believes none of it.
type guest struct {
	deaf
	pending int // fetches that have not been told of
}

func (g *guest) WantMetadata(*Conversation) bool { g.pending++; return true }
func (g *guest) Metadata(*Conversation, []byte) bool {
	g.pending--
	return false
}

// FuzzTalk: whatever a peer sends behind its handshake, the conversation ends
// when the peer does, with an outcome of the list, never says a thing that it
// must not say, and has told of each fetch it began.
func FuzzTalk(f *testing.F) {
	f.Add([]byte{}, true)
	f.Add(bitfield(100, 50), true)
	f.Add(append(peerwire.AppendHaveNone(nil), peerwire.AppendHave(nil, 3)...), true)
	f.Add(append(offering(40000), peerwire.AppendMetadataData(nil, visit.ExtMetadata, 0, 40000, make([]byte, 16384))...), false)
	f.Add(append(offering(40000), peerwire.AppendMetadataRequest(nil, visit.ExtMetadata, 3)...), false)
	f.Add(append(peerwire.AppendRequest(nil, 1, 2, 3), peerwire.AppendPiece(nil, 1, 2, []byte("abc"))...), true)
	f.Add(peerwire.AppendPex(nil, visit.ExtPex, []peerwire.PexPeer{{Addr: addr("192.0.2.1:6881")}}, nil), false)
	f.Add([]byte{0, 0x20, 0, 1}, true)
	f.Fuzz(func(t *testing.T, b []byte, known bool) {
		ours, theirs := net.Pipe()
		torrent, err := visit.NewTorrent(&record.Torrent{InfoHash: infohash})
		if err != nil {
			t.Fatal(err)
		}
		if known {
			torrent.Learn(100, 0, 1)
		}
		v := visit.New(visit.Start{Torrent: torrent, Addr: netip.MustParseAddrPort("127.0.0.1:6881"), At: time.Now(), Rules: visit.DefaultRules()})
		host := &guest{}
		c := New(ours, v, us, Manner{Handshake: patience}, host)
		said := make(chan []byte, 1)
		go func() {
			all, _ := io.ReadAll(theirs) // ends with our close
			said <- all
		}()
		go func() {
			// A failure means that the conversation has ended.
			if _, err := theirs.Write(append(theirHandshake().Append(nil), b...)); err == nil {
				theirs.Close()
			}
		}()
		how := c.Open()
		check(t, how, host, <-said)
	})
}

// check looks at how a hostile conversation went.
func check(t *testing.T, how outcome.Outcome, host *guest, said []byte) {
	t.Helper()
	if how != outcome.OK && how != outcome.Closed && how != outcome.TooLarge && how != outcome.Malformed &&
		how != outcome.BadIndex && how != outcome.BadBitfield && how != outcome.BadPayload && how != outcome.Error {
		t.Fatalf("got %q, want what a peer can be blamed for", how)
	}
	if host.pending != 0 {
		t.Fatalf("got %d fetches without an end, want none", host.pending)
	}
	var d peerwire.Decoder
	if len(said) < peerwire.HandshakeLen {
		t.Fatalf("got %d bytes of ours, want the whole handshake", len(said))
	}
	err := d.Feed(said[peerwire.HandshakeLen:], func(m peerwire.Message) error {
		switch m.ID {
		case peerwire.Extended, peerwire.HaveNone, peerwire.KeepAlive, peerwire.RejectRequest:
		default:
			t.Fatalf("we said %v, want nothing but what we may say", m.ID)
		}
		return nil
	})
	if err != nil {
		t.Fatalf("we said what cannot be decoded: %v", err)
	}
}
