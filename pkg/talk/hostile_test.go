package talk

import (
	"bytes"
	"fmt"
	"io"
	"net"
	"net/netip"
	"runtime"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

// endless repeats bytes until the other side closes.
type endless struct{ b []byte }

func (e endless) WriteTo(w net.Conn) {
	block := bytes.Repeat(e.b, max(1, 64<<10/len(e.b)))
	for {
		if _, err := w.Write(block); err != nil {
			return
		}
	}
}

// census counts what a host is made to hear.
type census struct {
	deaf
	told, exchanged, trackers int
}

func (c *census) Told(*Conversation, *record.Progress) { c.told++ }
func (c *census) Exchanged(_ *Conversation, peers []peerwire.PexPeer) {
	c.exchanged += len(peers)
}
func (c *census) Trackers(_ *Conversation, urls []string) { c.trackers += len(urls) }

// A peer that floods us, whatever with, ends by our budget, has kept us from no
// memory worth speaking of, and has made the host hear little.
func TestFloods(t *testing.T) {
	many := make([]peerwire.PexPeer, 250)
	for i := range many {
		many[i].Addr = netip.AddrPortFrom(netip.AddrFrom4([4]byte{198, 18, byte(i >> 8), byte(i)}), 6881)
	}
	short := bitfield(100, 7)
	tests := []struct {
		name  string
		bytes []byte
		want  outcome.Outcome
	}{
		{"keep-alives", peerwire.AppendKeepAlive(nil), outcome.TooLarge},
		{"haves", peerwire.AppendHave(nil, 7), outcome.TooLarge},
		{"unknown messages", append([]byte{0, 0, 1, 0, 99}, make([]byte, 255)...), outcome.TooLarge},
		{"bitfields", append(short, bitfield(100, 99)...), outcome.TooLarge},
		{"have all and lt_donthave", append(peerwire.AppendHaveAll(short), peerwire.AppendDontHave(nil, visit.ExtDontHave, 99)...), outcome.OK},
		{"unchoke", peerwire.AppendUnchoke(nil), outcome.TooLarge},
		{"requests", peerwire.AppendRequest(nil, 1, 0, 16384), outcome.TooLarge},
		{"extension handshakes", peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{V: "x", P: 7, M: map[string]uint8{"ut_pex": 1}}), outcome.TooLarge},
		{"upload_only", append(peerwire.AppendUploadOnly(short, visit.ExtUploadOnly, true), peerwire.AppendUploadOnly(nil, visit.ExtUploadOnly, false)...), outcome.TooLarge},
		{"peer exchange", peerwire.AppendPex(nil, visit.ExtPex, many, nil), outcome.TooLarge},
		{"tracker exchange", peerwire.AppendExtended(nil, visit.ExtTex, []byte("d5:addedl19:http://192.0.2.1/anee")), outcome.TooLarge},
		{"a huge length", []byte{0xff, 0xff, 0xff, 0xff, 5}, outcome.TooLarge},
		{"a length over the bitfield's", []byte{0, 0x10, 0, 0, 5}, outcome.TooLarge},
		{"a bitfield of another torrent", bitfield(1000, 5), outcome.BadBitfield},
		{"lengths that don't fit their messages", []byte{0, 0, 0, 9, 4}, outcome.Malformed},
		{"what is no message at all", []byte{1, 0}, outcome.TooLarge},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			host := &census{}
			how, kept, rx := flood(t, host, tt.bytes)
			if how != tt.want {
				t.Errorf("got %q, want %q", how, tt.want)
			}
			if kept > 1<<20 || rx > budget+bigRead+2000 {
				t.Errorf("got %d bytes kept of %d received, want at most 1 MiB of %d", kept, rx, budget)
			}
			if host.told > 100 || host.exchanged > gossipBurst*200 || host.trackers > gossipBurst*maxTrackers {
				t.Errorf("got %+v heard by the host, want little", host)
			}
		})
	}
}

// flood lets a peer repeat bytes for ever; it says how that ended, what was
// kept of it, and how much we took.
func flood(t *testing.T, host Host, repeated []byte) (how outcome.Outcome, kept, rx int64) {
	t.Helper()
	ours, theirs := net.Pipe()
	v := visit.New(visit.Start{Torrent: hundred(t), Addr: addr("127.0.0.1:7"), At: time.Now(), Rules: visit.DefaultRules()})
	c := New(ours, v, us, Manner{Handshake: patience}, host)
	before := inUse()
	over := make(chan struct{}, 2) // one for each direction
	go func() {
		_, _ = io.Copy(io.Discard, theirs) // ends with our close
		over <- struct{}{}
	}()
	go func() {
		_, _ = theirs.Write(theirHandshake().Append(nil)) // a failure shows in the outcome
		endless{repeated}.WriteTo(theirs)
		over <- struct{}{}
	}()
	how = c.Open()
	kept = inUse() - before
	<-over
	<-over
	_, end := v.End(time.Now(), how)
	if line := record.Append(nil, end); len(line) > 4096 {
		t.Errorf("got a visit of %d bytes, want one of at most 4096", len(line))
	}
	runtime.KeepAlive(c)
	return how, kept, end.RxBytes
}

