// Package geotest makes small GeoIP databases for tests, the lab and the
// demonstration. They cover the loopback network 127.0.0.0/8, a place and an
// AS number per /16. Every place, number and organisation in them is invented.
//
// Real databases are left to their publishers.
package geotest

import (
	"fmt"
	"net"
	"os"
	"path/filepath"

	"github.com/maxmind/mmdbwriter"
	"github.com/maxmind/mmdbwriter/mmdbtype"
)

// Names of the files that Write makes, as package geo finds them.
const (
	CityFile = "GeoLite2-City.mmdb"
	ASNFile  = "GeoLite2-ASN.mmdb"
)

// buildEpoch is fixed, so that two runs write the same bytes.
const buildEpoch = 1_700_000_000

// Entry is one network of a database.
type Entry struct {
	Network string // CIDR
	Value   mmdbtype.Map
}

// Write writes a city and an AS database of the loopback network into a
// folder, which is made if need be.
func Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder for databases: %w", err)
	}
	if err := WriteDatabase(filepath.Join(dir, CityFile), "GeoLite2-City", Cities()); err != nil {
		return err
	}
	return WriteDatabase(filepath.Join(dir, ASNFile), "GeoLite2-ASN", Systems())
}

// WriteDatabase writes one database file. A file that is there already is
// replaced in one step.
func WriteDatabase(path, kind string, entries []Entry) error {
	tree, err := mmdbwriter.New(mmdbwriter.Options{
		BuildEpoch: buildEpoch, DatabaseType: kind, RecordSize: 24, Languages: []string{"de", "en"},
		Description:             map[string]string{"en": "invented places for tests"},
		IncludeReservedNetworks: true,
	})
	if err != nil {
		return fmt.Errorf("build database: %w", err)
	}
	for _, e := range entries {
		_, network, err := net.ParseCIDR(e.Network)
		if err != nil {
			return fmt.Errorf("build database: %w", err)
		}
		if err := tree.Insert(network, e.Value); err != nil {
			return fmt.Errorf("build database: insert %s: %w", e.Network, err)
		}
	}
	return replace(path, tree)
}

func replace(path string, tree *mmdbwriter.Tree) error {
	f, err := os.CreateTemp(filepath.Dir(path), ".new-*")
	if err != nil {
		return fmt.Errorf("write database: %w", err)
	}
	defer os.Remove(f.Name()) // fails after the renaming, as it should
	if _, err := tree.WriteTo(f); err != nil {
		f.Close()
		return fmt.Errorf("write database %s: %w", path, err)
	}
	if err := f.Close(); err != nil {
		return fmt.Errorf("write database %s: %w", path, err)
	}
	if err := os.Chmod(f.Name(), 0o644); err != nil {
		return fmt.Errorf("write database %s: %w", path, err)
	}
	return os.Rename(f.Name(), path)
}
