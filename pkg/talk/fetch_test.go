package talk

import (
	"bytes"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

// theirID is the number by which the peer wants to be asked for metadata.
const theirID = 9

// offering is the extension handshake of a peer with an info dictionary of so
// many bytes.
func offering(size int64) []byte {
	return peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{M: map[string]uint8{"ut_metadata": theirID}, MetadataSize: size})
}

// fetching is a meeting about a torrent whose size is not known.
func fetching(t *testing.T, host func(*witness)) *meeting {
	t.Helper()
	m := open(t, scene{pieces: -1, host: func(w *witness) {
		w.want.Store(true)
		if host != nil {
			host(w)
		}
	}})
	m.hello(theirHandshake())
	m.greeting()
	return m
}

// asked is the number of the block that our next message asks for.
func (m *meeting) asked() int {
	m.t.Helper()
	msg := m.next()
	ask, err := peerwire.ParseMetadata(msg.Payload)
	if msg.ID != peerwire.Extended || msg.Ext != theirID || err != nil || ask.Kind != peerwire.MetadataRequest {
		m.t.Fatalf("got %+v (%v), want a request for metadata under id %d", msg, err, theirID)
	}
	return ask.Piece
}

// give sends a block of info.
func (m *meeting) give(info []byte, block int) {
	m.t.Helper()
	from := block * peerwire.MetadataBlock
	m.send(peerwire.AppendMetadataData(nil, visit.ExtMetadata, block, int64(len(info)), info[from:min(from+peerwire.MetadataBlock, len(info))]))
}

func TestMetadataIsFetched(t *testing.T) {
	tests := []struct {
		name string
		size int
	}{{"less than a block", 300}, {"one block", 16384}, {"two blocks and a byte", 2*16384 + 1}, {"more than what else a peer may send", budget + 16384*3 + 5}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := fetching(t, func(w *witness) { w.right = true })
			info := bytes.Repeat([]byte("0123456789abcde"), tt.size/15+1)[:tt.size]
			m.send(bitfield(100, 40), offering(int64(tt.size)))
			for range peerwire.MetadataBlocks(int64(tt.size)) {
				m.give(info, m.asked())
			}
			if got := wait(t, "the metadata", m.metadata); !bytes.Equal(got, info) {
				t.Errorf("got %d bytes, want the %d as sent", len(got), tt.size)
			}
			if p := wait(t, "the reading", m.told); p.Have != 40 || p.Pieces != 100 {
				t.Errorf("got %d of %d, want the 40 of 100 that were announced before the size was known", p.Have, p.Pieces)
			}
			m.c.Leave()
			if v := m.wantEnd(outcome.OK); len(v.Oddities) != 0 || len(m.metadata) != 0 {
				t.Errorf("got oddities %q and %d more dictionaries, want none", v.Oddities, len(m.metadata))
			}
		})
	}
}

// The number of pieces may come from elsewhere while a peer has no more to say.
func TestSizeThatBecomesKnownElsewhere(t *testing.T) {
	m := open(t, scene{pieces: -1})
	m.hello(theirHandshake())
	m.greeting()
	m.send(bitfield(100, 40), peerwire.AppendRequest(nil, 1, 2, 3))
	m.next() // what came before the request has been heard
	m.c.Visit.Torrent().Learn(100, 0, 1)
	if p := wait(t, "the reading", m.told); p.Have != 40 {
		t.Errorf("got %d pieces, want 40", p.Have)
	}
	m.c.Leave()
	m.wantEnd(outcome.OK)
}

func TestMetadataIsAskedForWhenThereIsAPlace(t *testing.T) {
	m := open(t, scene{pieces: -1})
	m.hello(theirHandshake())
	m.greeting()
	m.send(offering(100), peerwire.AppendRequest(nil, 1, 2, 3))
	if got := m.next(); got.ID != peerwire.RejectRequest {
		t.Fatalf("got %v, want nothing asked for yet", got.ID)
	}
	m.want.Store(true)
	if got := m.asked(); got != 0 {
		t.Errorf("got block %d, want 0", got)
	}
	m.c.Leave()
	m.wantEnd(outcome.OK)
}

