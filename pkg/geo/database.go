package geo

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"

	"github.com/oschwald/maxminddb-golang"

	"btkit/pkg/record"
)

// maxDatabase bounds a database file; the largest on the market have about
// one gibibyte.
const maxDatabase = 2<<30 - 1

// noRecord is the offset for "the database has no record".
const noRecord = ^uint32(0)

var metadataMarker = []byte("\xab\xcd\xefMaxMind.com")

var errNotDatabase = errors.New("not a MaxMind DB file")

// Database is one open database file, held in memory as a whole: were it
// mapped, a file overwritten in place would end the process. It is safe for
// concurrent use.
type Database struct {
	// Path it was read from.
	Path string
	// Type that its publisher gave it, such as "GeoLite2-City".
	Type string

	tree *maxminddb.Reader
	data []byte // the data section
	ipv4 bool   // knows no IPv6 addresses
}

// OpenDatabase reads a database file.
func OpenDatabase(path string) (*Database, error) {
	raw, err := readFile(path)
	if err == nil {
		var d *Database
		if d, err = parseDatabase(raw); err == nil {
			d.Path = path
			return d, nil
		}
	}
	return nil, fmt.Errorf("open database %s: %w", path, err)
}

func readFile(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.Unwrap(err) // the path is named by the caller
	}
	defer f.Close()
	info, err := f.Stat()
	switch {
	case err != nil:
		return nil, err
	case !info.Mode().IsRegular():
		return nil, errors.New("not a regular file")
	case info.Size() > maxDatabase:
		return nil, fmt.Errorf("larger than %d bytes", maxDatabase)
	}
	raw := make([]byte, info.Size())
	if _, err := io.ReadFull(f, raw); err != nil {
		return nil, fmt.Errorf("shorter than it said: %w", err)
	}
	return raw, nil
}

// parseDatabase checks the metadata, so that the library may trust it, and
// reads a first record.
func parseDatabase(raw []byte) (*Database, error) {
	end := bytes.LastIndex(raw, metadataMarker)
	if end < 0 {
		return nil, errNotDatabase
	}
	tree, err := checkMetadata(raw, end)
	if err != nil {
		return nil, err
	}
	reader, err := maxminddb.FromBytes(raw)
	if err != nil {
		return nil, err
	}
	kind, _ := record.Clean(reader.Metadata.DatabaseType)
	return &Database{Type: kind, tree: reader, data: raw[tree+treeGap : end], ipv4: reader.Metadata.IPVersion == 4}, nil
}

// treeGap is the number of zero bytes between search tree and data section.
const treeGap = 16

// checkMetadata returns the size of the search tree in bytes.
func checkMetadata(raw []byte, end int) (int, error) {
	meta, err := decode(raw[end+len(metadataMarker):], 0)
	if err != nil {
		return 0, fmt.Errorf("%w: metadata: %w", errNotDatabase, err)
	}
	nodes, ok := at(meta, "node_count").(uint64)
	bits, _ := at(meta, "record_size").(uint64)
	switch {
	case !ok || bits != 24 && bits != 28 && bits != 32:
		return 0, fmt.Errorf("%w: no node count or record size", errNotDatabase)
	case nodes > maxDatabase || nodes*bits/4+treeGap > uint64(end):
		return 0, fmt.Errorf("damaged database: %d nodes of %d bits do not fit into %d bytes", nodes, bits, end)
	}
	return int(nodes * bits / 4), nil
}

// offset finds the record of an address, or noRecord. The array is room to
// work in.
func (d *Database) offset(addr netip.Addr, room *[16]byte) (uint32, error) {
	var ip []byte
	if addr.Is4() {
		*(*[4]byte)(room[:4]) = addr.As4()
		ip = room[:4]
	} else if d.ipv4 {
		return noRecord, nil
	} else {
		*room = addr.As16()
		ip = room[:]
	}
	at, err := d.tree.LookupOffset(ip)
	switch {
	case err != nil:
		return noRecord, err
	case at == maxminddb.NotFound:
		return noRecord, nil
	case at >= uintptr(len(d.data)):
		return noRecord, fmt.Errorf("%w: beyond the end of the file", errDamaged)
	}
	return uint32(at), nil
}

func (d *Database) place(offset uint32, lang string) (Place, error) {
	v, err := decode(d.data, int(offset))
	if err != nil {
		return Place{}, err
	}
	return placeOf(v, lang), nil
}

// Place looks up an address. A Place without members means that the database
// does not know it.
func (d *Database) Place(addr netip.Addr, lang string) (Place, error) {
	var room [16]byte
	offset, err := d.offset(addr.Unmap().WithZone(""), &room)
	if err != nil || offset == noRecord {
		return Place{}, err
	}
	return d.place(offset, lang)
}
