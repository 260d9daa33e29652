package visit

import (
	"encoding/base64"
	"encoding/hex"
	"errors"
	"net/netip"
	"time"

	"btkit/pkg/client"
	"btkit/pkg/outcome"
	"btkit/pkg/peerid"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
)

// Who opened the connection.
const (
	Out = "out"
	In  = "in"
)

// Stages that a conversation reaches.
const (
	StageDial      = "dial"
	StageHandshake = "handshake"
	StageOpen      = "open"
	StageSettled   = "settled"
)

// unknownKind counts the messages of kinds that we don't know.
const unknownKind = 24

// keepAliveKind counts keep-alives.
const keepAliveKind = 25

// Start is what is known of a conversation when it begins.
type Start struct {
	Torrent   *Torrent
	Addr      netip.AddrPort
	Session   uint64
	Direction string // Out, In or "pcap"
	N         int64  // number of the attempt, 0 if not counted
	Transport string
	Crypto    string     // of record.Visit, empty means "plain"
	LocalIP   netip.Addr // our address, invalid if not known
	Rank      *int64     // canonical priority (BEP 40), nil if not known
	Relay     string     // who introduced us (BEP 55), "ip:port", or nobody
	At        time.Time
	Rules     Rules
}

// Conversation is fed what a peer says and knows what that means. It is not
// safe for concurrent use.
type Conversation struct {
	start Start
	stage string
	rtt   time.Duration

	handshake peerwire.Handshake
	ext       Ext
	extSeen   int
	client    string
	clientRaw string
	habits    *client.Habits

	bits         peerwire.Bitfield
	how          string
	haves        int64 // have messages
	bitfields    int
	settled      bool
	exact        bool
	mask         mask
	pace         pace
	firstPiece   time.Time // first announcement
	lastPiece    time.Time // latest announcement
	lastMattered time.Time
	latest       time.Time // when we were told something or asked last
	gap          time.Duration
	told         heard // what the latest progress record said
	was          heard // what there was at the latest call of Progress
	hurried      int   // records told before their time because something changed

	wants    wants
	dhtPort  uint16
	oddities []string
	messages [keepAliveKind + 1]uint32
	rx, tx   int64
}

// heard is a number of pieces and when it was reached.
type heard struct {
	at    time.Time
	have  int64
	stand stand
}

// New begins a conversation.
func New(s Start) *Conversation {
	if s.Crypto == "" {
		s.Crypto = plain
	}
	return &Conversation{start: s, stage: StageDial, lastMattered: s.At, habits: client.Of([20]byte{}, ""),
		bits: *peerwire.NewBitfield(int(s.Torrent.Pieces()))}
}

// Connected notes that the byte stream is open.
func (c *Conversation) Connected(at time.Time) {
	c.stage = StageHandshake
	c.rtt = at.Sub(c.start.At)
	c.lastMattered = at
}

// Greeted notes the peer's handshake.
func (c *Conversation) Greeted(at time.Time, h peerwire.Handshake) {
	c.handshake = h
	c.stage = StageOpen
	c.matter(at)
	if c.client == "" {
		c.client, c.clientRaw = record.Clean(peerName(h.PeerID))
	}
	c.habits = client.Of(h.PeerID, "")
}

// Handshake is the peer's, zero before it was heard.
func (c *Conversation) Handshake() peerwire.Handshake { return c.handshake }

// Client is the name that the peer gives itself, or that its peer id stands
// for.
func (c *Conversation) Client() string { return c.client }

// Stage is how far it got.
func (c *Conversation) Stage() string { return c.stage }

// Session is the number of the conversation.
func (c *Conversation) Session() uint64 { return c.start.Session }

// Addr is the peer's side of the connection.
func (c *Conversation) Addr() netip.AddrPort { return c.start.Addr }

// Torrent is what the conversation is about.
func (c *Conversation) Torrent() *Torrent { return c.start.Torrent }

// Moved counts bytes received and sent.
func (c *Conversation) Moved(rx, tx int) {
	c.rx += int64(rx)
	c.tx += int64(tx)
}

// Odd notes an oddity that does not end the conversation.
func (c *Conversation) Odd(what string) {
	for _, o := range c.oddities {
		if o == what {
			return
		}
	}
	if len(c.oddities) < 16 {
		c.oddities = append(c.oddities, what)
	}
}

// Hear takes in a message. An error carries the outcome with which the
// conversation has to end (peer wire notes, sections 3.1 and 15).
func (c *Conversation) Hear(at time.Time, m peerwire.Message) error {
	c.latest = at
	c.count(m.ID)
	c.learnSize()
	if m.ID.Fast() && !c.handshake.Fast() {
		c.Odd("fast-without-negotiation")
	}
	switch m.ID {
	case peerwire.Have:
		return c.have(at, m.Index)
	case peerwire.BitfieldID:
		return c.bitfield(at, m.Payload)
	case peerwire.HaveAll:
		c.pace.restart()
		c.bits.SetAll()
		c.announced(at, howAll)
	case peerwire.HaveNone:
		c.announced(at, howNone)
	case peerwire.Piece:
		return outcome.Fail(outcome.BadPayload, errors.New("piece that nobody asked for"))
	case peerwire.Port:
		c.dhtPort = m.Port
	case peerwire.Extended:
		return c.extended(at, m)
	}
	return nil
}

func (c *Conversation) count(id peerwire.ID) {
	switch {
	case id == peerwire.KeepAlive:
		c.messages[keepAliveKind]++
	case id.Known():
		c.messages[id]++
	default:
		c.messages[unknownKind]++
	}
}

func peerName(id [20]byte) string {
	client, version, _ := peerid.Name(id)
	if version == "" {
		return client
	}
	return client + " " + version
}

// visitMessages counts by name, for the record.
func (c *Conversation) visitMessages() map[string]int64 {
	counts := map[string]int64{}
	for i, n := range c.messages {
		switch {
		case n == 0:
		case i == keepAliveKind:
			counts[peerwire.KeepAlive.String()] = int64(n)
		case i == unknownKind:
			counts["unknown"] = int64(n)
		default:
			counts[peerwire.ID(i).String()] = int64(n)
		}
	}
	return counts
}

func (c *Conversation) bitfieldText() string {
	if !c.start.Rules.Bitfield {
		return ""
	}
	return base64.StdEncoding.EncodeToString(c.bits.Bytes())
}

func (c *Conversation) peerIDText() string {
	if c.stage == StageDial || c.stage == StageHandshake {
		return ""
	}
	return hex.EncodeToString(c.handshake.PeerID[:])
}
