package peerwire

import (
	"bytes"
	"testing"

	"btkit/pkg/outcome"
)

func TestMetadataVectors(t *testing.T) {
	v := load(t).Metadata
	for _, c := range []struct {
		name  string
		bytes []byte
		id    uint8
		want  Metadata
		again []byte
	}{
		{"request 0", v.Request0, 3, Metadata{Kind: MetadataRequest}, AppendMetadataRequest(nil, 3, 0)},
		{"request 2", v.Request2, 3, Metadata{Kind: MetadataRequest, Piece: 2}, AppendMetadataRequest(nil, 3, 2)},
		{"data", v.DataSmall, 9, Metadata{Kind: MetadataData, Total: v.SizeSmall, Block: v.Small}, AppendMetadataData(nil, 9, 0, v.SizeSmall, v.Small)},
		{"reject", v.Reject1, 9, Metadata{Kind: MetadataReject, Piece: 1}, AppendMetadataReject(nil, 9, 1)},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := extended(t, c.bytes)
			got, err := ParseMetadata(m.Payload)
			if err != nil || m.Ext != c.id || !sameMetadata(got, c.want) {
				t.Errorf("got %+v to id %d, %v, want %+v to id %d", got, m.Ext, err, c.want, c.id)
			}
			if !bytes.Equal(c.again, c.bytes) {
				t.Errorf("append: got %q, want %q", c.again, c.bytes)
			}
		})
	}
}

func sameMetadata(a, b Metadata) bool {
	return a.Kind == b.Kind && a.Piece == b.Piece && a.Total == b.Total && bytes.Equal(a.Block, b.Block)
}

func TestMetadataHostile(t *testing.T) {
	v := load(t).Metadata
	type result struct {
		outcome outcome.Outcome
		fits    bool // as a block of the small metadata
		kind    MetadataKind
	}
	want := map[string]result{
		"reply carries our message id of the remote instead of ours (id 3)": {outcome.OK, true, 1},
		"unsolicited piece 7":                   {outcome.OK, false, 1},
		"total_size differs from metadata_size": {outcome.OK, true, 1},
		"data longer than 16384":                {outcome.OK, false, 1},
		"piece index negative":                  {outcome.Malformed, false, 0},
		"unknown msg_type 7":                    {outcome.OK, false, 7},
	}
	tried := 0
	for _, h := range v.Hostile {
		if h.Bytes == nil && h.Prefix == nil {
			continue // right length, wrong hash: nothing to decode
		}
		tried++
		t.Run(h.Why, func(t *testing.T) {
			payload := append([]byte(h.Prefix), make([]byte, MetadataBlock+1)...)
			if h.Bytes != nil {
				payload = extended(t, h.Bytes).Payload
			}
			got, err := ParseMetadata(payload)
			if r := (result{outcome.Of(err), got.Fits(v.SizeSmall), got.Kind}); r != want[h.Why] {
				t.Errorf("got %+v (%v), want %+v", r, err, want[h.Why])
			}
		})
	}
	if tried != len(want) {
		t.Errorf("tried %d cases, want %d", tried, len(want))
	}
}

func TestMetadataBlocks(t *testing.T) {
	v := load(t).Metadata
	if got := MetadataBlocks(v.SizeBig); got != len(v.BigBlocks) {
		t.Errorf("blocks: got %d, want %d", got, len(v.BigBlocks))
	}
	for i, n := range v.BigBlocks {
		if m := (Metadata{Kind: MetadataData, Piece: i, Block: make([]byte, n)}); !m.Fits(v.SizeBig) {
			t.Errorf("block %d of %d bytes does not fit", i, n)
		}
	}
	for _, c := range []struct {
		name         string
		piece, block int
		size         int64
		want         bool
	}{
		{"full last block", 1, 16384, 32768, true},
		{"empty block behind a full one", 2, 0, 32768, false},
		{"last block too short", 2, 1309, 34078, false},
		{"all in one block", 0, 34078, 34078, true},
		{"all in one block, not the first", 1, 34078, 34078, false},
		{"more than all", 0, 34079, 34078, false},
		{"nothing of nothing", 0, 0, 0, false},
		{"negative size", 0, 0, -1, false},
	} {
		m := Metadata{Kind: MetadataData, Piece: c.piece, Block: make([]byte, c.block)}
		if got := m.Fits(c.size); got != c.want {
			t.Errorf("%s: got %v, want %v", c.name, got, c.want)
		}
	}
	for size, want := range map[int64]int{-5: 0, 0: 0, 1: 1, 16384: 1, 16385: 2, 32768: 2} {
		if got := MetadataBlocks(size); got != want {
			t.Errorf("blocks of %d bytes: got %d, want %d", size, got, want)
		}
	}
}
