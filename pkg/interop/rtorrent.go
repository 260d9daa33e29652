//go:build interop

package interop

import (
	"context"
	"encoding/hex"
	"fmt"
	"math/bits"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"
)

// rtorrent is one rtorrent without its screen, driven by XML-RPC.
type rtorrent struct {
	*process
	name   string
	addr   netip.AddrPort
	socket string
}

// startRTorrent runs an rtorrent that listens on addr.
func startRTorrent(ctx context.Context, dir, name string, addr netip.AddrPort, _ []netip.AddrPort, choices Choices) (Client, error) {
	path, err := find("rtorrent")
	if err != nil {
		return nil, err
	}
	if err := os.MkdirAll(filepath.Join(dir, "session"), 0o755); err != nil {
		return nil, fmt.Errorf("make folder of %s: %w", name, err)
	}
	c := &rtorrent{name: name, addr: addr, socket: filepath.Join(dir, "rpc")}
	rc := filepath.Join(dir, "rtorrent.rc")
	if err := makeDir(dir, map[string]string{"rtorrent.rc": rtorrentConfig(dir, c.socket, addr, choices)}); err != nil {
		return nil, err
	}
	cmd := exec.Command(path, "-n", "-o", "import="+rc)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	if c.process, err = launch(name, dir, cmd); err != nil {
		return nil, err
	}
	return c, c.ready(ctx)
}

// rtorrentConfig is what a user would set; all else is the default.
func rtorrentConfig(dir, socket string, addr netip.AddrPort, choices Choices) string {
	encryption := "allow_incoming,try_outgoing,enable_retry"
	if choices.Encrypted {
		encryption = "require,require_rc4,allow_incoming,try_outgoing"
	}
	dht := "auto"
	if choices.NoDHT {
		dht = "off"
	}
	return fmt.Sprintf(`system.daemon.set = true
session.path.set = %[1]s/session
directory.default.set = %[1]s
network.scgi.open_local = %[2]s
network.bind_address.set = %[3]s
network.port_range.set = %[4]d-%[4]d
network.port_random.set = no
protocol.encryption.set = %[5]s
protocol.pex.set = yes
trackers.use_udp.set = yes
dht.mode.set = %[6]s
throttle.global_down.max_rate.set_kb = %[7]d
throttle.global_up.max_rate.set_kb = %[8]d
`, dir, socket, addr.Addr(), addr.Port(), encryption, dht, choices.Down/1000, choices.Up/1000)
}

// ready returns when it answers; it fails, and stops the process, when that
// ends first or ctx does.
func (c *rtorrent) ready(ctx context.Context) error {
	for {
		if _, err := c.Version(ctx); err == nil {
			return nil
		}
		select {
		case <-c.done:
			return fmt.Errorf("%s ended at its start: %v: %s", c.name, c.err, c.lastWords())
		case <-ctx.Done():
			c.stop()
			return fmt.Errorf("wait for %s: %w", c.name, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

func (c *rtorrent) Name() string         { return c.name }
func (c *rtorrent) Addr() netip.AddrPort { return c.addr }

func (c *rtorrent) call(ctx context.Context, method string, arguments ...string) (xmlrpcValue, error) {
	answer, err := callSCGI(ctx, c.socket, method, arguments...)
	if err != nil {
		return answer, fmt.Errorf("%s: %s: %w", c.name, method, err)
	}
	return answer, nil
}

// target names t in the RPC's way.
func target(t *Torrent) string { return fmt.Sprintf("%X", t.InfoHash) }

func (c *rtorrent) Add(ctx context.Context, t *Torrent, dir string) error {
	_, err := c.call(ctx, "load.start", "", t.Path, "d.directory.set="+dir)
	return err
}

func (c *rtorrent) Remove(ctx context.Context, t *Torrent) error {
	_, err := c.call(ctx, "d.erase", target(t))
	return err
}

func (c *rtorrent) Reannounce(ctx context.Context, t *Torrent) error {
	_, err := c.call(ctx, "d.tracker_announce", target(t))
	return err
}

func (c *rtorrent) Status(ctx context.Context, t *Torrent) (Status, error) {
	asked := time.Now()
	field, err := c.call(ctx, "d.bitfield", target(t))
	if err != nil {
		return Status{}, err
	}
	s := Status{Asked: asked, Answered: time.Now(), Pieces: t.Pieces, Bitfield: make([]byte, (t.Pieces+7)/8), State: "open"}
	have, err := hex.DecodeString(field.text())
	if err != nil {
		return s, fmt.Errorf("%s: bitfield %q: %w", c.name, field.text(), err)
	}
	copy(s.Bitfield, have)
	for _, b := range s.Bitfield {
		s.Have += bits.OnesCount8(b)
	}
	hashing, err := c.call(ctx, "d.hashing", target(t))
	if hashing.text() != "0" {
		s.State = "checking"
	}
	return s, err
}

func (c *rtorrent) Peers(ctx context.Context, t *Torrent) ([]Connection, error) {
	rows, err := c.call(ctx, "p.multicall", target(t), "", "p.address=", "p.port=", "p.client_version=", "p.is_incoming=")
	if err != nil {
		return nil, err
	}
	var open []Connection
	for _, row := range rows.Array {
		if len(row.Array) != 4 {
			return nil, fmt.Errorf("%s: peer %v, want four columns", c.name, row)
		}
		addr, err := netip.ParseAddrPort(row.Array[0].text() + ":" + row.Array[1].text())
		if err != nil {
			return nil, fmt.Errorf("%s: peer: %w", c.name, err)
		}
		open = append(open, Connection{Addr: addr, Client: row.Array[2].text(), Incoming: row.Array[3].text() == "1"})
	}
	return open, nil
}

func (c *rtorrent) Limit(ctx context.Context, t *Torrent, peers int) error {
	for _, limit := range []string{"d.peers_max.set", "d.peers_min.set"} {
		if _, err := c.call(ctx, limit, target(t), strconv.Itoa(peers)); err != nil {
			return err
		}
	}
	return nil
}

func (c *rtorrent) Version(ctx context.Context) (string, error) {
	answer, err := c.call(ctx, "system.client_version")
	return answer.text(), err
}

// DHTNodes is left out: no test has its DHT on.
func (c *rtorrent) DHTNodes(context.Context) (int, error) { return -1, nil }

// Close ends it; it says "stopped" to its trackers first.
func (c *rtorrent) Close() { c.stop() }
