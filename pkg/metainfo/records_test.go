package metainfo

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"btkit/pkg/record"
)

func TestRecordsFitIntoOneWrite(t *testing.T) {
	private := true
	torrent := &Torrent{Name: strings.Repeat("\"\x01ä", 200), Pieces: 50, Private: &private, Source: SourceFile}
	var want []string
	for i := range 40 {
		var tier []string
		for j := range 5 {
			tier = append(tier, fmt.Sprintf("http://tracker%d.example/%s?%d", i, strings.Repeat(`"\`, 60), j))
		}
		torrent.Trackers = append(torrent.Trackers, tier)
		want = append(want, tier...)
		torrent.WebSeeds = append(torrent.WebSeeds, "http://seed.example/"+strings.Repeat("s", 500))
		torrent.Peers = append(torrent.Peers, "[2001:db8::1]:6881")
	}
	var trackers []string
	seeds, peers := 0, 0
	records := torrent.Records()
	for i, r := range records {
		if n := len(record.Append(nil, r)); n > 4096-256 {
			t.Errorf("record %d has %d bytes; want room for 256 more in 4096", i, n)
		}
		if r.InfoHash != torrent.InfoHash.String() || !*r.Private || slices.ContainsFunc(r.Trackers, func(t []string) bool { return len(t) == 0 }) {
			t.Errorf("record %d: %+v; want hash, private and no empty tier", i, r)
		}
		trackers = append(trackers, slices.Concat(r.Trackers...)...)
		seeds += len(r.WebSeeds)
		peers += len(r.Peers)
	}
	if !slices.Equal(trackers, want) || seeds != 40 || peers != 40 {
		t.Errorf("%d trackers, %d web seeds, %d peers; want all %d, 40, 40 in order", len(trackers), seeds, peers, len(want))
	}
	if records[0].Need != 49 || records[0].NameHex == "" {
		t.Errorf("first record %+v; want need 49 and the raw name in hex", records[0])
	}
}

func TestRecordOfASmallTorrentIsOne(t *testing.T) {
	file, _ := goldenFile(t, "hybrid-single")
	records := file.Records()
	if len(records) != 1 {
		t.Fatalf("%d records; want 1", len(records))
	}
	got := fmt.Sprintln(*records[0].Private, records[0].Pieces, records[0].Need, records[0].Bytes, records[0].Files, records[0].Source, len(records[0].InfoHashV2))
	if want := "false 7 7 100000 1 file 64\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestFileRecordsCleanPaths(t *testing.T) {
	in := wrap("d5:filesld6:lengthi1e4:pathl1:a3:\x1b\xffbeee4:name1:x12:piece lengthi16384e" + hashesOf(1) + "e")
	torrent, err := ParseFile(in)
	if err != nil {
		t.Fatal(err)
	}
	for r := range torrent.FileRecords() {
		if r.Path != "a/\uFFFD\uFFFDb" || r.PathHex != "612f1bff62" || r.Bytes != 1 {
			t.Errorf("got %+v; want a cleaned path and its bytes in hex", r)
		}
	}
}

func TestFromRecordGivesTheHashesBack(t *testing.T) {
	for name := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			want, _ := goldenFile(t, name)
			got, err := FromRecord(want.Records()[0])
			if err != nil {
				t.Fatal(err)
			}
			v1, v2 := hashes(got)
			want1, want2 := hashes(want)
			if v1 != want1 || v2 != want2 || got.InfoHash != want.InfoHash || len(got.Trackers) != len(want.Trackers) {
				t.Errorf("got %s %s %v; want %s %s %v", v1, v2, got.Trackers, want1, want2, want.Trackers)
			}
		})
	}
	for _, r := range []*record.Torrent{{}, {InfoHash: "zz"}, {InfoHash: btihHex, InfoHashV2: "00"}} {
		if _, err := FromRecord(r); err == nil {
			t.Errorf("%+v: got nil, want an error", r)
		}
	}
}
