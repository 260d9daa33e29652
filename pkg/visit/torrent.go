package visit

import (
	"encoding/hex"
	"fmt"
	"sync/atomic"

	"btkit/pkg/record"
)

// Torrent is what conversations know of their torrent. The number of pieces
// may become known while they run; it is safe for concurrent use.
type Torrent struct {
	InfoHash   [20]byte
	InfoHashV2 []byte // 32 bytes, or nil

	size *atomic.Pointer[size]
}

type size struct{ pieces, need, pieceBytes int64 }

// NewTorrent reads a torrent record. It fails on an info-hash that is not 40
// hex digits.
func NewTorrent(r *record.Torrent) (*Torrent, error) {
	hash, err := ParseInfoHash(r.InfoHash)
	if err != nil {
		return nil, err
	}
	t := &Torrent{InfoHash: hash, size: new(atomic.Pointer[size])}
	if v2, err := hex.DecodeString(r.InfoHashV2); err == nil && len(v2) == 32 {
		t.InfoHashV2 = v2
	}
	t.Learn(r.Pieces, r.Need, r.PieceBytes)
	return t, nil
}

// Twin is the other swarm of a hybrid torrent, which speaks the first 20 bytes
// of the v2 hash (BEP 52), or nil if there is none. What one learns of the size,
// both know.
func (t *Torrent) Twin() *Torrent {
	if t.InfoHashV2 == nil || string(t.InfoHashV2[:20]) == string(t.InfoHash[:]) {
		return nil
	}
	return &Torrent{InfoHash: [20]byte(t.InfoHashV2[:20]), InfoHashV2: t.InfoHashV2, size: t.size}
}

// Learn sets the number of pieces, the threshold and the length of a piece in
// bytes; it does nothing while pieces is not positive. Without a threshold,
// 98 % of the pieces are taken. A number of pieces that is known never changes:
// what was announced is counted by it.
func (t *Torrent) Learn(pieces, need, pieceBytes int64) {
	known := t.Pieces()
	if pieces <= 0 || pieces > MaxPieces || known > 0 && known != pieces {
		return
	}
	if need <= 0 || need > pieces {
		need = Need(pieces, 98)
	}
	t.size.Store(&size{pieces, need, pieceBytes})
}

// Pieces is the number of pieces, 0 while unknown.
func (t *Torrent) Pieces() int64 { return t.known().pieces }

// Need is the number of pieces at the threshold, 0 while unknown.
func (t *Torrent) Need() int64 { return t.known().need }

// PieceBytes is the length of a piece, 0 while unknown.
func (t *Torrent) PieceBytes() int64 { return t.known().pieceBytes }

// Hex is the info-hash as records carry it.
func (t *Torrent) Hex() string { return hex.EncodeToString(t.InfoHash[:]) }

func (t *Torrent) known() size {
	if s := t.size.Load(); s != nil {
		return *s
	}
	return size{}
}

// MaxPieces bounds the pieces of a torrent: a bitfield of 2 MiB.
const MaxPieces = 8 * (2<<20 - 1)

// Need is the smallest number of pieces that is at least so many percent of
// them.
func Need(pieces, percent int64) int64 { return (pieces*percent + 99) / 100 }

// ParseInfoHash reads 40 hex digits.
func ParseInfoHash(s string) (hash [20]byte, err error) {
	b, err := hex.DecodeString(s)
	if err != nil || len(b) != len(hash) {
		return hash, fmt.Errorf("%w: infohash is %.60q, expected 40 hex digits", record.ErrNotRecord, s)
	}
	copy(hash[:], b)
	return hash, nil
}
