package metainfo

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"btkit/pkg/benc"
)

// wrap puts an info dictionary into a .torrent; info starts at byte 7.
func wrap(info string) []byte { return []byte("d4:info" + info + "e") }

func hashesOf(n int) string { return fmt.Sprintf("6:pieces%d:%s", n*20, strings.Repeat("h", n*20)) }

func TestFileRefuses(t *testing.T) {
	tests := []struct {
		name   string
		in     []byte
		offset int
		want   string
	}{
		{"empty", nil, 0, "a value"},
		{"a list", []byte("le"), 0, "a dictionary"},
		{"cut", []byte("d4:infod6:length"), 16, "a value"},
		{"no info", []byte("d8:announce1:xe"), 0, `"info": a dictionary`},
		{"info is a string", wrap("1:x"), 7, `"info": a dictionary`},
		{"no pieces", wrap("d6:lengthi1e4:name1:x12:piece lengthi1ee"), 7, `"pieces": a string`},
		{"no length", wrap("d4:name1:x12:piece lengthi16384e" + hashesOf(1) + "e"), 7, `"files": a length`},
		{"negative length", wrap("d6:lengthi-1e4:name1:x12:piece lengthi16384e" + hashesOf(1) + "e"), 16, "a number of bytes"},
		{"length of a file missing", wrap("d5:filesld4:pathl1:aeee4:name1:x12:piece lengthi16384e" + hashesOf(1) + "e"), 16, `"length"`},
		{"lengths overflow", wrap("d5:filesld6:lengthi9007199254740991e4:pathl1:aeed6:lengthi1e4:pathl1:beee4:name1:x12:piece lengthi16384e" + hashesOf(1) + "e"), 64, "at most 9007199254740991 in all"},
		{"piece length 0", wrap("d6:lengthi1e4:name1:x12:piece lengthi0e" + hashesOf(1) + "e"), 43, "above 0"},
		{"a hash too many", wrap("d6:lengthi16384e4:name1:x12:piece lengthi16384e" + hashesOf(2) + "e"), 62, "1 hashes of 20 bytes"},
		{"no content", wrap("d6:lengthi0e4:name1:x12:piece lengthi16384e" + hashesOf(0) + "e"), 58, "hashes"},
		{"meta version 3", wrap("d9:file treede12:meta versioni3e4:name1:x12:piece lengthi16384ee"), 36, "meta version 2"},
		{"v2 without files", wrap("d9:file treede12:meta versioni2e4:name1:x12:piece lengthi16384ee"), 19, "a dictionary of files"},
		{"v2 piece length 3", wrap("d9:file treed1:ad0:d6:lengthi1eeee12:meta versioni2e4:name1:x12:piece lengthi3ee"), 83, "power of two"},
		{"v2 with pieces beyond any bitfield", wrap("d9:file treed1:ad0:d6:lengthi9007199254740991eeee12:meta versioni2e4:name1:x12:piece lengthi16384ee"), 19, "content of 1 to"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseFile(test.in)
			var syntax *benc.SyntaxError
			if !errors.As(err, &syntax) || syntax.Offset != test.offset || !strings.Contains(syntax.Want, test.want) {
				t.Errorf("got %v; want byte %d, %q", err, test.offset, test.want)
			}
		})
	}
}

func TestPaddingFilesCountOnlyAsPieces(t *testing.T) {
	file := func(length int, path, attr string) string {
		return fmt.Sprintf("d4:attr%d:%s6:lengthi%de4:pathl%d:%see", len(attr), attr, length, len(path), path)
	}
	in := wrap("d5:filesl" + file(10, "a", "") + file(16374, "pad", "p") + file(1, "b", "x") + "e4:name1:x12:piece lengthi16384e" + hashesOf(2) + "e")
	got, err := ParseFile(in)
	if err != nil {
		t.Fatal(err)
	}
	var paths []string
	for f := range got.Files() {
		paths = append(paths, fmt.Sprint(f.Index, f.Path))
	}
	if got.Pieces != 2 || got.Bytes != 11 || got.FileCount != 2 || strings.Join(paths, " ") != "0a 1b" {
		t.Errorf("%d pieces, %d bytes, %d files %v; want 2, 11, 2 [0a 1b]", got.Pieces, got.Bytes, got.FileCount, paths)
	}
}

