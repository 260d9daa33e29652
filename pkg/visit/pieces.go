package visit

import (
	"fmt"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
)

// What a reading rests on.
const (
	howBitfield = "bitfield"
	howHave     = "have"
	howAll      = "have-all"
	howNone     = "have-none"
)

// haveSlack is how many announcements beyond two per piece a peer may send.
const haveSlack = 1024

// learnSize applies the number of pieces when it has become known meanwhile.
func (c *Conversation) learnSize() {
	if c.bits.Known() || c.start.Torrent.Pieces() == 0 {
		return
	}
	spare, err := c.bits.Resolve(int(c.start.Torrent.Pieces()))
	if spare {
		c.Odd("spare-bits")
	}
	if err != nil {
		c.Odd(string(outcome.Of(err)))
		c.bits = *peerwire.NewBitfield(int(c.start.Torrent.Pieces()))
		c.how = ""
	}
}

func (c *Conversation) have(at time.Time, index uint32) error {
	c.haves++
	if c.haves > 2*int64(c.bits.Len())+haveSlack && c.bits.Known() {
		return outcome.Fail(outcome.TooLarge, fmt.Errorf("%d have messages", c.haves))
	}
	if _, err := c.bits.Set(index); err != nil {
		return err
	}
	if c.bitfields == 0 && c.how == "" {
		c.announced(at, howHave)
		return nil
	}
	c.announced(at, c.how)
	return nil
}

// bitfield takes in a bitfield. A second one replaces all that was said before;
// aria2 sends one in the middle of a conversation rather than many haves.
func (c *Conversation) bitfield(at time.Time, payload []byte) error {
	bits := c.bits
	switch {
	case c.bitfields > 0, c.how == howAll:
		c.Odd("second-bitfield")
		bits.Reset()
	case c.how == howHave:
		c.Odd("have-before-bitfield")
	}
	had := bits.Count()
	spare, err := bits.Load(payload)
	if err != nil {
		return err
	}
	if spare {
		c.Odd("spare-bits")
	}
	c.bits = bits
	c.bitfields++
	if c.bitfields == 1 {
		c.mask.begin(bits.Count() == had, c.settled)
	}
	c.pace.restart()
	c.announced(at, howBitfield)
	return nil
}

// announced notes that the peer said something about its pieces.
func (c *Conversation) announced(at time.Time, how string) {
	if how != c.how && (how == howAll || how == howNone) && c.how != "" {
		c.Odd("second-bitfield")
	}
	c.how = how
	if c.firstPiece.IsZero() {
		c.firstPiece = at
		c.mask.begin(how == howNone || how == howHave || how == howBitfield && c.bits.Count() == 0, c.settled)
	}
	c.lastPiece = at
	if c.bits.Known() { // else counting takes long
		c.mask.hear(at, c)
		c.pace.hear(at, int64(c.bits.Count()))
	}
	c.matter(at)
}

func (c *Conversation) matter(at time.Time) {
	c.gap = max(c.gap, at.Sub(c.lastMattered))
	c.lastMattered = at
}
