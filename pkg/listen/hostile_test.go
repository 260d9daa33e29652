package listen_test

import (
	"crypto/sha1"
	"encoding/hex"
	"net/netip"
	"strings"
	"testing"

	"btkit/pkg/listen"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/talk/talktest"
	"btkit/pkg/visit"
)

// A torrent that turns out to be private, by a record or by its metadata, takes
// no peers and no trackers of peers from then on (BEP 27).
func TestPrivateLater(t *testing.T) {
	info := []byte("d6:lengthi160000e4:name1:x12:piece lengthi16384e6:pieces200:" + strings.Repeat("h", 200) + "7:privatei1ee")
	h := talktest.Hello(1)
	h.InfoHash = sha1.Sum(info)
	hash := hex.EncodeToString(h.InfoHash[:])
	gossip := append(peerwire.AppendPex(nil, visit.ExtPex, []peerwire.PexPeer{{Addr: netip.MustParseAddrPort("192.0.2.77:6881")}}, nil),
		peerwire.AppendExtended(nil, visit.ExtTex, []byte("d5:addedl31:http://198.51.100.1:80/announceee"))...)
	offer := peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{M: map[string]uint8{"ut_metadata": 3}, MetadataSize: int64(len(info))})
	offer = append(offer, peerwire.AppendMetadataData(nil, visit.ExtMetadata, 0, int64(len(info)), info)...)
	for name, tt := range map[string]struct {
		records []record.Record
		first   []byte
	}{
		"by its metadata": {[]record.Record{&record.Torrent{InfoHash: hash}}, offer},
		"by a record":     {[]record.Record{&record.Torrent{InfoHash: hash, Pieces: 10}, &record.Torrent{InfoHash: hash, Private: record.Bool(true)}}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r := begin(t, listen.Options{})
			r.hear(tt.records...)
			r.hungUp(r.knock(h, tt.first, gossip, peerwire.AppendHaveAll(nil)))
			talktest.Await[record.Visit](t, r.journal, 1)
			for _, p := range talktest.Await[record.Peer](t, r.journal, 0) {
				if p.Source == "pex" {
					t.Errorf("got %+v, want no peer of peers", p)
				}
			}
			for _, t2 := range talktest.Await[record.Torrent](t, r.journal, 0) {
				if t2.Source == "tex" {
					t.Errorf("got %+v, want no tracker of peers", t2)
				}
			}
		})
	}
}