func TestTrackerTiers(t *testing.T) {
	const info = "4:infod6:lengthi1e4:name1:x12:piece lengthi16384e6:pieces20:hhhhhhhhhhhhhhhhhhhhe"
	str := func(s string) string { return fmt.Sprintf("%d:%s", len(s), s) }
	tests := []struct{ name, announce, list, want string }{
		{"none", "", "", "[]"},
		{"announce alone", "http://a/x", "", "[[http://a/x]]"},
		{"announce in the list", "http://a/x", "l" + "l" + str("udp://b:1") + str("http://a/x") + "e" + "e", "[[udp://b:1 http://a/x]]"},
		{"announce beside the list", "http://a/x", "l" + "l" + str("udp://b:1") + "e" + "e", "[[udp://b:1] [http://a/x]]"},
		{"same but for case and port", "HTTP://A:80/x", "l" + "l" + str("http://a/x") + "e" + "e", "[[http://a/x]]"},
		{"path differs in case", "http://a/X", "l" + "l" + str("http://a/x") + "e" + "e", "[[http://a/x] [http://a/X]]"},
		{"list of strings", "", "l" + str("udp://b:1") + str("udp://c:1") + "e", "[[udp://b:1] [udp://c:1]]"},
		{"wrong types", "", "l" + "i1e" + "de" + "l" + "i2e" + str("udp://b:1") + "e" + "e", "[[udp://b:1]]"},
		{"no URL", "tracker", "l" + "l" + str("udp://b:1\n") + str("udp://b\x01") + str("://x") + "e" + "e", "[[udp://b:1]]"},
		{"empty tier", "", "l" + "le" + "l" + str("udp://b:1") + "e" + "e", "[[udp://b:1]]"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			in := "d"
			if test.announce != "" {
				in += "8:announce" + str(test.announce)
			}
			if test.list != "" {
				in += "13:announce-list" + test.list
			}
			got, err := ParseFile([]byte(in + info + "e"))
			if err != nil {
				t.Fatal(err)
			}
			if text := fmt.Sprint(got.Trackers); text != test.want {
				t.Errorf("got %s, want %s", text, test.want)
			}
		})
	}
}

func TestThreshold(t *testing.T) {
	want := map[int64]int64{0: 0, 1: 1, 2: 2, 10: 10, 49: 49, 50: 49, 51: 50, 100: 98, 610: 598,
		1327: 1301, 1426: 1398, 5880: 5763, 12502: 12252}
	for pieces, need := range want {
		if got := Threshold(pieces); got != need {
			t.Errorf("Threshold(%d) = %d; want %d", pieces, got, need)
		}
	}
}

// The info dictionary of a v2 torrent in the vectors of the peer protocol.
func TestV2Vector(t *testing.T) {
	root := "\x2c\xf2\x4d\xba\x5f\xb0\xa3\x0e\x26\xe8\x3b\x2a\xc5\xb9\xe2\x9e\x1b\x16\x1e\x5c\x1f\xa7\x42\x5e\x73\x04\x33\x62\x93\x8b\x98\x24"
	info := "d9:file treed8:demo.bind0:d6:lengthi5e11:pieces root32:" + root + "eee12:meta versioni2e4:name8:demo.bin12:piece lengthi16384ee"
	got, err := FromInfo([]byte(info), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	if want := "51b4f7965cc784d92af7128fb43b5d8c0c5be224"; got.InfoHash.String() != want || got.V1 != nil || got.Pieces != 1 {
		t.Errorf("got %s, %d pieces; want %s, 1", got.InfoHash, got.Pieces, want)
	}
}
