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

// deaf is a host that only counts the readings.
type deaf struct{ told int }

func (d *deaf) Told(*Conversation, *record.Progress)      { d.told++ }
func (*deaf) Exchanged(*Conversation, []peerwire.PexPeer) {}
func (*deaf) Silent(*Conversation) bool                   { return true }
func (*deaf) Metadata(*Conversation, []byte) (ok bool)    { return false }
func (*deaf) WantMetadata(*Conversation) bool             { return false }
func (*deaf) Trackers(*Conversation, []string)            {}
func (*deaf) Introduced(*Conversation, peerwire.Holepunch) {
}
func seedHandshake(infohash [20]byte) (h peerwire.Handshake) {
	h.Reserved, h.InfoHash = peerwire.Reserved(peerwire.BitFast), infohash
	copy(h.PeerID[:], "-qB4650-abcdefghijkl")
	return h
}

// A seed that says all it has in one breath with its handshake, and then
// nothing, is let go at once.
func TestSeedThatSaysAllAtOnce(t *testing.T) {
	ours, theirs := net.Pipe()
	torrent, err := visit.NewTorrent(&record.Torrent{InfoHash: "0123456789abcdef0123456789abcdef01234567", Pieces: 10})
	if err != nil {
		t.Fatal(err)
	}
	gone := make(chan error, 1)
	go func() {
		hello := make([]byte, peerwire.HandshakeLen)
		_, err := io.ReadFull(theirs, hello)
		if err == nil {
			_, err = theirs.Write(peerwire.AppendHaveAll(seedHandshake(torrent.InfoHash).Append(nil)))
		}
		if err == nil {
			_, err = io.Copy(io.Discard, theirs)
		}
		gone <- err
	}()
	host := &deaf{}
	v := visit.New(visit.Start{Torrent: torrent, Addr: netip.MustParseAddrPort("127.0.0.1:6881"), Direction: visit.Out, At: time.Now(), Rules: visit.DefaultRules()})
	manner := Manner{Handshake: 10 * time.Second, Hold: 20 * time.Second, Once: true}
	began := time.Now()
	if got := New(ours, v, Self{PeerID: [20]byte{1}}, manner, host).Open(); got != outcome.OK {
		t.Errorf("outcome is %q, want %q", got, outcome.OK)
	}
	if err := <-gone; err != nil {
		t.Errorf("the peer met %v", err)
	}
	if host.told != 1 || time.Since(began) >= manner.Hold {
		t.Errorf("%d readings, held to the end: %v; want 1 and false", host.told, time.Since(began) >= manner.Hold)
	}
}
