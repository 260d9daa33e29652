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
	Settled            bool
	Complete           bool
	UploadOnly         bool
	SuperSeed          bool
}

// CanCross says whether the peer may still come to the threshold by itself.
func (r Reading) CanCross() bool { return r.Have < r.Need && !r.UploadOnly && !r.SuperSeed }

// Reading gives the reading; ok is false while nothing is known.
func (c *Conversation) Reading() (r Reading, ok bool) {
	c.learnSize()
	if c.how == "" || !c.bits.Known() {
		return r, false
	}
	t := c.start.Torrent
	return Reading{Have: int64(c.bits.Count()), Pieces: t.Pieces(), Need: t.Need(), Settled: c.settled,
		Complete: c.bits.Full(), UploadOnly: c.uploadOnly != nil && *c.uploadOnly, SuperSeed: c.superSeed}, true
}

// Due says when Progress should be called next; zero means not before
// another message comes.
func (c *Conversation) Due() time.Time {
	switch {
	case c.how == "" || !c.bits.Known():
		return time.Time{}
	case !c.settled:
		return earlier(c.lastPiece.Add(c.start.Rules.Quiet), c.firstPiece.Add(c.start.Rules.Longest))
	case c.told.have != int64(c.bits.Count()):
		return c.told.at.Add(c.start.Rules.Sample)
	}
	return time.Time{}
}

func earlier(times ...time.Time) time.Time {
	first := times[0]
	for _, t := range times[1:] {
		if t.Before(first) {
			first = t
		}
	}
	return first
}

// Progress gives the records that are due at this time. Call it after every
// round of messages and when Due has come.
func (c *Conversation) Progress(at time.Time) []*record.Progress {
	r, ok := c.Reading()
	if !ok {
		return nil
	}
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
// holds nothing back, or when even all that it may hold back would not bring it
// to the threshold.
func (c *Conversation) settles(at time.Time, r Reading) bool {
	rules := c.start.Rules
	if r.Complete || at.Sub(c.lastPiece) >= rules.Quiet || at.Sub(c.firstPiece) >= rules.Longest {
		return true
	}
	// A seed that hides its pieces begins with nothing, too, and reveals few.
	if c.bitfields == 0 && (c.how != howNone || c.haves <= superSeedPieces) {
		return false
	}
	most := hidden(c.handshake.PeerID, r.Pieces)
	if most == 0 {
		return at.Sub(c.firstPiece) >= rules.Quiet/3
	}
	return at.Sub(c.firstPiece) >= rules.Quiet && r.Have+max(0, most-c.haves) < r.Need
}

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
		Transport: s.Transport, Crypto: "plain", Outcome: string(how), Stage: c.stage,
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