func hundred(t *testing.T) *visit.Torrent {
	t.Helper()
	torrent, err := visit.NewTorrent(&record.Torrent{InfoHash: infohash, Pieces: 100})
	if err != nil {
		t.Fatal(err)
	}
	return torrent
}

func inUse() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

// A peer that sends one byte at a time is read like any other.
func TestDribbling(t *testing.T) {
	ours, theirs := net.Pipe() // each write is a read of its own
	host := &census{}
	v := visit.New(visit.Start{Torrent: hundred(t), Addr: addr("127.0.0.1:7"), At: time.Now(), Rules: visit.DefaultRules()})
	c := New(ours, v, us, Manner{Handshake: patience}, host)
	drained := make(chan struct{})
	go func() {
		defer close(drained)
		_, _ = io.Copy(io.Discard, theirs) // ends with our close
	}()
	go func() {
		said := append(theirHandshake().Append(nil), bitfield(100, 30)...)
		said = append(said, peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{V: "slow 1.0", P: 51413})...)
		for _, b := range append(said, peerwire.AppendHave(nil, 99)...) {
			if _, err := theirs.Write([]byte{b}); err != nil {
				break
			}
		}
		c.Leave()
	}()
	how := c.Open()
	<-drained
	_, end := v.End(time.Now().Add(time.Minute), how)
	got := fmt.Sprint(end.Outcome, " ", end.Client, " ", end.ListenPort, " ", *end.Have)
	if want := "ok slow 1.0 51413 31"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

// A peer that plays back what others have said is found out by its handshake:
// our own comes back with our own peer id, one of another torrent with another
// info-hash. What was said in another conversation about this torrent cannot be
// told from the truth, and is one reading of that peer like any other.
func TestReplays(t *testing.T) {
	other := theirHandshake()
	other.InfoHash[7]++
	tests := []struct {
		name   string
		replay func(ours []byte) []byte
		want   outcome.Outcome
		have   int64 // -1 for no reading
	}{
		{"our own handshake", func(ours []byte) []byte { return ours }, outcome.Self, -1},
		{"a conversation about another torrent", func([]byte) []byte { return append(other.Append(nil), bitfield(100, 50)...) }, outcome.WrongInfoHash, -1},
		{"a conversation about this torrent", func([]byte) []byte { return append(theirHandshake().Append(nil), bitfield(100, 50)...) }, outcome.Closed, 50},
		{"a handshake twice", func([]byte) []byte { return theirHandshake().Append(theirHandshake().Append(nil)) }, outcome.TooLarge, -1},
		{"the beginning of a handshake", func(ours []byte) []byte { return ours[:48] }, outcome.Closed, -1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := open(t, scene{})
			b := make([]byte, peerwire.HandshakeLen)
			if _, err := io.ReadFull(m.theirs, b); err != nil {
				t.Fatal(err)
			}
			m.send(tt.replay(b))
			if err := m.theirs.(*net.TCPConn).CloseWrite(); err != nil {
				t.Fatal(err)
			}
			v := m.wantEnd(tt.want)
			if (v.Have != nil) != (tt.have >= 0) || v.Have != nil && *v.Have != tt.have {
				t.Errorf("got %v pieces, want %d", v.Have, tt.have)
			}
		})
	}
}

// A peer that keeps the line open with keep-alives and says nothing of its
// pieces is asked about once: the host decides whether its place is worth it, and
// can end it at any time.
func TestKeepAlivesDoNotHoldASlot(t *testing.T) {
	for _, hold := range []bool{false, true} {
		m := open(t, scene{manner: Manner{Silence: 50 * time.Millisecond}, host: func(w *witness) { w.hold = hold }})
		m.hello(theirHandshake())
		quit, done := make(chan struct{}), make(chan struct{})
		go func() {
			defer close(done)
			for {
				if _, err := m.theirs.Write(peerwire.AppendKeepAlive(nil)); err != nil {
					return
				}
				select {
				case <-quit:
					return
				case <-time.After(time.Millisecond):
				}
			}
		}()
		wait(t, "the question", m.silent)
		want := outcome.Timeout
		if hold {
			m.c.Leave()
			want = outcome.OK
		}
		m.wantEnd(want)
		close(quit)
		<-done
	}
}
