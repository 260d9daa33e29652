//go:build interop

package interop

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/bits"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"strconv"
	"sync"
	"time"
)

// aria2Port is aria2's own default for RPC.
const aria2Port = 6800

// aria2 is one aria2c, driven by its JSON-RPC.
type aria2 struct {
	*process
	name string
	addr netip.AddrPort
	url  string

	mu sync.Mutex
	// aria2's own numbers of the torrents, by name.
	gids map[string]string
}

// startAria2 runs an aria2c that listens on addr.
func startAria2(ctx context.Context, dir, name string, addr netip.AddrPort, _ []netip.AddrPort, choices Choices) (Client, error) {
	path, err := find("aria2c")
	if err != nil {
		return nil, err
	}
	// Downloads at a time, since the tests have a torrent for each question;
	// seeding goes on for ever.
	cmd := exec.Command(path, "--no-conf", "--enable-rpc", "--rpc-listen-all", fmt.Sprintf("--rpc-listen-port=%d", aria2Port),
		"--interface="+addr.Addr().String(), fmt.Sprintf("--listen-port=%d", addr.Port()), "--max-concurrent-downloads=50",
		"--enable-dht="+strconv.FormatBool(!choices.NoDHT), "--bt-require-crypto="+strconv.FormatBool(choices.Encrypted),
		fmt.Sprintf("--max-overall-download-limit=%d", choices.Down), fmt.Sprintf("--max-overall-upload-limit=%d", choices.Up),
		"--seed-ratio=0.0", "--check-integrity=true", "--file-allocation=none", "--show-console-readout=false", "--summary-interval=0",
		"--dht-file-path="+dir+"/dht.dat", "--dir="+dir)
	cmd.Env = append(os.Environ(), "HOME="+dir)
	p, err := launch(name, dir, cmd)
	if err != nil {
		return nil, err
	}
	rpc := netip.AddrPortFrom(addr.Addr(), aria2Port)
	c := &aria2{process: p, name: name, addr: addr, url: fmt.Sprintf("http://%s/jsonrpc", rpc), gids: map[string]string{}}
	return c, p.waitFor(ctx, rpc)
}

func (c *aria2) Name() string         { return c.name }
func (c *aria2) Addr() netip.AddrPort { return c.addr }

// call does one request and decodes its result into answer.
func (c *aria2) call(ctx context.Context, method string, answer any, arguments ...any) error {
	body, err := json.Marshal(map[string]any{"jsonrpc": "2.0", "id": "1", "method": "aria2." + method, "params": append([]any{}, arguments...)})
	if err != nil {
		return fmt.Errorf("%s: encode %s: %w", c.name, method, err)
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
	if err != nil {
		return err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", c.name, method, err)
	}
	defer reply.Body.Close()
	var envelope struct {
		Result json.RawMessage `json:"result"`
		Error  struct {
			Message string `json:"message"`
		} `json:"error"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&envelope); err != nil {
		return fmt.Errorf("%s: decode answer to %s (%s): %w", c.name, method, reply.Status, err)
	}
	if envelope.Error.Message != "" {
		return fmt.Errorf("%s: %s: %s", c.name, method, envelope.Error.Message)
	}
	return json.Unmarshal(envelope.Result, answer)
}

// gid is aria2's own number of t.
func (c *aria2) gid(t *Torrent) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.gids[t.Name]
}

func (c *aria2) Add(ctx context.Context, t *Torrent, dir string) error {
	file, err := os.ReadFile(t.Path)
	if err != nil {
		return fmt.Errorf("%s: add: %w", c.name, err)
	}
	var gid string
	options := map[string]string{"dir": dir}
	if err := c.call(ctx, "addTorrent", &gid, base64.StdEncoding.EncodeToString(file), []string{}, options); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.gids[t.Name] = gid
	return nil
}

func (c *aria2) Remove(ctx context.Context, t *Torrent) error {
	var gid string
	return c.call(ctx, "remove", &gid, c.gid(t))
}

// Reannounce is not in aria2's RPC; a pause and its end make it announce.
func (c *aria2) Reannounce(ctx context.Context, t *Torrent) error {
	var gid string
	if err := c.call(ctx, "forcePause", &gid, c.gid(t)); err != nil {
		return err
	}
	return c.call(ctx, "unpause", &gid, c.gid(t))
}

func (c *aria2) Status(ctx context.Context, t *Torrent) (Status, error) {
	asked := time.Now()
	var answer struct {
		Status   string `json:"status"`
		Bitfield string `json:"bitfield"`
		Verified string `json:"verifiedLength"`
		Pending  string `json:"verifyIntegrityPending"`
	}
	if err := c.call(ctx, "tellStatus", &answer, c.gid(t), []string{"status", "bitfield", "verifiedLength", "verifyIntegrityPending"}); err != nil {
		return Status{}, err
	}
	s := Status{Asked: asked, Answered: time.Now(), Pieces: t.Pieces, State: answer.Status, Bitfield: make([]byte, (t.Pieces+7)/8)}
	if answer.Verified != "" || answer.Pending != "" {
		s.State = "checking"
	}
	have, err := hex.DecodeString(answer.Bitfield)
	if err != nil {
		return s, fmt.Errorf("%s: bitfield %q: %w", c.name, answer.Bitfield, err)
	}
	copy(s.Bitfield, have)
	for _, b := range s.Bitfield {
		s.Have += bits.OnesCount8(b)
	}
	return s, nil
}

// Peers leaves out who opened the connection: aria2 does not tell.
func (c *aria2) Peers(ctx context.Context, t *Torrent) ([]Connection, error) {
	var rows []struct {
		ID   string `json:"peerId"`
		IP   string `json:"ip"`
		Port string `json:"port"`
	}
	err := c.call(ctx, "getPeers", &rows, c.gid(t))
	var open []Connection
	for _, p := range rows {
		addr, bad := netip.ParseAddrPort(p.IP + ":" + p.Port)
		if bad != nil {
			return nil, fmt.Errorf("%s: peer: %w", c.name, bad)
		}
		id, bad := url.QueryUnescape(p.ID)
		if bad != nil {
			return nil, fmt.Errorf("%s: peer: %w", c.name, bad)
		}
		open = append(open, Connection{Addr: addr, Client: id})
	}
	return open, err
}

func (c *aria2) Limit(ctx context.Context, t *Torrent, peers int) error {
	var ok string
	return c.call(ctx, "changeOption", &ok, c.gid(t), map[string]string{"bt-max-peers": strconv.Itoa(peers)})
}

func (c *aria2) Version(ctx context.Context) (string, error) {
	var answer struct {
		Version string `json:"version"`
	}
	err := c.call(ctx, "getVersion", &answer)
	return answer.Version, err
}

// DHTNodes is not in aria2's RPC.
func (c *aria2) DHTNodes(context.Context) (int, error) { return -1, nil }

// Close ends it; it says "stopped" to its trackers first.
func (c *aria2) Close() { c.stop() }
