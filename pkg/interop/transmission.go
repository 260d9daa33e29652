//go:build interop

package interop

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math/bits"
	"net/http"
	"net/netip"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"time"
)

// rpcPort is Transmission's own default.
const rpcPort = 9091

// transmission is one transmission-daemon, driven by its RPC.
type transmission struct {
	*process
	name string
	addr netip.AddrPort
	url  string

	mu sync.Mutex
	// Token that the daemon wants back in every request; behind mu, which also
	// keeps requests one after the other.
	session string
}

// startTransmission runs a daemon that listens on addr, with the DHT nodes of
// bootstrap to start from.
func startTransmission(ctx context.Context, dir, name string, addr netip.AddrPort, bootstrap []netip.AddrPort, choices Choices) (Client, error) {
	path, err := find("transmission-daemon")
	if err != nil {
		return nil, err
	}
	settings, err := json.Marshal(transmissionSettings(dir, addr, choices))
	if err != nil {
		return nil, fmt.Errorf("encode configuration of %s: %w", name, err)
	}
	cmd := exec.Command(path, "--foreground", "--log-debug", "--config-dir", dir)
	if err := makeDir(dir, map[string]string{"settings.json": string(settings), "dht.dat": dhtCache(dir, bootstrap)}); err != nil {
		return nil, err
	}
	p, err := launch(name, dir, cmd)
	if err != nil {
		return nil, err
	}
	rpc := netip.AddrPortFrom(addr.Addr(), rpcPort)
	c := &transmission{process: p, name: name, addr: addr, url: fmt.Sprintf("http://%s/transmission/rpc", rpc)}
	return c, p.waitFor(ctx, rpc)
}

// dhtCache is the file in which a daemon keeps its DHT nodes between two runs.
func dhtCache(dir string, nodes []netip.AddrPort) string {
	id := sha1.Sum([]byte(dir))
	var compact []byte
	for _, node := range nodes {
		ip := node.Addr().As4()
		compact = binary.BigEndian.AppendUint16(append(compact, ip[:]...), node.Port())
	}
	return fmt.Sprintf("d2:id20:%s5:nodes%d:%se", id[:], len(compact), compact)
}

// transmissionSettings are what a user would set; all else is the default.
func transmissionSettings(dir string, addr netip.AddrPort, choices Choices) map[string]any {
	encryption := 1 // preferred
	if choices.Encrypted {
		encryption = 2 // required
	}
	return map[string]any{
		"bind-address-ipv4":            addr.Addr(),
		"bind-address-ipv6":            "::1",
		"peer-port":                    addr.Port(),
		"port-forwarding-enabled":      false,
		"utp-enabled":                  !choices.NoUTP,
		"lpd-enabled":                  false,
		"dht-enabled":                  !choices.NoDHT,
		"encryption":                   encryption,
		"download-queue-enabled":       false,
		"seed-queue-enabled":           false,
		"rpc-bind-address":             addr.Addr(),
		"rpc-port":                     rpcPort,
		"rpc-whitelist-enabled":        false,
		"download-dir":                 filepath.Join(dir, "downloads"),
		"speed-limit-down-enabled":     choices.Down > 0,
		"speed-limit-down":             choices.Down / 1000,
		"speed-limit-up-enabled":       choices.Up > 0,
		"speed-limit-up":               choices.Up / 1000,
		"watch-dir-enabled":            false,
		"rename-partial-files":         true,
		"trash-original-torrent-files": false,
	}
}

// call does one request of the RPC and decodes its "arguments" into answer.
func (c *transmission) call(ctx context.Context, method string, arguments, answer any) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	body, err := json.Marshal(map[string]any{"method": method, "arguments": arguments})
	if err != nil {
		return fmt.Errorf("%s: encode %s: %w", c.name, method, err)
	}
	reply, err := c.post(ctx, body)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", c.name, method, err)
	}
	defer reply.Body.Close()
	var envelope struct {
		Result    string          `json:"result"`
		Arguments json.RawMessage `json:"arguments"`
	}
	if err := json.NewDecoder(reply.Body).Decode(&envelope); err != nil {
		return fmt.Errorf("%s: decode answer to %s (%s): %w", c.name, method, reply.Status, err)
	}
	if envelope.Result != "success" {
		return fmt.Errorf("%s: %s: %s", c.name, method, envelope.Result)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(envelope.Arguments, answer)
}

