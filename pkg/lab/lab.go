package lab

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"

	"btkit/pkg/lab/dhtd"
	"btkit/pkg/lab/script"
	"btkit/pkg/lab/swarm"
	"btkit/pkg/lab/trackerd"
	"btkit/pkg/manners"
)

// Options of a lab.
type Options struct {
	Script script.Options
	// Folder for the files; "" means a new one among the temporary files.
	Dir string
	// Nodes of the DHT.
	Nodes int
	// Seconds between announces that the tracker asks for.
	IntervalS int
	// Most peers of a tracker's answer.
	Peers int
}

// Lab is everything that runs.
type Lab struct {
	Script *script.Script
	// Folder with the files.
	Dir     string
	opt     Options
	table   *trackerd.Table
	tracker *trackerd.Server
	dht     *dhtd.Net
	swarm   *swarm.Swarm
	began   time.Time
}

// ErrDescriptors says that the limit on open files is too low.
var ErrDescriptors = errors.New("limit on open files is too low")

// Open starts tracker and DHT and writes the files. The peers come with Start.
func Open(o Options) (*Lab, error) {
	s, err := script.New(o.Script)
	if err != nil {
		return nil, err
	}
	if err := roomFor(swarm.Descriptors(s) + o.Nodes); err != nil {
		return nil, err
	}
	l := &Lab{Script: s, opt: o}
	if err := l.open(); err != nil {
		return nil, errors.Join(err, l.closeServers())
	}
	return l, nil
}

func roomFor(files int) error {
	has, err := manners.Descriptors()
	if err != nil {
		return err
	}
	if files > has {
		return fmt.Errorf("%w: %d are needed, there are %d", ErrDescriptors, files+manners.Reserve, has+manners.Reserve)
	}
	return nil
}

func (l *Lab) open() error {
	if err := l.folder(); err != nil {
		return err
	}
	var hashes []trackerd.Hash
	for i := range l.Script.Torrents {
		hashes = append(hashes, l.Script.Torrents[i].InfoHash)
	}
	seed := l.Script.Options.Seed
	l.table = trackerd.NewTable(rand.New(rand.NewPCG(seed, 5)), hashes...)
	var err error
	if l.tracker, err = trackerd.Open(l.table, trackerd.Options{IntervalS: l.opt.IntervalS, Peers: l.opt.Peers}); err != nil {
		return err
	}
	// Whoever announces to the DHT is dialled like one who announces to the
	// tracker.
	l.dht, err = dhtd.Open(dhtd.Options{Nodes: l.opt.Nodes, Seed: seed, Announced: func(hash dhtd.ID, addr netip.AddrPort) {
		l.table.Welcome(hash, addr)
	}})
	if err != nil {
		return err
	}
	return l.writeFiles()
}

func (l *Lab) folder() (err error) {
	if l.opt.Dir == "" {
		l.Dir, err = os.MkdirTemp("", "bt-lab-")
	} else {
		l.Dir, err = whole(l.opt.Dir), os.MkdirAll(l.opt.Dir, 0o755)
	}
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	return nil
}

// whole is the absolute path of a folder, so that the command may go elsewhere. It
// stays as given when only the absolute one has a space, which would break the
// list of torrents.
func whole(dir string) string {
	abs, err := filepath.Abs(dir)
	if err != nil || strings.ContainsAny(abs, " \t\n") && !strings.ContainsAny(dir, " \t\n") {
		return dir
	}
	return abs
}

// Start lets the play begin.
func (l *Lab) Start() error {
	var err error
	l.began = time.Now()
	l.swarm, err = swarm.Start(swarm.Options{Script: l.Script, Table: l.table, Trackers: l.trackers(), Extra: l.extraTracker(),
		Announce: func(hash [20]byte, addr netip.AddrPort, seed bool) {
			// The DHT of the lab is one of IPv4.
			if addr.Addr().Is4() {
				l.dht.Put(hash, addr, dhtd.Entry{Seed: seed})
			}
		}})
	return err
}

// Status is a line for people on how the play stands.
func (l *Lab) Status() string {
	if l.swarm == nil {
		return "not begun"
	}
	s := l.swarm.Stats()
	text := fmt.Sprintf("%v: %d peers here, %d of %d have crossed, %d met, %d connections", time.Since(l.began).Round(time.Second),
		s.Here, s.Crossed, l.Script.Options.Finishing, s.Met, s.Conns)
	if s.Refused > 0 {
		text += fmt.Sprintf(", %d refused for want of a slot", s.Refused)
	}
	return text
}

// Requests is the number of times that content was asked for.
func (l *Lab) Requests() int64 { return l.swarm.Stats().Requests }

// Close ends the play, then tracker and DHT.
func (l *Lab) Close() error {
	var err error
	if l.swarm != nil {
		err = l.swarm.Close()
	}
	return errors.Join(err, l.closeServers())
}

func (l *Lab) closeServers() error {
	var err error
	if l.tracker != nil {
		err = l.tracker.Close()
	}
	if l.dht != nil {
		err = errors.Join(err, l.dht.Close())
	}
	return err
}
