//go:build interop

package interop

import (
	"bufio"
	"context"
	_ "embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"time"
)

//go:embed libtorrent_driver.py
var libtorrentDriver string

// debianPython is where python3-libtorrent is to be found; a python3 found
// first on PATH may be another one.
const debianPython = "/usr/bin/python3"

// libtorrent is one session of libtorrent (Rasterbar) in a Python process
// that takes lines of JSON.
type libtorrent struct {
	*process
	name string
	addr netip.AddrPort
	in   io.WriteCloser

	mu      sync.Mutex
	lastID  int
	waiting map[int]chan libtorrentReply
	ended   bool
	heard   chan struct{} // closed when the reader has ended
}

// libtorrentReply is one line from the driver: an answer or an event.
type libtorrentReply struct {
	ID       int     `json:"id"`
	OK       bool    `json:"ok"`
	Error    string  `json:"error"`
	Event    string  `json:"event"`
	TS       float64 `json:"ts"`
	What     string  `json:"what"`
	Text     string  `json:"text"`
	Have     int     `json:"have"`
	Pieces   int     `json:"pieces"`
	Bitfield []byte  `json:"bitfield"`
	State    string  `json:"state"`
	Port     uint16  `json:"port"`
	DHTNodes int     `json:"dht_nodes"`
	Peers    []struct {
		IP       string `json:"ip"`
		Port     uint16 `json:"port"`
		Client   string `json:"client"`
		Incoming bool   `json:"incoming"`
	} `json:"peers"`
}

// startLibtorrent runs a session that listens on addr, with the DHT nodes of
// bootstrap to start from.
func startLibtorrent(ctx context.Context, dir, name string, addr netip.AddrPort, bootstrap []netip.AddrPort, choices Choices) (Client, error) {
	return runLibtorrent(ctx, dir, name, map[string]any{
		"download_rate_limit": choices.Down, "upload_rate_limit": choices.Up,
		"limit_local_peers": addr.Addr().IsLoopback(),
	}, addr, bootstrap)
}

// startDHT runs a DHT of libtorrent nodes, one per address, all on port. A
// DHT of the clients alone would be too small: Transmission takes one with
// fewer than nine nodes for broken and does not announce there.
func startDHT(ctx context.Context, dir string, ips []netip.Addr, port uint16) (Client, error) {
	var all []netip.AddrPort
	for _, ip := range ips {
		all = append(all, netip.AddrPortFrom(ip, port))
	}
	return runLibtorrent(ctx, dir, "dht", map[string]any{"nodes": ips[1:]}, all[0], all)
}

func runLibtorrent(ctx context.Context, dir, name string, config map[string]any, addr netip.AddrPort, bootstrap []netip.AddrPort) (Client, error) {
	if err := exec.CommandContext(ctx, debianPython, "-c", "import libtorrent").Run(); err != nil {
		return nil, fmt.Errorf("python3-libtorrent is not installed (make interop installs it): %w", err)
	}
	config["ip"], config["port"], config["bootstrap"] = addr.Addr(), addr.Port(), bootstrap
	encoded, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("encode configuration of %s: %w", name, err)
	}
	cmd := exec.Command(debianPython, "-c", libtorrentDriver, string(encoded))
	in, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("open input of %s: %w", name, err)
	}
	out, outSide, err := os.Pipe()
	if err != nil {
		return nil, fmt.Errorf("open output of %s: %w", name, err)
	}
	cmd.Stdout = outSide
	p, err := launch(name, dir, cmd)
	outSide.Close()
	if err != nil {
		out.Close()
		return nil, err
	}
	c := &libtorrent{process: p, name: name, addr: addr, in: in, waiting: map[int]chan libtorrentReply{}, heard: make(chan struct{})}
	go c.listen(out, filepath.Join(dir, name+".alerts"))
	return c, c.listening(ctx)
}

// listening checks that the session got the port it was told to take.
func (c *libtorrent) listening(ctx context.Context) error {
	info, err := c.ask(ctx, "info", nil)
	if err == nil && info.Port != c.addr.Port() {
		err = fmt.Errorf("listens on port %d, want %d", info.Port, c.addr.Port())
	}
	if err != nil {
		c.Close()
		return fmt.Errorf("start %s: %w: %s", c.name, err, c.lastWords())
	}
	return nil
}

