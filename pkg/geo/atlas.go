package geo

import (
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
)

// maxDatabases bounds how many databases are asked about each address.
const maxDatabases = 8

// maxPlaces bounds the places kept ready. A place is shared by all addresses
// with the same records, so few runs ever see so many; then all are forgotten.
const maxPlaces = 1 << 16

// Options say which databases an Atlas holds.
type Options struct {
	// Files to open, or folders to look into; nil means those of List, and
	// without it those in the usual Folders.
	Files []string
	// List is the value of $BT_GEOIP.
	List string
	// Lang is the language of city names, such as "de"; empty means "en".
	Lang string
	// Log takes remarks about damaged records and about reloading.
	Log *slog.Logger
}

// Atlas answers where an address is from several databases. It is safe for
// concurrent use, and can be reloaded while it is in use.
type Atlas struct {
	options Options
	shelf   atomic.Pointer[shelf]

	mu     sync.Mutex
	faults int64 // lookups that failed
	fault  error // the first of them
}

// shelf is one edition of the databases with what has been read from them.
type shelf struct {
	databases []*Database

	mu    sync.Mutex
	room  [16]byte
	ready map[offsets][]byte // as JSON
}

// offsets name the records of one address, one per database.
type offsets [maxDatabases]uint32

// Open finds and reads the databases.
func Open(o Options) (*Atlas, error) {
	if o.Lang == "" {
		o.Lang = "en"
	}
	a := &Atlas{options: o}
	s, err := a.read()
	if err != nil {
		return nil, err
	}
	a.shelf.Store(s)
	return a, nil
}

func (a *Atlas) read() (*shelf, error) {
	files, err := Find(a.options.Files, a.options.List, Folders)
	if err != nil {
		return nil, err
	}
	if len(files) > maxDatabases {
		return nil, fmt.Errorf("%d databases given, at most %d can be used at once", len(files), maxDatabases)
	}
	s := &shelf{ready: make(map[offsets][]byte)}
	for _, path := range files {
		d, err := OpenDatabase(path)
		if err != nil {
			return nil, err
		}
		s.databases = append(s.databases, d)
	}
	return s, nil
}

// Reload finds and reads the databases again. Lookups go on meanwhile with the
// old ones, and for good if the new ones cannot be used.
func (a *Atlas) Reload() error {
	s, err := a.read()
	if err != nil {
		return fmt.Errorf("keep the old databases: %w", err)
	}
	a.shelf.Store(s)
	a.options.Log.Info("databases reloaded", "from", a.Describe())
	return nil
}

// Describe names the databases in use.
func (a *Atlas) Describe() string {
	var names []string
	for _, d := range a.shelf.Load().databases {
		names = append(names, fmt.Sprintf("%s (%s)", d.Path, d.Type))
	}
	return strings.Join(names, ", ")
}

// Lookup gives the place of an address as a JSON object, nil if no database
// knows the address. The bytes are shared and must not be changed.
func (a *Atlas) Lookup(addr netip.Addr) []byte {
	s := a.shelf.Load()
	s.mu.Lock()
	defer s.mu.Unlock()
	key, known := a.find(s, addr.Unmap().WithZone(""))
	if !known {
		return nil
	}
	place, ok := s.ready[key]
	if !ok {
		place = a.render(s, &key)
		if len(s.ready) >= maxPlaces {
			clear(s.ready)
		}
		s.ready[key] = place
	}
	return place
}

func (a *Atlas) find(s *shelf, addr netip.Addr) (key offsets, known bool) {
	for i, d := range s.databases {
		offset, err := d.offset(addr, &s.room)
		if err != nil {
			a.note(d, err)
		}
		key[i] = offset
		known = known || offset != noRecord
	}
	return key, known
}

func (a *Atlas) render(s *shelf, key *offsets) []byte {
	var place Place
	for i, d := range s.databases {
		if key[i] == noRecord {
			continue
		}
		p, err := d.place(key[i], a.options.Lang)
		if err != nil {
			a.note(d, err)
			continue
		}
		place.add(p)
	}
	return place.Append(nil)
}

// note counts a failed lookup and speaks of the first one.
func (a *Atlas) note(d *Database, err error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.faults++
	if a.fault != nil {
		return
	}
	a.fault = fmt.Errorf("database %s: %w", d.Path, err)
	a.options.Log.Warn(fmt.Sprintf("%v; its places are left out", a.fault))
}

// Err says whether lookups have failed because a database is damaged.
func (a *Atlas) Err() error {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.fault == nil {
		return nil
	}
	return fmt.Errorf("%d lookups failed, the first: %w", a.faults, a.fault)
}
