package talk

import (
	"encoding/hex"
	"errors"
	"io"
	"net"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

// patience is when a test gives up waiting; nothing is measured by it.
const patience = 20 * time.Second

const infohash = "0123456789abcdef0123456789abcdef01234567"

var us = Self{PeerID: [20]byte([]byte("-XX0100-ourownpeerid")), Port: 6881}

// witness is a host that hands on what it hears. Its channels have room for all
// that a test makes it hear.
type witness struct {
	told      chan *record.Progress
	exchanged chan []peerwire.PexPeer
	silent    chan bool // one for each question, answered with hold
	metadata  chan []byte
	hold      bool
	want      atomic.Bool
	right     bool // whether metadata is the right one
	trackers  chan []string
	answers   chan peerwire.Holepunch
}

func newWitness() *witness {
	return &witness{told: make(chan *record.Progress, 1000), exchanged: make(chan []peerwire.PexPeer, 1000),
		silent: make(chan bool, 1000), metadata: make(chan []byte, 1000),
		trackers: make(chan []string, 1000), answers: make(chan peerwire.Holepunch, 1000)}
}

func (w *witness) Told(_ *Conversation, p *record.Progress) { w.told <- p }

func (w *witness) Exchanged(_ *Conversation, peers []peerwire.PexPeer) {
	w.exchanged <- append([]peerwire.PexPeer(nil), peers...)
}

func (w *witness) Trackers(_ *Conversation, urls []string) { w.trackers <- urls }

func (w *witness) Introduced(_ *Conversation, answer peerwire.Holepunch) { w.answers <- answer }

func (w *witness) Silent(*Conversation) bool {
	w.silent <- w.hold
	return w.hold
}

func (w *witness) WantMetadata(*Conversation) bool { return w.want.Load() }

func (w *witness) Metadata(c *Conversation, info []byte) bool {
	w.metadata <- info
	if w.right {
		c.Visit.Torrent().Learn(100, 0, 1)
	}
	return w.right
}

// meeting is a conversation with a peer whose side the test plays.
type meeting struct {
	*witness
	t       *testing.T
	c       *Conversation
	theirs  net.Conn
	decoder peerwire.Decoder
	heard   []peerwire.Message // frames of ours not asked for yet
	rx, tx  int64              // bytes as the peer counts them
	how     chan outcome.Outcome
}

// scene is how a meeting is set up; the zero value stands for 100 pieces and
// short times.
type scene struct {
	pieces int64 // -1 for not known
	v2     string
	self   Self
	manner Manner
	host   func(*witness)
	rules  visit.Rules
}

func (s *scene) defaults() {
	switch s.pieces {
	case 0:
		s.pieces = 100
	case -1:
		s.pieces = 0
	}
	if s.self == (Self{}) {
		s.self = us
	}
	if s.manner.Handshake == 0 {
		s.manner.Handshake = patience
	}
	if s.rules == (visit.Rules{}) {
		s.rules = visit.Rules{Quiet: 20 * time.Millisecond, Longest: time.Second, Sample: time.Hour}
	}
}

// set prepares a meeting over a loopback connection.
func set(t *testing.T, s scene) *meeting {
	t.Helper()
	s.defaults()
	torrent, err := visit.NewTorrent(&record.Torrent{InfoHash: infohash, InfoHashV2: s.v2, Pieces: s.pieces})
	if err != nil {
		t.Fatal(err)
	}
	ours, theirs := pair(t)
	m := &meeting{witness: newWitness(), t: t, theirs: theirs, how: make(chan outcome.Outcome, 1)}
	if s.host != nil {
		s.host(m.witness)
	}
	v := visit.New(visit.Start{Torrent: torrent, Addr: netip.MustParseAddrPort("127.0.0.1:7"), Direction: visit.Out, At: time.Now(), Rules: s.rules})
	v.Connected(time.Now())
	m.c = New(ours, v, s.self, s.manner, m.witness)
	return m
}

// open begins a conversation of ours.
func open(t *testing.T, s scene) *meeting {
	t.Helper()
	m := set(t, s)
	m.begin(m.c.Open)
	return m
}

func (m *meeting) begin(run func() outcome.Outcome) {
	done := make(chan struct{})
	go func() {
		defer close(done)
		m.how <- run()
	}()
	m.t.Cleanup(func() {
		m.theirs.Close()
		<-done
	})
}

// pair is a connection over loopback, seen from both sides.
func pair(t *testing.T) (ours, theirs net.Conn) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if ours, err = net.Dial("tcp", l.Addr().String()); err != nil {
		t.Fatal(err)
	}
	if theirs, err = l.Accept(); err != nil {
		t.Fatal(err)
	}
	if err := theirs.SetDeadline(time.Now().Add(patience)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { ours.Close(); theirs.Close() })
	return ours, theirs
}