// post sends body; a daemon that does not know our token names a new one with
// status 409.
func (c *transmission) post(ctx context.Context, body []byte) (*http.Response, error) {
	for {
		request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.url, bytes.NewReader(body))
		if err != nil {
			return nil, err
		}
		request.Header.Set("X-Transmission-Session-Id", c.session)
		reply, err := http.DefaultClient.Do(request)
		if err != nil || reply.StatusCode != http.StatusConflict {
			return reply, err
		}
		reply.Body.Close()
		if token := reply.Header.Get("X-Transmission-Session-Id"); token != c.session {
			c.session = token
			continue
		}
		return nil, fmt.Errorf("status %s", reply.Status)
	}
}

func (c *transmission) Name() string         { return c.name }
func (c *transmission) Addr() netip.AddrPort { return c.addr }

// ids names t in the RPC's way.
func ids(t *Torrent) map[string]any {
	return map[string]any{"ids": []string{fmt.Sprintf("%x", t.InfoHash)}}
}

func (c *transmission) Add(ctx context.Context, t *Torrent, dir string) error {
	return c.call(ctx, "torrent-add", map[string]any{"filename": t.Path, "download-dir": dir}, nil)
}

func (c *transmission) Remove(ctx context.Context, t *Torrent) error {
	return c.call(ctx, "torrent-remove", ids(t), nil)
}

func (c *transmission) Limit(ctx context.Context, t *Torrent, peers int) error {
	arguments := ids(t)
	arguments["peer-limit"] = peers
	return c.call(ctx, "torrent-set", arguments, nil)
}

func (c *transmission) Version(ctx context.Context) (string, error) {
	var answer struct {
		Version string `json:"version"`
	}
	err := c.call(ctx, "session-get", map[string]any{}, &answer)
	version, _, _ := strings.Cut(answer.Version, " ") // a commit follows
	return version, err
}

func (c *transmission) Reannounce(ctx context.Context, t *Torrent) error {
	return c.call(ctx, "torrent-reannounce", ids(t), nil)
}

// transmissionTorrent is what we ask of "torrent-get".
type transmissionTorrent struct {
	PieceCount int    `json:"pieceCount"`
	Pieces     []byte `json:"pieces"`
	Status     int    `json:"status"`
	Peers      []struct {
		Address    string `json:"address"`
		Port       uint16 `json:"port"`
		ClientName string `json:"clientName"`
		IsIncoming bool   `json:"isIncoming"`
	} `json:"peers"`
}

// transmissionStates are the numbers of "status".
var transmissionStates = []string{"stopped", "check queued", "checking", "download queued", "downloading", "seed queued", "seeding"}

func (c *transmission) get(ctx context.Context, t *Torrent, fields ...string) (transmissionTorrent, error) {
	arguments := ids(t)
	arguments["fields"] = fields
	var answer struct {
		Torrents []transmissionTorrent `json:"torrents"`
	}
	if err := c.call(ctx, "torrent-get", arguments, &answer); err != nil {
		return transmissionTorrent{}, err
	}
	if len(answer.Torrents) != 1 {
		return transmissionTorrent{}, fmt.Errorf("%s: knows %d torrents called %s, want 1", c.name, len(answer.Torrents), t.Name)
	}
	return answer.Torrents[0], nil
}

func (c *transmission) Status(ctx context.Context, t *Torrent) (Status, error) {
	asked := time.Now()
	got, err := c.get(ctx, t, "pieceCount", "pieces", "status")
	if err != nil {
		return Status{}, err
	}
	s := Status{Asked: asked, Answered: time.Now(), Pieces: got.PieceCount, Bitfield: got.Pieces, State: fmt.Sprint(got.Status)}
	if got.Status >= 0 && got.Status < len(transmissionStates) {
		s.State = transmissionStates[got.Status]
	}
	for _, b := range got.Pieces {
		s.Have += bits.OnesCount8(b)
	}
	return s, nil
}

func (c *transmission) Peers(ctx context.Context, t *Torrent) ([]Connection, error) {
	got, err := c.get(ctx, t, "peers")
	var open []Connection
	for _, p := range got.Peers {
		ip, bad := netip.ParseAddr(p.Address)
		if bad != nil {
			return nil, fmt.Errorf("%s: peer %q: %w", c.name, p.Address, bad)
		}
		open = append(open, Connection{Addr: netip.AddrPortFrom(ip, p.Port), Client: p.ClientName, Incoming: p.IsIncoming})
	}
	return open, err
}

// DHTNodes is not in Transmission's RPC.
func (c *transmission) DHTNodes(context.Context) (int, error) { return -1, nil }

// Close ends the daemon; it says "stopped" to its trackers first.
func (c *transmission) Close() { c.stop() }

// venturesOut is whether c opens connections and DHT traffic to addresses of
// this stage: Transmission does neither to 127.x.
func (s *Stage) venturesOut(c Client) bool {
	_, transmission := c.(*transmission)
	return s.Namespace || !transmission
}
