//go:build interop

package interop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"sync"

	"btkit/pkg/client"
)

// row is one client of the matrix, in one setting.
type row struct {
	// Names of its family (client.Habits.Name), of itself, and of the setting.
	family, program, variant string
	start                    starter
	choices                  Choices
	ipv6                     bool
	// Whether nobody can connect to it, as behind a NAT.
	dialOnly bool

	Client
	place   byte
	version string

	mu    sync.Mutex
	cells map[string]client.Cell
	// Pieces that it has of the torrents that stay as they are.
	wants map[*Torrent]int
}

// starter runs a client that listens on addr.
type starter func(ctx context.Context, dir, name string, addr netip.AddrPort, bootstrap []netip.AddrPort, choices Choices) (Client, error)

// matrixRows are the clients of issue 3, in the order of the page.
func matrixRows() []*row {
	return []*row{
		{family: "Transmission 3", program: "Transmission", start: startTransmission},
		{family: "Transmission 3", program: "Transmission", variant: "encryption required", start: startTransmission, choices: Choices{Encrypted: true}},
		{family: "qBittorrent", program: "qBittorrent-nox", start: startQBittorrent},
		{family: "Deluge", program: "Deluge", start: startDeluge},
		{family: "libtorrent", program: "libtorrent", start: startLibtorrent},
		{family: "libtorrent", program: "libtorrent", variant: "MSE forced", start: startLibtorrent, choices: Choices{Encrypted: true}},
		{family: "libtorrent", program: "libtorrent", variant: "uTP only", start: startLibtorrent, choices: Choices{NoTCP: true}},
		{family: "libtorrent", program: "libtorrent", variant: "IPv6", start: startLibtorrent, ipv6: true},
		{family: "libtorrent", program: "libtorrent", variant: "dial-out only", start: startLibtorrent, dialOnly: true},
		{family: "rTorrent", program: "rTorrent", start: startRTorrent},
		{family: "aria2", program: "aria2", start: startAria2},
		{family: "aria2", program: "aria2", variant: "encryption required", start: startAria2, choices: Choices{Encrypted: true}},
	}
}

// name is what people see.
func (r *row) name() string {
	if r.variant == "" {
		return r.program
	}
	return r.program + " (" + r.variant + ")"
}

// seed is the start of its random numbers.
func (r *row) seed() uint64 { return uint64(r.place) }

// set fills a cell.
func (r *row) set(name string, c client.Cell) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.cells[name] = c
}

// expect notes that it has want pieces of t and will get no more.
func (r *row) expect(t *Torrent, want int) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.wants[t] = want
}

// stayed fails if it has other pieces now than at the start.
func (r *row) stayed(ctx context.Context) error {
	for t, want := range r.wants {
		status, err := r.Status(ctx, t)
		if err != nil {
			return err
		}
		if status.Have != want {
			return fmt.Errorf("%s: had %d pieces of %s at the start, %d at the end", r.name(), want, t.Name, status.Have)
		}
	}
	return nil
}

// have gives it t with about half of the pieces on disk, and reports how
// many. The rest is nowhere, so the client stays as it is.
func (r *row) have(ctx context.Context, t *Torrent, dir string) (int, error) {
	content := make([]byte, len(t.content))
	size := (len(content) + t.Pieces - 1) / t.Pieces
	random := rand.New(rand.NewPCG(r.seed(), t.seed))
	there := 0
	for i := range t.Pieces {
		if random.IntN(2) == 0 {
			there++
			from, to := i*size, min((i+1)*size, len(content))
			copy(content[from:to], t.content[from:to])
		}
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return 0, fmt.Errorf("make folder of content: %w", err)
	}
	if err := os.WriteFile(filepath.Join(dir, t.Name), content, 0o644); err != nil {
		return 0, fmt.Errorf("write content: %w", err)
	}
	return there, r.Add(ctx, t, dir)
}
