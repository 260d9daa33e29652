package probe

import (
	"crypto/sha1"
	"encoding/hex"
	"strings"
	"testing"

	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/talk/talktest"
	"btkit/pkg/visit"
)

func TestMetadataIsWrittenOnce(t *testing.T) {
	info := []byte("d6:lengthi160000e4:name1:x12:piece lengthi16384e6:pieces200:" + strings.Repeat("h", 200) + "e")
	sum := sha1.Sum(info)
	hash := hex.EncodeToString(sum[:])
	r := set(t, Options{Slots: 8, Percent: 50}, nil)
	r.run()
	r.hear(&record.Torrent{InfoHash: hash})
	h := func(n byte) peerwire.Handshake {
		h := talktest.Hello(n)
		h.InfoHash = sum
		return h
	}
	offer := peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{M: map[string]uint8{"ut_metadata": 3}, MetadataSize: int64(len(info))})
	for i := range 6 {
		r.swarm.Join(address(i), func(p *talktest.Peer) {
			p.Greeted()
			block := info
			if i < 3 { // liars
				block = []byte(strings.Repeat("x", len(info)))
			}
			p.Say(h(byte(i)).Append(nil), talktest.Bitfield(10, 4), offer, peerwire.AppendMetadataData(nil, visit.ExtMetadata, 0, int64(len(info)), block))
			<-p.Over()
		})
		r.hear(&record.Peer{InfoHash: hash, IP: address(i).Addr(), Port: 6881, Source: "dht"})
	}
	// The liars may have taken the first places; then the honest ones are asked
	// when those places are free again, or have been asked at once.
	all := talktest.Await[record.Torrent](t, r.journal, 1)
	readings := talktest.Await[record.Progress](t, r.journal, 6)
	if err := r.stop(); err != nil {
		t.Error(err)
	}
	all = talktest.Await[record.Torrent](t, r.journal, len(all))
	if len(all) != 1 || all[0].InfoHash != hash || all[0].Pieces != 10 || all[0].Source != "metadata" {
		t.Errorf("got %+v, want one torrent record of 10 pieces", all)
	}
	for _, p := range readings {
		if p.Have != 4 || p.Pieces != 10 || p.Need != 5 {
			t.Errorf("got %+v, want 4 of 10 pieces, threshold 5", p)
		}
	}
	if r.torrents[hash].fetching != 0 {
		t.Errorf("got %d fetches under way at the end, want 0", r.torrents[hash].fetching)
	}
}
