package visit

import (
	"encoding/hex"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
)

// superSeedPieces is the most pieces that a hiding seed reveals to one peer.
const superSeedPieces = 2

// Reading is what a conversation knows of a peer's pieces at a moment.
type Reading struct {
	Have, Pieces, Need int64
	Settled            bool // enough to tell on which side of the threshold it is
	Exact              bool // settled, and nothing is held back any more
	Complete           bool
	UploadOnly         bool
	SuperSeed          bool
}

// CanCross says whether the peer may still come to the threshold by itself.
func (r Reading) CanCross() bool { return r.Have < r.Need && r.CanProgress() }

// CanProgress says whether the peer may still get pieces, as far as we can see.
func (r Reading) CanProgress() bool { return !r.Complete && !r.UploadOnly && !r.SuperSeed }

// Reading gives the reading; ok is false while nothing is known.
func (c *Conversation) Reading() (r Reading, ok bool) {
	c.learnSize()
	if c.how == "" || !c.bits.Known() {
		return r, false
	}
	t := c.start.Torrent
	return Reading{Have: int64(c.bits.Count()), Pieces: t.Pieces(), Need: t.Need(), Settled: c.settled, Exact: c.exact,
		Complete: c.bits.Full(), UploadOnly: c.uploadOnly != nil && *c.uploadOnly, SuperSeed: c.superSeed}, true
}

// Due says when Progress should be called next; zero means not before
// another message comes.
func (c *Conversation) Due() time.Time {
	c.learnSize()
	switch {
	case c.how == "" || !c.bits.Known():
		return time.Time{}
	case !c.settled:
		return c.quietAt()
	case !c.exact:
		return c.quietAt()
	case c.told.have != int64(c.bits.Count()):
		return c.told.at.Add(c.start.Rules.Sample)
	}
	return time.Time{}
}

// quietAt is when nothing more is expected to have been held back. A peer that
// wants nothing and lacks no more than its client may hold back is probably a
// seed that has not told all: it is given the longest time.
func (c *Conversation) quietAt() time.Time {
	quiet, longest := c.lastPiece.Add(c.start.Rules.Quiet), c.firstPiece.Add(c.start.Rules.Longest)
	lacks := int64(c.bits.Len() - c.bits.Count())
	if quiet.After(longest) || c.uploadOnly != nil && *c.uploadOnly && lacks > 0 && lacks <= hidden(c.handshake.PeerID, int64(c.bits.Len())) {
		return longest
	}
	return quiet
}

// Progress gives the records that are due at this time. Call it after every
// round of messages and when Due has come.
func (c *Conversation) Progress(at time.Time) []*record.Progress {
	r, ok := c.Reading()
	if !ok {
		return nil
	}
	c.exact = c.exact || r.Complete || !at.Before(c.quietAt()) || c.settled && c.hides(r) == 0
	if !c.settled {
		if !c.settles(at, r) {
			return nil
		}
		c.settle(r)
		return []*record.Progress{c.tell(at, r.Have)}
	}
	return c.changed(at, r)
}

// changed tells what has changed since the latest record. Before a crossing
// it tells the last value below the threshold, so that the interval in which
// it happened is as short as the distance of two messages.
func (c *Conversation) changed(at time.Time, r Reading) (out []*record.Progress) {
	before, was := c.told.have, c.was
	c.was = heard{at: c.lastPiece, have: r.Have}
	switch {
	case before == r.Have:
		return nil
	case before < r.Need && r.Have >= r.Need:
		if was.have > before && was.have < r.Need {
			out = append(out, c.tell(was.at, was.have))
		}
		return append(out, c.tell(c.lastPiece, r.Have))
	case r.Have == r.Pieces, r.Have < before, at.Sub(c.told.at) >= c.start.Rules.Sample:
		return []*record.Progress{c.tell(c.lastPiece, r.Have)}
	}
	return nil
}

