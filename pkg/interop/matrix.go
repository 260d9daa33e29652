//go:build interop

package interop

import (
	"context"
	"fmt"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"btkit/pkg/client"
)

// Places of the matrix on the stage.
const (
	placeMatrixSeed = 20
	placeRows       = 40  // first of the rows
	placeVisitors   = 100 // first of the visitors, one per question
)

// The torrents of the matrix. Those that stay as they are have no tracker and
// no seed, so their clients never meet; each question has one of its own, since
// most clients take one connection per address and torrent.
var (
	stillTorrents   = []string{"hold", "again5", "again60", "again300", "back", "full"}
	trackedTorrents = []string{"outhold", "outback"} // for clients that must be told whom to dial
)

const (
	stillBytes      = 100 * matrixPieceSize
	growBytes       = 300 * matrixPieceSize
	matrixPieceSize = 16 << 10
	// growRate is that at which a leecher needs about 100 s.
	growRate = 50_000
)

// Matrix is a stage with one client per row, and all its torrents.
type Matrix struct {
	Stage *Stage
	Dir   string
	Rows  []*row
	// Caps of this run.
	Long bool

	torrents map[string]*Torrent
	tracker  *Tracker
	seeds    []*libtorrent // of the torrent "grow", IPv4 and IPv6
	history  *history
	wire     *wire
	start    time.Time
	// Records of each question, by its name.
	mu      sync.Mutex
	answers map[string][]heard

	stopWatching func()
}

// newMatrix starts the tracker and all clients, gives them their torrents and
// waits until they have checked them. All of it ends with the test.
func newMatrix(t *testing.T, stage *Stage) *Matrix {
	t.Helper()
	m := &Matrix{Stage: stage, Dir: tempDir(t), Rows: matrixRows(), torrents: map[string]*Torrent{}, history: newHistory(), start: time.Now(), answers: map[string][]heard{}}
	for i, r := range m.Rows {
		r.place, r.cells, r.wants = byte(placeRows+i), map[string]client.Cell{}, map[*Torrent]int{}
	}
	m.makeTorrents(t)
	m.watch()
	t.Cleanup(m.end)
	m.startSeeds(t)
	var wg sync.WaitGroup
	failures := make([]error, len(m.Rows))
	for i, r := range m.Rows {
		wg.Go(func() { failures[i] = m.raise(r) })
	}
	wg.Wait()
	for i, err := range failures {
		if err != nil {
			t.Errorf("%s: %v", m.Rows[i].name(), err)
		}
	}
	if t.Failed() {
		t.FailNow()
	}
	t.Logf("%d clients are ready after %s", len(m.Rows), clock(m.start, time.Now()))
	return m
}

// makeTorrents writes the torrents and starts the tracker of some of them.
func (m *Matrix) makeTorrents(t *testing.T) {
	t.Helper()
	tracker := m.Stage.Addr(placeTracker)
	add := func(name string, bytes int, trackers []string) {
		made, err := newTorrent(m.Dir, name, uint64(len(m.torrents)+100), bytes, matrixPieceSize, trackers)
		if err != nil {
			t.Fatal(err)
		}
		m.torrents[name] = made
	}
	for _, name := range stillTorrents {
		add(name, stillBytes, nil)
	}
	for _, name := range trackedTorrents {
		add(name, stillBytes, trackerURLs(tracker))
	}
	add("grow", growBytes, trackerURLs(tracker))
	var all []*Torrent
	for _, made := range m.torrents {
		all = append(all, made)
	}
	var err error
	if m.tracker, err = startTracker(m.Stage.ctx, filepath.Join(m.Dir, "opentracker"), tracker, all); err != nil {
		t.Fatal(err)
	}
}

// startSeeds starts two that have all of "grow": the second for IPv6.
func (m *Matrix) startSeeds(t *testing.T) {
	t.Helper()
	for i, ip := range []netip.Addr{m.Stage.Addr(placeMatrixSeed), m.Stage.addr6(placeMatrixSeed)} {
		if err := m.Stage.raise6(ip); err != nil {
			t.Fatal(err)
		}
		name := fmt.Sprintf("seed%d", i)
		dir := filepath.Join(m.Dir, name)
		c, err := startLibtorrent(m.Stage.ctx, dir, name, netip.AddrPortFrom(ip, peerPort), nil, Choices{NoDHT: true})
		if err != nil {
			t.Fatal(err)
		}
		m.seeds = append(m.seeds, c.(*libtorrent))
		grow := m.torrents["grow"]
		if err := grow.save(dir); err != nil {
			t.Fatal(err)
		}
		if err := c.Add(m.Stage.ctx, grow, dir); err != nil {
			t.Fatal(err)
		}
	}
}

// raise starts the client of r and gives it the torrents that stay as they
// are and need no tracker.
func (m *Matrix) raise(r *row) error {
	ip := m.Stage.Addr(r.place)
	if r.ipv6 {
		ip = m.Stage.addr6(r.place)
	}
	if err := m.Stage.raise6(ip); err != nil {
		return err
	}
	if r.dialOnly {
		if err := m.Stage.shut(ip); err != nil {
			return err
		}
	}
	ctx, cancel := context.WithTimeout(m.Stage.ctx, time.Minute)
	defer cancel()
	r.choices.NoDHT, r.choices.Down = true, growRate
	var err error
	name := fmt.Sprintf("row%d", r.place)
	if r.Client, err = r.start(ctx, filepath.Join(m.Dir, name), name, netip.AddrPortFrom(ip, peerPort), nil, r.choices); err != nil {
		return err
	}
	if r.version, err = r.Version(ctx); err != nil {
		return err
	}
	if r.dialOnly {
		return nil // it gets its torrents when we are known to the tracker
	}
	for _, name := range stillTorrents {
		if err := m.fill(ctx, r, m.torrents[name]); err != nil {
			return err
		}
	}
	return nil
}

// fill gives r half of t and waits until it has checked what it has.
func (m *Matrix) fill(ctx context.Context, r *row, t *Torrent) error {
	want, err := r.have(ctx, t, m.folder(r))
	if err != nil {
		return err
	}
	for {
		status, err := r.Status(ctx, t)
		if err == nil && status.Have == want {
			r.expect(t, want)
			return nil
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("wait until it has %d pieces of %s: it says %d, %s (%v)", want, t.Name, status.Have, status.State, err)
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// folder is where the client of r keeps its downloads.
func (m *Matrix) folder(r *row) string {
	return filepath.Join(m.Dir, fmt.Sprintf("row%d", r.place), "downloads")
}

// watch keeps the clients' history until the matrix ends.
func (m *Matrix) watch() {
	ctx, cancel := context.WithCancel(m.Stage.ctx)
	var wg sync.WaitGroup
	wg.Go(func() { m.history.run(ctx) })
	m.stopWatching = func() { cancel(); wg.Wait() }
}

// end stops watching, then everybody.
func (m *Matrix) end() {
	m.stopWatching()
	var wg sync.WaitGroup
	for _, r := range m.Rows {
		if r.Client != nil {
			wg.Go(r.Close)
		}
	}
	for _, s := range m.seeds {
		wg.Go(s.Close)
	}
	wg.Wait()
	m.tracker.stop()
}
