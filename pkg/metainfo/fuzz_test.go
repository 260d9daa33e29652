package metainfo

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"btkit/pkg/record"
)

// checkTorrent holds what is true of every torrent that was let in.
func checkTorrent(t *testing.T, got *Torrent) {
	t.Helper()
	for _, r := range got.Records() {
		if n := len(record.Append(nil, r)); n > 4096-256 {
			t.Fatalf("record of %d bytes", n)
		}
	}
	if got.Pieces < 0 || got.Pieces > maxPieces || got.Bytes < 0 || Threshold(got.Pieces) > got.Pieces {
		t.Fatalf("%d pieces, %d bytes", got.Pieces, got.Bytes)
	}
}

// FuzzFile: whatever comes, ParseFile ends without a panic; what it lets in
// fits into records, has as many files as it says, and written as a .torrent
// and read again it is the same torrent.
func FuzzFile(f *testing.F) {
	paths, _ := filepath.Glob("testdata/*.torrent")
	for _, path := range paths {
		b, err := os.ReadFile(path)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Add(wrap("d5:filesld4:attr1:p6:lengthi1e4:pathl1:aeee4:name1:x12:piece lengthi16384e" + hashesOf(1) + "e"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := ParseFile(b)
		if err != nil {
			return
		}
		checkTorrent(t, got)
		n := int64(0)
		for range got.FileRecords() {
			n++
		}
		if n != got.FileCount || got.Pieces == 0 {
			t.Fatalf("%d files walked, %d counted, %d pieces", n, got.FileCount, got.Pieces)
		}
		again, err := got.AppendFile(nil)
		if err != nil {
			t.Fatal(err)
		}
		second, err := ParseFile(again)
		if err != nil || second.InfoHash != got.InfoHash || second.Pieces != got.Pieces || len(second.Trackers) != len(got.Trackers) {
			t.Fatalf("read again: %+v, %v", second, err)
		}
	})
}

// FuzzMagnet: whatever comes, ParseMagnet ends without a panic; what it lets
// in has a hash and fits into records.
func FuzzMagnet(f *testing.F) {
	f.Add("magnet:?xt=urn:btih:" + btihHex + "&dn=a+b&tr=udp://b:1&x.pe=127.0.0.1:1&ws=http://s/")
	f.Add("magnet:?xt=urn:btmh:1220" + btmhHex + "&xt=urn:btih:" + btihBase32)
	f.Add("magnet:?xt.1=urn%3Abtih%3A" + btihHex + "&amp;tr.1=%zz")
	f.Fuzz(func(t *testing.T, s string) {
		got, err := ParseMagnet(s)
		if err != nil {
			return
		}
		if got.V1 == nil && got.V2 == nil || strings.Trim(got.InfoHash.String(), "0123456789abcdef") != "" {
			t.Fatalf("no hash: %+v", got)
		}
		checkTorrent(t, got)
	})
}