// settles says whether the reading can be trusted at this time:
// it is complete; or nothing was announced for a while; or it has taken long
// enough. While announcements keep coming, a bitfield is trusted when its client
// holds nothing back, or when what it may hold back cannot change the side of the
// threshold on which the peer is.
func (c *Conversation) settles(at time.Time, r Reading) bool {
	if c.exact {
		return true
	}
	// A seed that hides its pieces begins with nothing, too, and reveals few.
	if c.bitfields == 0 && (c.how != howNone || c.haves <= superSeedPieces) {
		return false
	}
	since, quiet := at.Sub(c.firstPiece), c.start.Rules.Quiet
	most := c.hides(r)
	if most == 0 {
		return since >= quiet/3
	}
	return since >= quiet && (r.Have >= r.Need || r.Have+max(0, most-c.haves) < r.Need)
}

// hides is the most pieces that the peer may hold back.
func (c *Conversation) hides(r Reading) int64 { return hidden(c.handshake.PeerID, r.Pieces) }

// settle marks the reading, and what looks like a seed that hides its pieces:
// it began with nothing and revealed one or two (BEP 16).
func (c *Conversation) settle(r Reading) {
	c.settled = true
	c.stage = StageSettled
	nothing := c.how == howNone || c.how == howHave
	c.superSeed = nothing && c.haves > 0 && r.Have > 0 && r.Have <= superSeedPieces && r.Pieces > 8 && !r.UploadOnly
}

// tell makes the record of a reading and remembers what was told.
func (c *Conversation) tell(at time.Time, have int64) *record.Progress {
	r, _ := c.Reading()
	if have > superSeedPieces {
		c.superSeed, r.SuperSeed = false, false
	}
	s := &c.start
	p := &record.Progress{
		InfoHash: s.Torrent.Hex(), IP: s.Addr.Addr(), Port: s.Addr.Port(), Session: s.Session, Direction: s.Direction,
		ListenPort: c.ext.ListenPort, PeerID: c.peerIDText(), Client: c.client,
		Have: have, Pieces: r.Pieces, Need: r.Need, PieceBytes: s.Torrent.PieceBytes(), How: c.how,
		Settled: r.Settled, Complete: have == r.Pieces, UploadOnly: c.uploadOnly, SuperSeed: r.SuperSeed,
	}
	if have == r.Have { // not of a reading that is told afterwards
		p.BitfieldB64 = c.bitfieldText()
	}
	p.TS = at
	c.told = heard{at: at, have: have}
	return p
}

// End closes the conversation: what is still to be told of its reading, and
// the visit.
func (c *Conversation) End(at time.Time, how outcome.Outcome) ([]*record.Progress, *record.Visit) {
	last := c.Progress(at)
	if c.settled && c.told.have != int64(c.bits.Count()) {
		last = append(last, c.tell(c.lastPiece, int64(c.bits.Count())))
	}
	s := &c.start
	v := &record.Visit{
		InfoHash: s.Torrent.Hex(), IP: s.Addr.Addr(), Port: s.Addr.Port(), Session: s.Session, Direction: s.Direction, N: s.N,
		Transport: s.Transport, Crypto: s.Crypto, LocalIP: s.LocalIP, Rank: s.Rank, Relay: s.Relay, Outcome: string(how), Stage: c.stage,
		TookMS: ms(at.Sub(s.At)), RttMS: ms(c.rtt), GapMS: ms(c.gap), Pieces: s.Torrent.Pieces(),
		PeerID: c.peerIDText(), Client: c.client, ClientHex: c.clientRaw, ListenPort: c.ext.ListenPort, UploadOnly: c.uploadOnly,
		DHTPort: c.dhtPort, ExternalIP: c.ext.ExternalIP, Oddities: c.oddities, Messages: c.visitMessages(),
		RxBytes: c.rx, TxBytes: c.tx,
	}
	v.TS = at
	if r, ok := c.Reading(); ok {
		v.Have = record.Int(r.Have)
	}
	if v.PeerID != "" {
		v.Reserved = hex.EncodeToString(c.handshake.Reserved[:])
	}
	return last, v
}

func ms(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
