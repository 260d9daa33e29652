package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"btkit/pkg/metainfo"
)

// save writes DIR/INFOHASH.torrent. The name comes from the hash, since the
// torrent's own name is a stranger's; the file appears whole or not at all.
func save(dir string, t *metainfo.Torrent) error {
	b, err := t.AppendFile(nil)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	f, err := os.CreateTemp(dir, ".bt-meta-*")
	if err != nil {
		return fmt.Errorf("save torrent: %w", err)
	}
	_, err = f.Write(b)
	err = errors.Join(err, f.Chmod(0o644), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), filepath.Join(dir, t.InfoHash.String()+".torrent"))
	}
	if err != nil {
		return fmt.Errorf("save torrent: %w", errors.Join(err, os.Remove(f.Name())))
	}
	return nil
}
