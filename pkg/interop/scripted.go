//go:build interop

package interop

import (
	"bufio"
	"context"
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

// debianPython is where the modules of Debian's packages are to be found; a
// python3 found first on PATH may be another one.
const debianPython = "/usr/bin/python3"

// scripted is a client behind a Python program that takes lines of JSON.
type scripted struct {
	*process
	name string
	addr netip.AddrPort
	in   io.WriteCloser

	mu      sync.Mutex
	lastID  int
	waiting map[int]chan scriptReply
	ended   bool
	heard   chan struct{} // closed when the reader has ended
}

// scriptReply is one line from the program: an answer or an event.
type scriptReply struct {
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
	Version  string  `json:"version"`
	Peers    []struct {
		IP       string `json:"ip"`
		Port     uint16 `json:"port"`
		Client   string `json:"client"`
		Incoming bool   `json:"incoming"`
	} `json:"peers"`
}

// runScript starts script, which needs the Python modules named, with config
// as its argument, and waits until its client listens on addr.
func runScript(ctx context.Context, dir, name, script, modules string, config map[string]any, addr netip.AddrPort) (*scripted, error) {
	if err := exec.CommandContext(ctx, debianPython, "-c", "import "+modules).Run(); err != nil {
		return nil, fmt.Errorf("modules %s of Python are not installed (make interop installs them): %w", modules, err)
	}
	encoded, err := json.Marshal(config)
	if err != nil {
		return nil, fmt.Errorf("encode configuration of %s: %w", name, err)
	}
	cmd := exec.Command(debianPython, "-c", script, string(encoded))
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
	c := &scripted{process: p, name: name, addr: addr, in: in, waiting: map[int]chan scriptReply{}, heard: make(chan struct{})}
	go c.listen(out, filepath.Join(dir, name+".alerts"))
	return c, c.listening(ctx)
}

// listening checks that the session got the port it was told to take.
func (c *scripted) listening(ctx context.Context) error {
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
func (c *scripted) listen(out *os.File, alerts string) {
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
		var reply scriptReply
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
func (c *scripted) ask(ctx context.Context, do string, members map[string]any) (scriptReply, error) {
	answer, err := c.send(do, members)
	if err != nil {
		return scriptReply{}, err
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
		return scriptReply{}, fmt.Errorf("%s: %s: %w", c.name, do, ctx.Err())
	}
}

// send writes one command; its answer comes on the channel, which holds one,
// so the reader never waits for us.
func (c *scripted) send(do string, members map[string]any) (<-chan scriptReply, error) {
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
	answer := make(chan scriptReply, 1)
	c.waiting[c.lastID] = answer
	if _, err := c.in.Write(append(line, '\n')); err != nil {
		return nil, fmt.Errorf("%s: send %s: %w", c.name, do, err)
	}
	return answer, nil
}

func (c *scripted) Name() string         { return c.name }
func (c *scripted) Addr() netip.AddrPort { return c.addr }

func (c *scripted) Add(ctx context.Context, t *Torrent, dir string) error {
	_, err := c.ask(ctx, "add", map[string]any{"name": t.Name, "torrent": t.Path, "dir": dir})
	return err
}

func (c *scripted) Remove(ctx context.Context, t *Torrent) error {
	_, err := c.ask(ctx, "remove", map[string]any{"name": t.Name})
	return err
}

func (c *scripted) Reannounce(ctx context.Context, t *Torrent) error {
	_, err := c.ask(ctx, "reannounce", map[string]any{"name": t.Name})
	return err
}

func (c *scripted) Limit(ctx context.Context, t *Torrent, peers int) error {
	_, err := c.ask(ctx, "limit", map[string]any{"name": t.Name, "peers": peers})
	return err
}

func (c *scripted) Version(ctx context.Context) (string, error) {
	r, err := c.ask(ctx, "info", nil)
	return r.Version, err
}

func (c *scripted) Status(ctx context.Context, t *Torrent) (Status, error) {
	asked := time.Now()
	r, err := c.ask(ctx, "status", map[string]any{"name": t.Name})
	return Status{Asked: asked, Answered: time.Now(), Have: r.Have, Pieces: t.Pieces, Bitfield: r.Bitfield, State: r.State}, err
}

func (c *scripted) Peers(ctx context.Context, t *Torrent) ([]Connection, error) {
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

func (c *scripted) DHTNodes(ctx context.Context) (int, error) {
	r, err := c.ask(ctx, "info", nil)
	return r.DHTNodes, err
}

// Close ends the driver by the end of its input, by signals if it hangs.
func (c *scripted) Close() {
	c.in.Close()
	select {
	case <-c.done:
	case <-time.After(patience):
	}
	c.stop()
	<-c.heard
}
