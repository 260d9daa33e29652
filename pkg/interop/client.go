//go:build interop

package interop

import (
	"context"
	"net/netip"
	"time"
)

// Client is one real client, driven by its own programming interface.
type Client interface {
	// Name is the name of this client in the swarm, such as "libtorrent-seed".
	Name() string
	// Addr is where it takes connections from peers.
	Addr() netip.AddrPort
	// Add gives it a torrent whose content lies, or shall lie, in dir.
	Add(ctx context.Context, t *Torrent, dir string) error
	// Remove takes the torrent away, as a user who leaves the swarm.
	Remove(ctx context.Context, t *Torrent) error
	// Status is what it says about its progress.
	Status(ctx context.Context, t *Torrent) (Status, error)
	// Peers lists its open connections.
	Peers(ctx context.Context, t *Torrent) ([]Connection, error)
	// Reannounce makes it ask its trackers now.
	Reannounce(ctx context.Context, t *Torrent) error
	// Limit has it keep at most peers connections for the torrent.
	Limit(ctx context.Context, t *Torrent, peers int) error
	// Version is the program's own word for it.
	Version(ctx context.Context) (string, error)
	// DHTNodes is the size of its routing table, -1 if it doesn't tell.
	DHTNodes(ctx context.Context) (int, error)
	// Close ends it.
	Close()
}

// Status is a client's own report.
type Status struct {
	// When the client was asked and had answered.
	Asked, Answered time.Time
	// Pieces that it has, and pieces of the torrent.
	Have, Pieces int
	// One bit per piece, first piece in the highest bit.
	Bitfield []byte
	// What it is doing, in its own words.
	State string
}

// Connection is one of a client's own connections.
type Connection struct {
	Addr     netip.AddrPort
	Client   string
	Incoming bool
}

// Choices are the settings of a client that differ from its defaults.
type Choices struct {
	// Rates in bytes per second; zero sets no limit.
	Down, Up int
	// Whether to use TCP alone. Transmission 3.00 tries uTP first, and where that
	// stays unanswered it opens a TCP connection and closes it without a byte.
	NoUTP bool
	// Whether to use uTP alone.
	NoTCP bool
	// Whether to refuse conversations in the clear.
	Encrypted bool
	// Whether to stay out of the DHT.
	NoDHT bool
}
