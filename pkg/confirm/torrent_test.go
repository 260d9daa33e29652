package confirm

import (
	"strings"
	"testing"

	"btkit/pkg/record"
)

// The torrent record says what a reading leaves open, and which two info-hashes
// are one hybrid torrent.
func TestTorrentRecord(t *testing.T) {
	hashV2 := strings.Repeat("b", 40)
	hybrid := &record.Torrent{InfoHash: hashA, InfoHashV2: hashV2 + strings.Repeat("0", 24), Pieces: 100, PieceBytes: 1, Bytes: 100, Need: 60}
	inV2 := func(p *record.Progress) { p.InfoHash = hashV2 }
	tests := []struct {
		name     string
		readings []*record.Progress
		want     counts
	}{
		{"its threshold, where the reading has none", []*record.Progress{see(0, 59, need(0)), see(60, 60, need(0))}, counts{confirmed: 1}},
		{"the reading's threshold comes first", []*record.Progress{see(0, 59), see(60, 60)}, counts{censored: 1}},
		{"below in one swarm, above in the other", []*record.Progress{see(0, 59), see(60, 98, inV2)}, counts{confirmed: 1}},
		{"seen in both swarms", []*record.Progress{see(0, 59), see(1, 59, inV2), see(60, 98), see(61, 98, inV2)}, counts{confirmed: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFold(Options{})
			f.Torrent(hybrid)
			out := downloads(feed(f, tt.readings...))
			if got := countsOf(f); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			for _, d := range out {
				if d.InfoHash != hashA {
					t.Errorf("got a download of %s, want of %s", d.InfoHash, hashA)
				}
			}
		})
	}
}