func TestMetadataAsksForAFewBlocksAtOnce(t *testing.T) {
	m := fetching(t, nil)
	m.send(offering(10 * 16384))
	for want := range 3 {
		if got := m.asked(); got != want {
			t.Errorf("got block %d, want %d", got, want)
		}
	}
	m.c.Leave()
	if more := m.rest(); len(more) != 0 {
		t.Errorf("got %d more messages, want three requests under way", len(more))
	}
	if got := wait(t, "the failure", m.metadata); got != nil {
		t.Errorf("got %d bytes, want nil for a fetch that came to nothing", len(got))
	}
}

// TestMetadataFailures: each ends the fetch, not the conversation, and tells the
// host once.
func TestMetadataFailures(t *testing.T) {
	info := make([]byte, 20000)
	tests := []struct {
		name string
		run  func(*meeting)
		odd  string
	}{
		{"wrong", func(m *meeting) { m.give(info, m.asked()); m.give(info, m.asked()) }, "metadata-wrong"},
		{"refused", func(m *meeting) {
			m.send(peerwire.AppendMetadataReject(nil, visit.ExtMetadata, m.asked()))
		}, "metadata-refused"},
		{"block too short", func(m *meeting) {
			m.asked()
			m.send(peerwire.AppendMetadataData(nil, visit.ExtMetadata, 0, 20000, info[:100]))
		}, "metadata-malformed"},
		{"block too long", func(m *meeting) {
			m.asked()
			m.send(peerwire.AppendMetadataData(nil, visit.ExtMetadata, 1, 20000, info[:16384]))
		}, "metadata-malformed"},
		{"blocks that nobody asked for", func(m *meeting) {
			for i := range 17 {
				m.send(peerwire.AppendMetadataData(nil, visit.ExtMetadata, 5+i, 20000, info[:16384]))
			}
		}, "metadata-malformed"},
		{"nonsense", func(m *meeting) {
			for range 17 {
				m.send(peerwire.AppendExtended(nil, visit.ExtMetadata, []byte("x")))
			}
		}, "metadata-malformed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := fetching(t, nil)
			m.send(offering(int64(len(info))))
			tt.run(m)
			wait(t, "the end of the fetch", m.metadata)
			m.send(peerwire.AppendRequest(nil, 1, 2, 3)) // the conversation goes on
			for m.next().ID != peerwire.RejectRequest {
			}
			m.c.Leave()
			v := m.wantEnd(outcome.OK)
			if len(v.Oddities) != 1 || v.Oddities[0] != tt.odd || len(m.metadata) != 0 {
				t.Errorf("got oddities %q and %d more calls, want %q and none", v.Oddities, len(m.metadata), tt.odd)
			}
		})
	}
}

func TestMetadataThatIsSlow(t *testing.T) {
	m := set(t, scene{pieces: -1, host: func(w *witness) { w.want.Store(true) }})
	var late atomic.Int64 // how much later it is than the clock says
	m.c.now = func() time.Time { return time.Now().Add(time.Duration(late.Load())) }
	m.begin(m.c.Open)
	m.hello(theirHandshake())
	m.greeting()
	m.send(offering(20000))
	m.asked()
	late.Store(int64(fetchTime))
	m.send(peerwire.AppendKeepAlive(nil))
	if got := wait(t, "the end of the fetch", m.metadata); got != nil {
		t.Errorf("got %d bytes, want nil", len(got))
	}
	m.c.Leave()
	if v := m.wantEnd(outcome.OK); len(v.Oddities) != 1 || v.Oddities[0] != "metadata-slow" {
		t.Errorf("got %q, want metadata-slow", v.Oddities)
	}
}

