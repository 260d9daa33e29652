package visit

import (
	"encoding/hex"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/record"
)

// tell makes the record of a reading and remembers what was told.
func (c *Conversation) tell(at time.Time, have int64) *record.Progress {
	if have > superSeedPieces {
		c.mask.seed = false
	}
	r, _ := c.Reading()
	s := &c.start
	p := &record.Progress{
		InfoHash: s.Torrent.Hex(), IP: s.Addr.Addr(), Port: s.Addr.Port(), Session: s.Session, Direction: s.Direction,
		ListenPort: c.ext.ListenPort, PeerID: c.peerIDText(), Client: c.client,
		Have: have, Pieces: r.Pieces, Need: r.Need, PieceBytes: s.Torrent.PieceBytes(), How: c.how,
		Settled: r.Settled, Complete: have == r.Pieces, UploadOnly: c.wants.uploadOnly,
		SuperSeed: r.SuperSeed || c.mask.on(&r, have),
	}
	if have == r.Have { // not of a reading that is told afterwards
		p.PartialSeed = r.PartialSeed
		p.BitfieldB64 = c.bitfieldText()
	}
	p.TS = at
	c.told = heard{at: at, have: have, stand: c.stand(&r)}
	return p
}

// End closes the conversation: what is still to be told of its reading, and
// the visit.
func (c *Conversation) End(at time.Time, how outcome.Outcome) ([]*record.Progress, *record.Visit) {
	last := c.Progress(at)
	if r, ok := c.Reading(); ok && c.settled && (c.told.have != r.Have || c.told.stand != c.stand(&r)) {
		last = append(last, c.tell(later(c.lastPiece, c.told.at), r.Have))
	}
	s := &c.start
	v := &record.Visit{
		InfoHash: s.Torrent.Hex(), IP: s.Addr.Addr(), Port: s.Addr.Port(), Session: s.Session, Direction: s.Direction, N: s.N,
		Transport: s.Transport, Crypto: s.Crypto, LocalIP: s.LocalIP, Rank: s.Rank, Relay: s.Relay, Outcome: string(how), Stage: c.stage,
		TookMS: ms(at.Sub(s.At)), RttMS: ms(c.rtt), GapMS: ms(c.gap), Pieces: s.Torrent.Pieces(),
		PeerID: c.peerIDText(), Client: c.client, ClientHex: c.clientRaw, ListenPort: c.ext.ListenPort, UploadOnly: c.wants.uploadOnly,
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
