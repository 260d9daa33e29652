package peerwire

import (
	"fmt"
	"math/bits"

	"btkit/pkg/outcome"
)

// Bitfield is the set of pieces that a peer announced: the union of bitfield,
// have and have all, less what lt_donthave took back. Piece i is bit
// 0x80>>(i mod 8) of byte i div 8.
//
// The zero value, like NewBitfield(0), does not know the number of pieces; it
// keeps what was said until Resolve.
type Bitfield struct {
	pieces int
	count  int
	bits   []byte // ceil(pieces/8) bytes, none before the first piece is set
	early  early  // while the number of pieces is unknown
}

// NewBitfield is an empty set of a torrent with so many pieces; 0 stands for
// not known yet.
func NewBitfield(pieces int) *Bitfield { return &Bitfield{pieces: max(pieces, 0)} }

// Known says whether the number of pieces is known.
func (b *Bitfield) Known() bool { return b.pieces > 0 }

// Len is the number of pieces of the torrent, 0 while unknown.
func (b *Bitfield) Len() int { return b.pieces }

// Count is the number of pieces in the set. While the number of pieces is
// unknown it counts the bits as they were sent, spare ones too, and is 0 after
// have all.
func (b *Bitfield) Count() int {
	if !b.Known() {
		return b.early.count()
	}
	return b.count
}

// Full says whether the set has every piece; never while the number of pieces
// is unknown, unless the peer said have all.
func (b *Bitfield) Full() bool {
	if !b.Known() {
		return b.early.all
	}
	return b.count == b.pieces
}

// Has says whether piece i is in the set.
func (b *Bitfield) Has(i uint32) bool {
	if !b.Known() {
		return b.early.has(i)
	}
	return i/8 < uint32(len(b.bits)) && b.bits[i/8]&mask(i) != 0
}

// Bytes is a copy of the bits as a bitfield message carries them, spare bits
// zero; nil while the number of pieces is unknown.
func (b *Bitfield) Bytes() []byte {
	if !b.Known() {
		return nil
	}
	out := make([]byte, byteLen(b.pieces))
	copy(out, b.bits)
	return out
}

// Set adds piece i and says whether it is new. A piece beyond the last one is
// outcome.BadIndex; while the number of pieces is unknown, one from 2^21 on is
// outcome.TooLarge.
func (b *Bitfield) Set(i uint32) (added bool, err error) {
	if !b.Known() {
		return b.early.set(i)
	}
	if err := b.check(i); err != nil {
		return false, err
	}
	b.grow()
	if b.bits[i/8]&mask(i) != 0 {
		return false, nil
	}
	b.bits[i/8] |= mask(i)
	b.count++
	return true, nil
}

// Clear takes piece i out (lt_donthave, BEP 54) and says whether it was in.
// Errors are those of Set.
func (b *Bitfield) Clear(i uint32) (removed bool, err error) {
	if !b.Known() {
		return b.early.clear(i)
	}
	if err := b.check(i); err != nil || !b.Has(i) {
		return false, err
	}
	b.bits[i/8] &^= mask(i)
	b.count--
	return true, nil
}

// SetAll adds every piece: have all (BEP 6).
func (b *Bitfield) SetAll() {
	if !b.Known() {
		b.early.setAll()
		return
	}
	b.grow()
	for i := range b.bits {
		b.bits[i] = 0xff
	}
	b.bits[len(b.bits)-1] &= lastMask(b.pieces)
	b.count = b.pieces
}

// Load adds the payload of a bitfield message to the set and says whether spare
// bits were set, which are not counted. A payload of the wrong length is
// outcome.BadBitfield and changes nothing; while the number of pieces is
// unknown any payload up to 2^18 bytes is kept.
func (b *Bitfield) Load(raw []byte) (spare bool, err error) {
	if !b.Known() {
		return false, b.early.load(raw)
	}
	if len(raw) != byteLen(b.pieces) {
		return false, badBitfield(len(raw), b.pieces)
	}
	b.grow()
	spare = raw[len(raw)-1]&^lastMask(b.pieces) != 0
	for i, c := range raw {
		if i == len(raw)-1 {
			c &= lastMask(b.pieces)
		}
		b.count += bits.OnesCount8(c &^ b.bits[i])
		b.bits[i] |= c
	}
	return spare, nil
}

// Resolve applies what was kept to the number of pieces, once that is known,
// and says whether the bitfield had spare bits. A bitfield that was of another
// length is outcome.BadBitfield, a number beyond the last piece
// outcome.BadIndex; both leave the set unresolved.
func (b *Bitfield) Resolve(pieces int) (spare bool, err error) {
	switch e := &b.early; {
	case pieces <= 0 || b.Known() && pieces != b.pieces:
		return false, fmt.Errorf("resolve bitfield: %d pieces, had %d", pieces, b.pieces)
	case b.Known():
		return false, nil
	case e.raw != 0 && e.raw != byteLen(pieces):
		return false, badBitfield(e.raw, pieces)
	case uint64(e.top) > uint64(pieces):
		return false, (&Bitfield{pieces: pieces}).check(e.top - 1)
	}
	row, all := b.early.flat(byteLen(pieces)), b.early.all
	*b = Bitfield{pieces: pieces}
	spare, err = b.Load(row)
	return spare && !all, err
}

// Reset empties the set.
func (b *Bitfield) Reset() { *b = Bitfield{pieces: b.pieces} }

func (b *Bitfield) check(i uint32) error {
	if uint64(i) < uint64(b.pieces) {
		return nil
	}
	return outcome.Fail(outcome.BadIndex, fmt.Errorf("piece %d of %d", i, b.pieces))
}

func (b *Bitfield) grow() {
	if b.bits == nil {
		b.bits = make([]byte, byteLen(b.pieces))
	}
}

func badBitfield(length, pieces int) error {
	return outcome.Fail(outcome.BadBitfield, fmt.Errorf("bitfield of %d bytes for %d pieces", length, pieces))
}

func mask(i uint32) byte { return 0x80 >> (i % 8) }

func byteLen(pieces int) int { return (pieces + 7) / 8 }

// lastMask has the bits of the last byte that stand for pieces.
func lastMask(pieces int) byte { return byte(0xff << ((8 - pieces%8) % 8)) }