// theirHandshake is that of a peer with the fast and the extension protocol.
func theirHandshake() peerwire.Handshake {
	h := peerwire.Handshake{Reserved: peerwire.Reserved(peerwire.BitFast | peerwire.BitExt), PeerID: [20]byte([]byte("-TR4050-abcdefghijkl"))}
	b, _ := hex.DecodeString(infohash)
	copy(h.InfoHash[:], b)
	return h
}

// send is what the peer says.
func (m *meeting) send(parts ...[]byte) {
	m.t.Helper()
	for _, b := range parts {
		n, err := m.theirs.Write(b)
		m.tx += int64(n)
		if err != nil {
			m.t.Fatalf("the peer cannot send: %v", err)
		}
	}
}

// hello reads our handshake and answers with the peer's.
func (m *meeting) hello(h peerwire.Handshake) peerwire.Handshake {
	m.t.Helper()
	got := m.readHandshake()
	m.send(h.Append(nil))
	return got
}

func (m *meeting) readHandshake() peerwire.Handshake {
	m.t.Helper()
	b := make([]byte, peerwire.HandshakeLen)
	n, err := io.ReadFull(m.theirs, b)
	m.rx += int64(n)
	if err != nil {
		m.t.Fatalf("the peer got %d bytes of our handshake: %v", n, err)
	}
	h, err := peerwire.ParseHandshake(b)
	if err != nil {
		m.t.Fatal(err)
	}
	return h
}

// next is our next message, whole.
func (m *meeting) next() peerwire.Message {
	m.t.Helper()
	for len(m.heard) == 0 {
		if err := m.read(); err != nil {
			m.t.Fatalf("the peer waits for a message: %v", err)
		}
	}
	first := m.heard[0]
	m.heard = m.heard[1:]
	return first
}

// rest is all that we send until we close.
func (m *meeting) rest() []peerwire.Message {
	m.t.Helper()
	for {
		if err := m.read(); errors.Is(err, io.EOF) {
			all := m.heard
			m.heard = nil
			return all
		} else if err != nil {
			m.t.Fatalf("the peer waits for our end: %v", err)
		}
	}
}

func (m *meeting) read() error {
	buf := make([]byte, 4096)
	n, err := m.theirs.Read(buf)
	m.rx += int64(n)
	if bad := m.decoder.Feed(buf[:n], func(msg peerwire.Message) error {
		msg.Payload = append([]byte(nil), msg.Payload...)
		m.heard = append(m.heard, msg)
		return nil
	}); bad != nil {
		m.t.Fatalf("we sent what cannot be decoded: %v", bad)
	}
	return err
}

// ended waits for the end and gives the visit.
func (m *meeting) ended() *record.Visit {
	m.t.Helper()
	how := wait(m.t, "the end", m.how)
	readings, v := m.c.Visit.End(time.Now(), how)
	for _, p := range readings {
		m.told <- p
	}
	return v
}

func (m *meeting) wantEnd(want outcome.Outcome) *record.Visit {
	m.t.Helper()
	v := m.ended()
	if v.Outcome != string(want) {
		m.t.Errorf("got outcome %q, want %q", v.Outcome, want)
	}
	return v
}

// wait takes one value from a channel.
func wait[T any](t *testing.T, what string, c <-chan T) (v T) {
	t.Helper()
	select {
	case v = <-c:
	case <-time.After(patience):
		t.Fatalf("waited in vain for %s", what)
	}
	return v
}

func bitfield(pieces, n int) []byte {
	b := peerwire.NewBitfield(pieces)
	for i := range n {
		b.Set(uint32(i))
	}
	return peerwire.AppendBitfield(nil, b.Bytes())
}
