package peerwire

import (
	"bytes"
	"fmt"
	"math/bits"

	"btkit/pkg/outcome"
)

const (
	earlyPieces = 1 << 21 // bound on piece numbers while the number of pieces is unknown
	pageBytes   = 64      // memory one have can cost at most, besides its place in a map
)

// early keeps what a peer announced while the number of pieces is unknown. Haves
// are kept in pages, so that memory follows the messages and not the highest
// number in them; all pages together have 256 KiB.
type early struct {
	all   bool
	raw   int    // length of the bitfield message, -1 when two differ, 0 without one
	top   uint32 // one more than the highest number in a have or donthave
	pages map[uint32]*[pageBytes]byte
	gone  map[uint32]bool // taken back after have all
}

func (e *early) has(i uint32) bool {
	if e.all {
		return !e.gone[i]
	}
	page := e.pages[i/(8*pageBytes)]
	return page != nil && page[i/8%pageBytes]&mask(i) != 0
}

func (e *early) count() (n int) {
	for _, page := range e.pages {
		for _, c := range page {
			n += bits.OnesCount8(c)
		}
	}
	return n
}

func (e *early) set(i uint32) (bool, error) {
	if err := checkEarly(i); err != nil {
		return false, err
	}
	added := !e.has(i)
	delete(e.gone, i)
	if added && !e.all {
		e.page(i / (8 * pageBytes))[i/8%pageBytes] |= mask(i)
	}
	e.top = max(e.top, i+1)
	return added, nil
}

func (e *early) clear(i uint32) (bool, error) {
	if err := checkEarly(i); err != nil {
		return false, err
	}
	e.top = max(e.top, i+1)
	if !e.has(i) {
		return false, nil
	}
	if e.all {
		return e.takeBack(i)
	}
	e.page(i / (8 * pageBytes))[i/8%pageBytes] &^= mask(i)
	return true, nil
}

// takeBack bounds the list of pieces that a peer with everything lost again.
func (e *early) takeBack(i uint32) (bool, error) {
	const bound = 4096
	if len(e.gone) >= bound {
		return false, outcome.Fail(outcome.TooLarge, fmt.Errorf("more than %d pieces taken back", bound))
	}
	if e.gone == nil {
		e.gone = map[uint32]bool{}
	}
	e.gone[i] = true
	return true, nil
}

func (e *early) setAll() { *e = early{all: true, raw: e.raw, top: e.top} }

func (e *early) load(raw []byte) error {
	if len(raw) > earlyPieces/8 {
		return outcome.Fail(outcome.TooLarge, fmt.Errorf("bitfield of %d bytes before the metadata", len(raw)))
	}
	if e.raw != 0 && e.raw != len(raw) || len(raw) == 0 {
		e.raw = -1
	} else {
		e.raw = len(raw)
	}
	for i := range e.gone {
		if i/8 < uint32(len(raw)) && raw[i/8]&mask(i) != 0 {
			delete(e.gone, i)
		}
	}
	if !e.all {
		e.or(raw)
	}
	return nil
}

// or adds a bitfield page by page; empty pages cost nothing.
func (e *early) or(raw []byte) {
	for n := uint32(0); len(raw) > 0; n++ {
		part := raw[:min(pageBytes, len(raw))]
		raw = raw[len(part):]
		if bytes.Count(part, []byte{0}) == len(part) {
			continue
		}
		page := e.page(n)
		for i, c := range part {
			page[i] |= c
		}
	}
}

// flat is the set as one row of bytes of the given length.
func (e *early) flat(length int) []byte {
	row := make([]byte, length)
	for n, page := range e.pages {
		copy(row[min(int(n)*pageBytes, length):], page[:])
	}
	if !e.all {
		return row
	}
	for i := range row {
		row[i] = 0xff
	}
	for i := range e.gone {
		row[i/8] &^= mask(i)
	}
	return row
}

func (e *early) page(n uint32) *[pageBytes]byte {
	if e.pages == nil {
		e.pages = map[uint32]*[pageBytes]byte{}
	}
	if e.pages[n] == nil {
		e.pages[n] = new([pageBytes]byte)
	}
	return e.pages[n]
}

func checkEarly(i uint32) error {
	if i < earlyPieces {
		return nil
	}
	return outcome.Fail(outcome.TooLarge, fmt.Errorf("piece %d before the metadata", i))
}
