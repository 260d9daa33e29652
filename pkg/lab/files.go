package lab

import (
	"bufio"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"time"

	"btkit/pkg/geo/geotest"
	"btkit/pkg/record"
)

// Names of the files in the lab's folder, beside a .torrent file for each
// torrent.
const (
	MagnetsFile = "magnets"      // a magnet link per line
	NodesFile   = "nodes"        // some nodes of the DHT, as bt-peers-dht keeps them
	EnvFile     = "env"          // what Environ says, for "." of a shell
	GeoFolder   = "geoip"        // invented places of the 127.x addresses
	TruthFile   = "truth.ndjson" // unless another name is given
)

// bootstraps is how many nodes of the DHT are given away.
const bootstraps = 8

// trackers is what the torrents name.
func (l *Lab) trackers() []string {
	if l.extraTracker() != "" {
		return []string{l.tracker.HTTPURL()}
	}
	return []string{l.tracker.HTTPURL(), l.tracker.UDPURL()}
}

// extraTracker is what only peers tell of (BEP 28), if they do.
func (l *Lab) extraTracker() string {
	if l.Script.Options.Tex > 0 {
		return l.tracker.UDPURL()
	}
	return ""
}

func (l *Lab) torrentPath(i int) string {
	return filepath.Join(l.Dir, l.Script.Torrents[i].Name+".torrent")
}

// writeFiles writes torrents, magnet links and nodes.
func (l *Lab) writeFiles() error {
	var magnets strings.Builder
	for i := range l.Script.Torrents {
		t := &l.Script.Torrents[i]
		if err := os.WriteFile(l.torrentPath(i), t.File(l.trackers()), 0o644); err != nil {
			return fmt.Errorf("write torrent: %w", err)
		}
		fmt.Fprintf(&magnets, "magnet:?xt=urn:btih:%x&dn=%s", t.InfoHash, url.QueryEscape(t.Name))
		for _, tr := range l.trackers() {
			fmt.Fprintf(&magnets, "&tr=%s", url.QueryEscape(tr))
		}
		magnets.WriteByte('\n')
	}
	if err := os.WriteFile(filepath.Join(l.Dir, MagnetsFile), []byte(magnets.String()), 0o644); err != nil {
		return fmt.Errorf("write magnet links: %w", err)
	}
	nodes := "btkit-dht-nodes 1\n"
	for _, c := range l.dht.Contacts()[:min(bootstraps, l.opt.Nodes)] {
		nodes += fmt.Sprintf("%x %v %d\n", c.ID, c.Addr, time.Now().Unix())
	}
	if err := os.WriteFile(filepath.Join(l.Dir, NodesFile), []byte(nodes), 0o644); err != nil {
		return fmt.Errorf("write nodes: %w", err)
	}
	if err := geotest.Write(filepath.Join(l.Dir, GeoFolder)); err != nil {
		return err
	}
	return l.writeEnv()
}

func (l *Lab) writeEnv() error {
	var b strings.Builder
	for _, setting := range l.Environ() {
		name, value, _ := strings.Cut(setting, "=")
		fmt.Fprintf(&b, "export %s='%s'\n", name, strings.ReplaceAll(value, "'", `'\''`))
	}
	if err := os.WriteFile(filepath.Join(l.Dir, EnvFile), []byte(b.String()), 0o644); err != nil {
		return fmt.Errorf("write environment: %w", err)
	}
	return nil
}

// Environ is what a command finds in its environment, beside what is there.
// Without BT_BOOTSTRAP and BT_ALLOW_PRIVATE the toolkit would keep away from the lab and turn to the
// public DHT.
func (l *Lab) Environ() []string {
	var torrents, nodes []string
	for i := range l.Script.Torrents {
		torrents = append(torrents, l.torrentPath(i))
	}
	for _, c := range l.dht.Contacts()[:min(bootstraps, l.opt.Nodes)] {
		nodes = append(nodes, c.Addr.String())
	}
	return []string{
		"BT_LAB_DIR=" + l.Dir,
		"BT_LAB_TORRENTS=" + strings.Join(torrents, " "),
		"BT_LAB_MAGNETS=" + filepath.Join(l.Dir, MagnetsFile),
		"BT_LAB_NODES=" + filepath.Join(l.Dir, NodesFile),
		"BT_LAB_BOOTSTRAP=" + strings.Join(nodes, ","),
		"BT_LAB_TRACKER_HTTP=" + l.tracker.HTTPURL(),
		"BT_LAB_TRACKER_UDP=" + l.tracker.UDPURL(),
		"BT_LAB_DURATION=" + l.Script.Options.Duration.String(),
		"BT_BOOTSTRAP=" + strings.Join(nodes, ","),
		"BT_ALLOW_PRIVATE=1",
		"BT_GEOIP=" + filepath.Join(l.Dir, GeoFolder),
	}
}

// grace is what a chain is given after the end of the play.
const grace = 5 * time.Second

// Defaults is settings that suit a play of this span on a network of one's own,
// for the toolkit's flags that nobody has set.
func (l *Lab) Defaults() []string {
	o := l.Script.Options
	return []string{
		fmt.Sprintf("BT_FOR=%v", o.Duration+grace),
		"BT_LISTEN=127.0.0.1:0",
		"BT_LSD_INTERFACE=lo",
		fmt.Sprintf("BT_TRACKER_EVERY=%ds", max(l.opt.IntervalS, 1)),
		"BT_TRACKER_IMPATIENT=1",
		"BT_PER_NET=0",
		"BT_RATE=1000",
		"BT_DHT_EVERY=30s",
		"BT_IMPATIENT=1",
		fmt.Sprintf("BT_REVISIT=%v", max(5*time.Second, time.Duration(60*o.Pace)*time.Second)),
	}
}

// WriteTruth writes the truth about every peer that came. The lab must have been
// closed.
func (l *Lab) WriteTruth(path string) (err error) {
	f, err := os.Create(path)
	if err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := bufio.NewWriter(f)
	w := record.NewWriter(b, "bt-lab", record.NewRun(), false)
	for _, t := range l.swarm.Truth() {
		if err := w.Put(t); err != nil {
			return fmt.Errorf("write truth: %w", err)
		}
	}
	if err := errors.Join(w.Close(), b.Flush()); err != nil {
		return fmt.Errorf("write truth: %w", err)
	}
	return nil
}
