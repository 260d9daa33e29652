package talk

import (
	"time"

	"btkit/pkg/peerwire"
	"btkit/pkg/record"
)

// Manner is how a conversation is led. Times of zero mean no bound.
type Manner struct {
	Handshake time.Duration // for the peer's 68 bytes
	Silence   time.Duration // for the first word about its pieces
	KeepAlive time.Duration // between our keep-alives
	Hold      time.Duration // for the whole conversation
	Once      bool          // leave as soon as the reading has settled
}

// DefaultManner follows the notes on real clients: below libtorrent's limit of
// 120 s of silence, above what others take for flooding.
func DefaultManner() Manner {
	return Manner{Handshake: 10 * time.Second, Silence: 30 * time.Second, KeepAlive: 95 * time.Second}
}

// Host hears what comes of a conversation, from the conversation's goroutine.
type Host interface {
	// Told is given every progress record, in order.
	Told(c *Conversation, p *record.Progress)
	// Exchanged is given the addresses that the peer passes on (BEP 11). The
	// slice is valid during the call only.
	Exchanged(c *Conversation, peers []peerwire.PexPeer)
	// Trackers is given the announce URLs that the peer passes on (BEP 28),
	// unchecked.
	Trackers(c *Conversation, urls []string)
	// Introduced is given what a relay says to our Introduce: both sides shall
	// connect now, or why not (BEP 55). It may come unasked.
	Introduced(c *Conversation, answer peerwire.Holepunch)
	// Silent says that the peer has said nothing about its pieces for so long;
	// the answer is whether to hold on.
	Silent(c *Conversation) bool
	// Metadata is given an info dictionary that the peer sent, not verified yet
	// (BEP 9); it says whether it is the right one. After every WantMetadata that
	// said yes it is called once, with nil if nothing came of it.
	Metadata(c *Conversation, info []byte) bool
	// WantMetadata says whether this conversation should fetch it.
	WantMetadata(c *Conversation) bool
}
