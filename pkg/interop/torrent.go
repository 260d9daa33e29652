//go:build interop

package interop

import (
	"bytes"
	"crypto/sha1"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
)

// Torrent is a single file of noise and the .torrent that describes it.
type Torrent struct {
	// Name of the content, and of the torrent in every client.
	Name string
	// Path of the .torrent file.
	Path string
	// SHA-1 of the info dictionary.
	InfoHash [20]byte
	Pieces   int
	// Pieces at the 98 % threshold.
	Need int

	seed    uint64
	content []byte
}

// newTorrent makes size bytes from seed, cut in pieces of pieceBytes, and
// writes NAME.torrent into dir, with the trackers in one tier each,
// if there are any.
func newTorrent(dir, name string, seed uint64, size, pieceBytes int, trackers []string) (*Torrent, error) {
	var key [32]byte
	key[0], key[1] = byte(seed), byte(seed>>8)
	content := make([]byte, size)
	rand.NewChaCha8(key).Read(content)
	var hashes bytes.Buffer
	for rest := content; len(rest) > 0; {
		n := min(pieceBytes, len(rest))
		sum := sha1.Sum(rest[:n])
		hashes.Write(sum[:])
		rest = rest[n:]
	}
	info := fmt.Sprintf("d6:lengthi%de4:name%d:%s12:piece lengthi%de6:pieces%d:%se",
		size, len(name), name, pieceBytes, hashes.Len(), hashes.String())
	pieces := hashes.Len() / sha1.Size
	t := &Torrent{
		Name: name, Path: filepath.Join(dir, name+".torrent"), InfoHash: sha1.Sum([]byte(info)),
		Pieces: pieces, Need: (pieces*98 + 99) / 100, seed: seed, content: content,
	}
	if err := os.WriteFile(t.Path, []byte(metainfo(info, trackers)), 0o644); err != nil {
		return nil, fmt.Errorf("write %s: %w", t.Path, err)
	}
	return t, nil
}

// metainfo wraps an info dictionary; keys in order (BEP 3, BEP 12).
func metainfo(info string, trackers []string) string {
	if len(trackers) == 0 {
		return fmt.Sprintf("d4:info%se", info)
	}
	var tiers bytes.Buffer
	for _, url := range trackers {
		fmt.Fprintf(&tiers, "l%d:%se", len(url), url)
	}
	return fmt.Sprintf("d8:announce%d:%s13:announce-listl%se4:info%se", len(trackers[0]), trackers[0], tiers.String(), info)
}

// save puts the content into dir, for a seed.
func (t *Torrent) save(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder of content: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, t.Name), t.content, 0o644); err != nil {
		return fmt.Errorf("write content: %w", err)
	}
	return nil
}
