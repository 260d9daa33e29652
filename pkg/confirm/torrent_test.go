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

// Whichever of the two swarms of a hybrid torrent is counted first, and in
// whatever order its records come, it is one torrent with one tally.
func TestHybridIsOneTorrent(t *testing.T) {
	hashV2 := strings.Repeat("b", 40)
	whole := hashV2 + strings.Repeat("0", 24)
	v1 := &record.Torrent{InfoHash: hashA, InfoHashV2: whole, Pieces: 100}
	v2 := &record.Torrent{InfoHash: hashV2, InfoHashV2: whole, Pieces: 100}
	inV2 := torrentIs(hashV2)
	tests := []struct {
		name  string
		story []any // torrents and readings, in order
		want  string
	}{
		{"both records first", []any{v1, v2, see(0, 50), see(60, 98, inV2)}, hashA},
		{"both records, the other way round", []any{v2, v1, see(0, 50, inV2), see(60, 98)}, hashV2},
		{"known as a hybrid after its first reading", []any{v2, see(0, 50, inV2), v1, see(60, 98)}, hashV2},
		{"the record comes again", []any{v1, see(0, 50), v2, v1, see(60, 98, inV2), v2}, hashA},
		{"read in the second swarm alone", []any{v1, see(0, 50, inV2), see(60, 98, inV2)}, hashA},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFold(Options{})
			var found []*record.Download
			for _, r := range tt.story {
				switch r := r.(type) {
				case *record.Torrent:
					f.Torrent(r)
				case *record.Progress:
					found = append(found, downloads(f.Reading(r))...)
				}
			}
			if all := f.Tallies(); len(all) != 1 || all[0].InfoHash != tt.want || all[0].Peers != 1 || all[0].Confirmed != 1 {
				t.Errorf("got %s, want one tally of %s with one peer, confirmed", text(tallies(f)), tt.want)
			}
			if len(found) != 1 || found[0].InfoHash != tt.want {
				t.Errorf("got %+v, want one download of %s", found, tt.want)
			}
		})
	}
}
