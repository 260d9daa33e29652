//go:build interop

package interop

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// Places of the swarm's members on the stage.
const (
	placeTracker = 10 + iota
	placeLibtorrentSeed
	placeTransmissionSeed
	placeLibtorrentLeecher
	placeTransmissionLeecher
	placeProbe
	placeDHT // first of dhtNodes places
)

// dhtNodes is the size of the swarm's own DHT, the clients left out.
const dhtNodes = 16

// peerPort is where every client listens, TCP, uTP and DHT.
const peerPort = 51413

// The torrent, and a rate at which a leecher needs 75 to 110 s for it.
const (
	contentBytes = 32 << 20
	pieceBytes   = 64 << 10
	slowRate     = 450_000
)

// Swarm is a tracker and four clients, none of them ours.
type Swarm struct {
	Stage   *Stage
	Torrent *Torrent
	Tracker *Tracker
	// Folder of everything: DIR/swarm.torrent, DIR/CLIENT/CLIENT.log …
	Dir string
	// The clients, seeds first.
	Clients []Client
	// Nodes of the DHT that a newcomer may start from, the clients left out.
	Bootstrap []netip.AddrPort

	dht Client

	history      *history
	stopWatching func()
}

// newSwarm starts the tracker and the two seeds, and waits until both have
// checked their content. All of it ends with the test.
func newSwarm(t *testing.T, stage *Stage) *Swarm {
	t.Helper()
	s := &Swarm{Stage: stage, Dir: tempDir(t), history: newHistory()}
	tracker := stage.Addr(placeTracker)
	var err error
	if s.Torrent, err = newTorrent(s.Dir, "swarm", 1, contentBytes, pieceBytes, trackerURLs(tracker)); err != nil {
		t.Fatal(err)
	}
	if s.Tracker, err = startTracker(stage.ctx, filepath.Join(s.Dir, "opentracker"), tracker, []*Torrent{s.Torrent}); err != nil {
		t.Fatal(err)
	}
	s.watch()
	t.Cleanup(s.end)
	s.startDHT(t)
	s.join(t, member{start: startLibtorrent, name: "libtorrent-seed", place: placeLibtorrentSeed, seed: true})
	s.join(t, member{start: startTransmission, name: "transmission-seed", place: placeTransmissionSeed, seed: true})
	for _, c := range s.Clients {
		s.await(t, c.Name()+" to have all pieces", func() (bool, error) {
			status, err := c.Status(stage.ctx, s.Torrent)
			return status.Have == s.Torrent.Pieces, err
		})
	}
	return s
}

// tempDir is removed at the end of a test that passed; after one that failed
// it stays, since the clients' logs are in it.
func tempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "btkit-interop-")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("logs of the clients are kept in %s", dir)
			return
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	return dir
}

// addLeechers starts both slow leechers, Transmission first: on 127.x it
// waits to be dialled, and libtorrent dials whom it finds when it joins.
func (s *Swarm) addLeechers(t *testing.T) []Client {
	t.Helper()
	before := s.leechers(t)
	first := s.join(t, member{start: startTransmission, name: "transmission-leecher", place: placeTransmissionLeecher, choices: Choices{Down: slowRate, NoUTP: true}})
	s.await(t, "the tracker to know of the first leecher", func() (bool, error) { return s.leechers(t) > before, nil })
	second := s.join(t, member{start: startLibtorrent, name: "libtorrent-leecher", place: placeLibtorrentLeecher, choices: Choices{Down: slowRate}})
	return []Client{first, second}
}

// leechers is how many the tracker counts.
func (s *Swarm) leechers(t *testing.T) int {
	t.Helper()
	n, err := s.Tracker.leechers(s.Stage.ctx, s.Torrent)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// member is a client that joins the swarm.
type member struct {
	start   starter
	name    string
	place   byte
	seed    bool
	empty   bool // it gets no torrent yet
	choices Choices
}

// join starts one client with the DHT's nodes to start from, and gives it the
// torrent unless it shall be empty.
func (s *Swarm) join(t *testing.T, m member) Client {
	t.Helper()
	dir := filepath.Join(s.Dir, m.name)
	downloads := filepath.Join(dir, "downloads")
	err := os.MkdirAll(downloads, 0o755)
	if m.seed {
		err = s.Torrent.save(downloads)
	}
	if err != nil {
		t.Fatal(err)
	}
	c, err := m.start(s.Stage.ctx, dir, m.name, netip.AddrPortFrom(s.Stage.Addr(m.place), peerPort), s.Bootstrap, m.choices)
	if err != nil {
		t.Fatal(err)
	}
	s.Clients = append(s.Clients, c)
	if m.empty {
		return c
	}
	if err := c.Add(s.Stage.ctx, s.Torrent, downloads); err != nil {
		t.Fatal(err)
	}
	s.history.follow(c, s.Torrent)
	return c
}

// startDHT starts the DHT nodes that are not clients.
func (s *Swarm) startDHT(t *testing.T) {
	t.Helper()
	var ips []netip.Addr
	for i := range byte(dhtNodes) {
		ips = append(ips, s.Stage.Addr(placeDHT+i))
	}
	var err error
	if s.dht, err = startDHT(s.Stage.ctx, filepath.Join(s.Dir, "dht"), ips, peerPort); err != nil {
		t.Fatal(err)
	}
	for _, ip := range ips {
		s.Bootstrap = append(s.Bootstrap, netip.AddrPortFrom(ip, peerPort))
	}
}

// end stops watching, then everybody, all at once since a Transmission takes
// its time to say goodbye to the trackers, then the tracker.
func (s *Swarm) end() {
	s.stopWatching()
	var wg sync.WaitGroup
	for _, c := range s.Clients {
		wg.Go(c.Close)
	}
	wg.Wait()
	if s.dht != nil {
		s.dht.Close()
	}
	s.Tracker.stop()
}

// watch keeps the clients' history until the swarm ends.
func (s *Swarm) watch() {
	ctx, cancel := context.WithCancel(s.Stage.ctx)
	var wg sync.WaitGroup
	wg.Go(func() { s.history.run(ctx) })
	s.stopWatching = func() { cancel(); wg.Wait() }
}

// await looks every quarter of a second until ready is true; it fails the
// test when ready fails or the test's time is over.
func (s *Swarm) await(t *testing.T, what string, ready func() (bool, error)) {
	t.Helper()
	for {
		ok, err := ready()
		if err != nil {
			t.Fatalf("wait for %s: %v", what, err)
		}
		if ok {
			return
		}
		select {
		case <-s.Stage.ctx.Done():
			t.Fatalf("wait for %s: %v", what, s.Stage.ctx.Err())
		case <-time.After(250 * time.Millisecond):
		}
	}
}

// clock shows a time as seconds after start, for people.
func clock(start, at time.Time) string {
	return fmt.Sprintf("%.1f s", at.Sub(start).Seconds())
}
