package peerwire

import (
	"fmt"

	"btkit/pkg/outcome"
)

// MetadataBlock is the length of every metadata block but the last, in bytes
// (BEP 9).
const MetadataBlock = 16384

// MetadataKind is the msg_type of a metadata message; others than these three
// are to be ignored.
type MetadataKind int64

// The kinds of BEP 9.
const (
	MetadataRequest MetadataKind = 0
	MetadataData    MetadataKind = 1
	MetadataReject  MetadataKind = 2
)

// Metadata is a message of ut_metadata (BEP 9).
type Metadata struct {
	Kind  MetadataKind
	Piece int    // number of the block, from 0
	Total int64  // total_size of data as sent; some clients put the block's length there
	Block []byte // what follows the dictionary of data; points into the payload
}

// ParseMetadata reads the payload of a ut_metadata message: a dictionary and,
// for data, the block right behind it. No dictionary, no number or a negative
// one is outcome.Malformed; such a message is to be ignored and counted.
func ParseMetadata(payload []byte) (m Metadata, err error) {
	v, rest, _, err := parseDict(payload)
	if err != nil {
		return m, fmt.Errorf("metadata message: %w", err)
	}
	kind, ok := number(v.Get("msg_type"), 0, 1<<62)
	piece, ok2 := number(v.Get("piece"), 0, 1<<31-1)
	if !ok || !ok2 {
		return m, outcome.Fail(outcome.Malformed, fmt.Errorf("metadata message: no usable msg_type or piece"))
	}
	m = Metadata{Kind: MetadataKind(kind), Piece: int(piece)}
	if m.Kind == MetadataData {
		m.Total, _ = v.Get("total_size").Int()
		m.Block = rest
	}
	return m, nil
}

// MetadataBlocks is the number of blocks of an info dictionary of so many
// bytes.
func MetadataBlocks(size int64) int {
	return int((max(size, 0) + MetadataBlock - 1) / MetadataBlock)
}

// Fits says whether the message is a block of an info dictionary of so many
// bytes: one of its blocks at its full length, or all of it in a single
// oversized block. The total_size it names does not matter.
func (m Metadata) Fits(size int64) bool {
	if m.Kind != MetadataData || m.Piece >= MetadataBlocks(size) {
		return false
	}
	n := int64(len(m.Block))
	left := size - int64(m.Piece)*MetadataBlock
	return n == min(left, MetadataBlock) || m.Piece == 0 && n == size
}

// AppendMetadataRequest adds the frame that asks for a block; id is the
// receiver's number for ut_metadata.
func AppendMetadataRequest(dst []byte, id uint8, piece int) []byte {
	return appendMetadata(dst, id, MetadataRequest, piece, nil)
}

// AppendMetadataReject adds the frame that refuses a block.
func AppendMetadataReject(dst []byte, id uint8, piece int) []byte {
	return appendMetadata(dst, id, MetadataReject, piece, nil)
}

// AppendMetadataData adds the frame with a block of an info dictionary of total
// bytes.
func AppendMetadataData(dst []byte, id uint8, piece int, total int64, block []byte) []byte {
	tail := append(appendNumberPair(nil, "total_size", total), 'e')
	return appendMetadata(dst, id, MetadataData, piece, append(tail, block...))
}

func appendMetadata(dst []byte, id uint8, kind MetadataKind, piece int, tail []byte) []byte {
	b := appendNumberPair([]byte{'d'}, "msg_type", int64(kind))
	b = appendNumberPair(b, "piece", int64(piece))
	if tail == nil {
		tail = []byte{'e'}
	}
	return AppendExtended(dst, id, append(b, tail...))
}