func TestMetadataIsNotAskedFor(t *testing.T) {
	noID := peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{M: map[string]uint8{"ut_metadata": 0}, MetadataSize: 100})
	text := func(s string) []byte { return peerwire.AppendExtended(nil, 0, []byte(s)) }
	tests := []struct {
		name   string
		pieces int64
		want   bool
		hand   []byte
	}{
		{"size known", 100, true, offering(100)},
		{"host does not want it", -1, false, offering(100)},
		{"peer switched it off", -1, true, noID},
		{"peer has none", -1, true, offering(0)},
		{"negative size", -1, true, text("d1:md11:ut_metadatai9ee13:metadata_sizei-5ee")},
		{"hostile size", -1, true, text("d1:md11:ut_metadatai9ee13:metadata_sizei99999999999999ee")},
		{"size over the bound", -1, true, text("d1:md11:ut_metadatai9ee13:metadata_sizei16777217ee")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := open(t, scene{pieces: tt.pieces, host: func(w *witness) { w.want.Store(tt.want) }})
			m.hello(theirHandshake())
			m.greeting()
			m.send(tt.hand, peerwire.AppendRequest(nil, 7, 0, 1))
			if got := m.next(); got.ID != peerwire.RejectRequest {
				t.Errorf("got %v, want nothing before the answer to the request behind it", got.ID)
			}
			m.c.Leave()
			m.wantEnd(outcome.OK)
			if len(m.metadata) != 0 {
				t.Errorf("got %d calls, want none", len(m.metadata))
			}
		})
	}
}

func TestOurMetadataIsRefused(t *testing.T) {
	m := open(t, scene{})
	m.hello(theirHandshake())
	m.greeting()
	m.send(offering(100))
	for block := range maxRejects + 10 {
		m.send(peerwire.AppendMetadataRequest(nil, visit.ExtMetadata, block))
	}
	m.send(bitfield(100, 5))
	wait(t, "the reading", m.told)
	m.c.Leave()
	got := m.rest()
	for i, msg := range got {
		no, err := peerwire.ParseMetadata(msg.Payload)
		if msg.Ext != theirID || err != nil || no.Kind != peerwire.MetadataReject || no.Piece != i {
			t.Errorf("answer %d: got %+v (%v), want a refusal", i, msg, err)
		}
	}
	if len(got) != maxRejects {
		t.Errorf("got %d refusals, want %d", len(got), maxRejects)
	}
}

func TestVerify(t *testing.T) {
	info := "d6:lengthi40000e4:name1:x12:piece lengthi16384e6:pieces60:" + strings.Repeat("h", 60) + "e"
	v1, v2 := sha1.Sum([]byte(info)), sha256.Sum256([]byte(info))
	torrent := func(hash []byte, long string) *visit.Torrent {
		made, err := visit.NewTorrent(&record.Torrent{InfoHash: hex.EncodeToString(hash), InfoHashV2: long})
		if err != nil {
			t.Fatal(err)
		}
		return made
	}
	tests := []struct {
		name    string
		torrent *visit.Torrent
		info    string
		pieces  int64 // 0 for an error
	}{
		{"its own", torrent(v1[:], ""), info, 3},
		{"another", torrent(v1[:], ""), info[:20] + "1" + info[21:], 0},
		{"cut", torrent(v1[:], ""), info[:len(info)-1], 0},
		{"nothing", torrent(v1[:], ""), "", 0},
		{"right first hash, wrong second", torrent(v1[:], strings.Repeat("00", 32)), info, 0},
		{"wrong first hash, right second", torrent(make([]byte, 20), hex.EncodeToString(v2[:])), info, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := Verify(tt.torrent, []byte(tt.info))
			if tt.pieces == 0 && err == nil || tt.pieces > 0 && (err != nil || got.Pieces != tt.pieces) {
				t.Errorf("got %+v, %v, want %d pieces", got, err, tt.pieces)
			}
		})
	}
}