// listen hands every answer to the one who waits for it, and keeps alerts in
// a file. It ends with the driver.
func (c *libtorrent) listen(out *os.File, alerts string) {
	defer close(c.heard)
	defer out.Close()
	log, err := os.Create(alerts)
	if err != nil {
		log = os.Stderr
	} else {
		defer log.Close()
	}
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var reply libtorrentReply
		if err := json.Unmarshal(lines.Bytes(), &reply); err != nil || reply.Event != "" {
			fmt.Fprintf(log, "%s\n", lines.Bytes())
			continue
		}
		c.mu.Lock()
		if waiting := c.waiting[reply.ID]; waiting != nil {
			waiting <- reply
		}
		delete(c.waiting, reply.ID)
		c.mu.Unlock()
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.ended = true
	for _, waiting := range c.waiting {
		close(waiting)
	}
}

// ask sends one command and waits for its answer.
func (c *libtorrent) ask(ctx context.Context, do string, members map[string]any) (libtorrentReply, error) {
	answer, err := c.send(do, members)
	if err != nil {
		return libtorrentReply{}, err
	}
	select {
	case reply, ok := <-answer:
		if !ok {
			return reply, fmt.Errorf("%s: %s: session has ended", c.name, do)
		}
		if !reply.OK {
			return reply, fmt.Errorf("%s: %s: %s", c.name, do, reply.Error)
		}
		return reply, nil
	case <-ctx.Done():
		return libtorrentReply{}, fmt.Errorf("%s: %s: %w", c.name, do, ctx.Err())
	}
}

// send writes one command; its answer comes on the channel, which holds one,
// so the reader never waits for us.
func (c *libtorrent) send(do string, members map[string]any) (<-chan libtorrentReply, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.ended {
		return nil, errors.New(c.name + ": session has ended")
	}
	c.lastID++
	command := map[string]any{"id": c.lastID, "do": do}
	for name, value := range members {
		command[name] = value
	}
	line, err := json.Marshal(command)
	if err != nil {
		return nil, fmt.Errorf("%s: encode %s: %w", c.name, do, err)
	}
	answer := make(chan libtorrentReply, 1)
	c.waiting[c.lastID] = answer
	if _, err := c.in.Write(append(line, '\n')); err != nil {
		return nil, fmt.Errorf("%s: send %s: %w", c.name, do, err)
	}
	return answer, nil
}

func (c *libtorrent) Name() string         { return c.name }
func (c *libtorrent) Addr() netip.AddrPort { return c.addr }

func (c *libtorrent) Add(ctx context.Context, t *Torrent, dir string) error {
	_, err := c.ask(ctx, "add", map[string]any{"name": t.Name, "torrent": t.Path, "dir": dir})
	return err
}

func (c *libtorrent) Remove(ctx context.Context, t *Torrent) error {
	_, err := c.ask(ctx, "remove", map[string]any{"name": t.Name})
	return err
}

func (c *libtorrent) Reannounce(ctx context.Context, t *Torrent) error {
	_, err := c.ask(ctx, "reannounce", map[string]any{"name": t.Name})
	return err
}

func (c *libtorrent) Status(ctx context.Context, t *Torrent) (Status, error) {
	asked := time.Now()
	r, err := c.ask(ctx, "status", map[string]any{"name": t.Name})
	return Status{Asked: asked, Answered: time.Now(), Have: r.Have, Pieces: t.Pieces, Bitfield: r.Bitfield, State: r.State}, err
}

func (c *libtorrent) Peers(ctx context.Context, t *Torrent) ([]Connection, error) {
	r, err := c.ask(ctx, "peers", map[string]any{"name": t.Name})
	var open []Connection
	for _, p := range r.Peers {
		ip, bad := netip.ParseAddr(p.IP)
		if bad != nil {
			return nil, fmt.Errorf("%s: peer %q: %w", c.name, p.IP, bad)
		}
		open = append(open, Connection{Addr: netip.AddrPortFrom(ip, p.Port), Client: p.Client, Incoming: p.Incoming})
	}
	return open, err
}

func (c *libtorrent) DHTNodes(ctx context.Context) (int, error) {
	r, err := c.ask(ctx, "info", nil)
	return r.DHTNodes, err
}

// Close ends the driver by the end of its input, by signals if it hangs.
func (c *libtorrent) Close() {
	c.in.Close()
	select {
	case <-c.done:
	case <-time.After(patience):
	}
	c.stop()
	<-c.heard
}
