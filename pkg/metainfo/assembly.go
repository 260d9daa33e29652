package metainfo

import (
	"errors"
	"fmt"

	"btkit/pkg/outcome"
)

// BlockBytes is the length of a block of an info dictionary as peers send it
// (BEP 9); the last one may be shorter.
const BlockBytes = 16 << 10

const (
	maxAsked = 3  // blocks asked for and not received
	maxStray = 16 // messages that nobody asked for, before we have enough
)

// Assembly puts an info dictionary together from the blocks of one peer, and
// of one only: when its hash turns out wrong, the liar is known. Memory
// follows the blocks that arrived, never the size that the peer announced.
type Assembly struct {
	size    int64
	blocks  [][]byte // nil until received
	asked   []bool
	next    int // first block not asked for
	flying  int // asked for and not received
	missing int
	stray   int
}

// NewAssembly takes the metadata_size of an extension handshake. A size that
// is no honest one gives an error with its outcome.
func NewAssembly(size int64) (*Assembly, error) {
	if size <= 0 {
		return nil, outcome.Fail(outcome.NotFound, errors.New("peer has no info dictionary"))
	}
	if size > MaxInfoBytes {
		return nil, outcome.Fail(outcome.TooLarge, fmt.Errorf("info dictionary of %d bytes, more than %d", size, MaxInfoBytes))
	}
	n := int(ceilDiv(size, BlockBytes))
	return &Assembly{size: size, blocks: make([][]byte, n), asked: make([]bool, n), missing: n}, nil
}

// Next gives the number of the next block to ask for, if one is to be asked
// for now.
func (a *Assembly) Next() (block int, ok bool) {
	if a.flying >= maxAsked || a.next >= len(a.blocks) {
		return 0, false
	}
	a.asked[a.next] = true
	a.flying++
	a.next++
	return a.next - 1, true
}

// Put takes a block and says whether it was one that was asked for. Others are
// let pass a few times. The data is copied. An error means that this peer is
// not worth going on with.
func (a *Assembly) Put(block int, data []byte) (wanted bool, err error) {
	if block < 0 || block >= len(a.blocks) || !a.asked[block] || a.blocks[block] != nil {
		return false, a.Stray()
	}
	if block == 0 && int64(len(data)) == a.size && len(a.blocks) > 1 {
		a.whole(data)
		return true, nil
	}
	if want := min(BlockBytes, a.size-int64(block)*BlockBytes); int64(len(data)) != want {
		return false, outcome.Fail(outcome.Malformed, fmt.Errorf("block %d of %d bytes, expected %d", block, len(data), want))
	}
	a.blocks[block] = append([]byte(nil), data...)
	a.flying--
	a.missing--
	return true, nil
}

// Stray counts a message that nobody asked for or that cannot be read. An
// error means that there have been too many.
func (a *Assembly) Stray() error {
	if a.stray++; a.stray > maxStray {
		return outcome.Fail(outcome.Malformed, fmt.Errorf("peer sent %d messages that nobody asked for", a.stray))
	}
	return nil
}

// whole takes the one oversized block in which some clients send all.
func (a *Assembly) whole(data []byte) {
	clear(a.blocks)
	a.blocks[0] = append([]byte(nil), data...)
	a.next, a.flying, a.missing = len(a.blocks), 0, 0
}

// Done says whether every block is there.
func (a *Assembly) Done() bool { return a.missing == 0 }

// Bytes is the info dictionary, unverified. It is nil before Done.
func (a *Assembly) Bytes() []byte {
	if !a.Done() {
		return nil
	}
	info := make([]byte, 0, a.size)
	for _, block := range a.blocks {
		info = append(info, block...)
	}
	return info
}
