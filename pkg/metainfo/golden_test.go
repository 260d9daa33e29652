package metainfo

import (
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// golden is what libtorrent says of a .torrent file that it made
// (testdata/make.py).
type golden struct {
	V1, V2, Name, Magnet string
	Pieces               int64
	PieceBytes           int64 `json:"piece_bytes"`
	Private              bool
	Files                [][2]any
	Trackers             [][]string
	WebSeeds             []string `json:"web_seeds"`
}

func goldens(t *testing.T) map[string]golden {
	t.Helper()
	b, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var all map[string]golden
	if err := json.Unmarshal(b, &all); err != nil {
		t.Fatal(err)
	}
	return all
}

func goldenFile(t *testing.T, name string) (*Torrent, []byte) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name+".torrent"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ParseFile(b)
	if err != nil {
		t.Fatal(err)
	}
	return got, b
}

// hashes writes both hashes as libtorrent does.
func hashes(t *Torrent) (v1, v2 string) {
	if t.V1 != nil {
		v1 = hex.EncodeToString(t.V1[:])
	}
	if t.V2 != nil {
		v2 = hex.EncodeToString(t.V2[:])
	}
	return v1, v2
}

func TestFileAgreesWithLibtorrent(t *testing.T) {
	for name, want := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			got, _ := goldenFile(t, name)
			if v1, v2 := hashes(got); v1 != want.V1 || v2 != want.V2 {
				t.Errorf("hashes %q %q; want %q %q", v1, v2, want.V1, want.V2)
			}
			if got.Name != want.Name || got.Pieces != want.Pieces || got.PieceBytes != want.PieceBytes || *got.Private != want.Private {
				t.Errorf("name %q, pieces %d of %d, private %v; want %q, %d of %d, %v", got.Name, got.Pieces,
					got.PieceBytes, *got.Private, want.Name, want.Pieces, want.PieceBytes, want.Private)
			}
			compareFiles(t, got, want)
			compareURLs(t, got, want)
		})
	}
}

func compareFiles(t *testing.T, got *Torrent, want golden) {
	t.Helper()
	sum, n := int64(0), 0
	for file := range got.Files() {
		if n >= len(want.Files) {
			t.Fatalf("file %d: %q; want only %d files", n, file.Path, len(want.Files))
		}
		path := strings.TrimPrefix(want.Files[n][0].(string), want.Name+"/")
		bytes := int64(want.Files[n][1].(float64))
		if file.Index != int64(n) || file.Path != path || file.Bytes != bytes {
			t.Errorf("file %+v; want %d, %q, %d", file, n, path, bytes)
		}
		sum += file.Bytes
		n++
	}
	if n != len(want.Files) || got.FileCount != int64(n) || got.Bytes != sum {
		t.Errorf("%d files walked, %d counted, %d bytes; want %d files, %d bytes", n, got.FileCount, got.Bytes, len(want.Files), sum)
	}
}

// compareURLs lets pass that libtorrent shuffles a tier and ends the web seed
// of a folder with a slash.
func compareURLs(t *testing.T, got *Torrent, want golden) {
	t.Helper()
	if len(got.Trackers) != len(want.Trackers) {
		t.Fatalf("trackers %v; want %v", got.Trackers, want.Trackers)
	}
	for i, tier := range got.Trackers {
		if !slices.Equal(slices.Sorted(slices.Values(tier)), slices.Sorted(slices.Values(want.Trackers[i]))) {
			t.Errorf("tier %d: %v; want %v", i, tier, want.Trackers[i])
		}
	}
	if len(got.WebSeeds) != len(want.WebSeeds) {
		t.Fatalf("web seeds %v; want %v", got.WebSeeds, want.WebSeeds)
	}
	for i, seed := range got.WebSeeds {
		if seed != strings.TrimSuffix(want.WebSeeds[i], "/") {
			t.Errorf("web seed %q; want %q", seed, want.WebSeeds[i])
		}
	}
}

func TestMagnetAgreesWithLibtorrent(t *testing.T) {
	for name, want := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			got, err := ParseMagnet(want.Magnet)
			if err != nil {
				t.Fatal(err)
			}
			file, _ := goldenFile(t, name)
			v1, v2 := hashes(got)
			if v1 != want.V1 || v2 != want.V2 || got.InfoHash != file.InfoHash || got.Name != want.Name {
				t.Errorf("got %q %q %s %q; want %q %q %s %q", v1, v2, got.InfoHash, got.Name, want.V1, want.V2, file.InfoHash, want.Name)
			}
			if g, w := slices.Concat(got.Trackers...), slices.Concat(want.Trackers...); !slices.Equal(g, w) || len(got.Trackers) != len(w) {
				t.Errorf("trackers %v; want a tier for each of %v", got.Trackers, w)
			}
		})
	}
}

func TestFromInfoVerifies(t *testing.T) {
	for name := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			file, _ := goldenFile(t, name)
			got, err := FromInfo(file.Info, file.V1, file.V2)
			if err != nil || got.InfoHash != file.InfoHash || got.Pieces != file.Pieces || got.Source != SourceMetadata {
				t.Errorf("got %+v, %v; want the torrent of the file", got, err)
			}
			wrong1, wrong2 := [20]byte{1}, [32]byte{1}
			if _, err := FromInfo(file.Info, &wrong1, file.V2); err != ErrHash {
				t.Errorf("wrong v1 hash: %v; want ErrHash", err)
			}
			if _, err := FromInfo(file.Info, file.V1, &wrong2); err != ErrHash {
				t.Errorf("wrong v2 hash: %v; want ErrHash", err)
			}
		})
	}
}

func TestHybridKeepsTheHashItWasAskedBy(t *testing.T) {
	file, _ := goldenFile(t, "hybrid-multi")
	got, err := FromInfo(file.Info, nil, file.V2)
	if want := InfoHash(file.V2[:20]); err != nil || got.InfoHash != want {
		t.Errorf("got %v, %v; want %s", got, err, want)
	}
}

func TestAppendFileKeepsTheInfoDictionary(t *testing.T) {
	for name := range goldens(t) {
		t.Run(name, func(t *testing.T) {
			want, _ := goldenFile(t, name)
			b, err := want.AppendFile(nil)
			if err != nil {
				t.Fatal(err)
			}
			got, err := ParseFile(b)
			if err != nil || got.InfoHash != want.InfoHash || string(got.Info) != string(want.Info) {
				t.Errorf("read again: %v, %v; want the same info dictionary", got, err)
			}
			if len(got.Trackers) != len(want.Trackers) || len(got.WebSeeds) != len(want.WebSeeds) {
				t.Errorf("trackers %v, web seeds %v; want %v, %v", got.Trackers, got.WebSeeds, want.Trackers, want.WebSeeds)
			}
		})
	}
	magnet := &Torrent{}
	if _, err := magnet.AppendFile(nil); err == nil {
		t.Error("without an info dictionary: got nil, want an error")
	}
}
