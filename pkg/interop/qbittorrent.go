//go:build interop

package interop

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"mime/multipart"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"
)

// webPort is where a qBittorrent serves its Web API.
const webPort = 8080

// qbittorrent is one qbittorrent-nox, driven by its Web API.
type qbittorrent struct {
	*process
	name string
	addr netip.AddrPort
	base string
}

// startQBittorrent runs a qbittorrent-nox that listens on addr.
func startQBittorrent(ctx context.Context, dir, name string, addr netip.AddrPort, _ []netip.AddrPort, choices Choices) (Client, error) {
	path, err := find("qbittorrent-nox")
	if err != nil {
		return nil, err
	}
	config := filepath.Join(dir, "qBittorrent", "config")
	if err := makeDir(config, map[string]string{"qBittorrent.conf": qbittorrentConfig(addr, choices)}); err != nil {
		return nil, err
	}
	cmd := exec.Command(path, "--profile="+dir)
	cmd.Env = append(os.Environ(), "HOME="+dir, "QT_QPA_PLATFORM=offscreen")
	p, err := launch(name, dir, cmd)
	if err != nil {
		return nil, err
	}
	web := netip.AddrPortFrom(addr.Addr(), webPort)
	c := &qbittorrent{process: p, name: name, addr: addr, base: fmt.Sprintf("http://%s/api/v2/", web)}
	return c, p.waitFor(ctx, web)
}

// qbittorrentConfig is what a user would set; all else is the default. The
// queue is off, since the tests have a torrent for each question.
func qbittorrentConfig(addr netip.AddrPort, choices Choices) string {
	encryption := 0 // prefer
	if choices.Encrypted {
		encryption = 1 // require
	}
	return fmt.Sprintf(`[LegalNotice]
Accepted=true

[BitTorrent]
Session\Port=%d
Session\Interface=lo
Session\InterfaceName=lo
Session\InterfaceAddress=%s
Session\LSDEnabled=false
Session\DHTEnabled=%v
Session\Encryption=%d
Session\QueueingSystemEnabled=false
Session\GlobalDLSpeedLimit=%d
Session\GlobalUPSpeedLimit=%d
Session\IgnoreLimitsOnLAN=false

[Network]
PortForwardingEnabled=false

[Preferences]
WebUI\Address=%s
WebUI\Port=%d
WebUI\LocalHostAuth=false
WebUI\AuthSubnetWhitelistEnabled=true
WebUI\AuthSubnetWhitelist=198.18.0.0/15, 127.0.0.0/8
WebUI\UseUPnP=false
`, addr.Port(), addr.Addr(), !choices.NoDHT, encryption, choices.Down/1000, choices.Up/1000, addr.Addr(), webPort)
}

func (c *qbittorrent) Name() string         { return c.name }
func (c *qbittorrent) Addr() netip.AddrPort { return c.addr }

// ask calls a method of the Web API with a form, and decodes what it answers
// into answer unless that is nil.
func (c *qbittorrent) ask(ctx context.Context, method string, form url.Values, answer any) error {
	return c.post(ctx, method, "application/x-www-form-urlencoded", strings.NewReader(form.Encode()), answer)
}

func (c *qbittorrent) post(ctx context.Context, method, kind string, body io.Reader, answer any) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, c.base+method, body)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", kind)
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", c.name, method, err)
	}
	defer reply.Body.Close()
	text, err := io.ReadAll(io.LimitReader(reply.Body, 1<<24))
	if err != nil || reply.StatusCode != http.StatusOK {
		return fmt.Errorf("%s: %s: %s: %w: %s", c.name, method, reply.Status, err, text)
	}
	switch answer := answer.(type) {
	case nil:
		return nil
	case *string:
		*answer = string(text)
		return nil
	}
	if err := json.Unmarshal(text, answer); err != nil {
		return fmt.Errorf("%s: decode answer to %s: %w", c.name, method, err)
	}
	return nil
}

// hashOf names t in the Web API's way.
func hashOf(member string, t *Torrent) url.Values {
	return url.Values{member: {fmt.Sprintf("%x", t.InfoHash)}}
}

func (c *qbittorrent) Add(ctx context.Context, t *Torrent, dir string) error {
	file, err := os.ReadFile(t.Path)
	if err != nil {
		return fmt.Errorf("%s: add: %w", c.name, err)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for name, value := range map[string]string{"savepath": dir, "autoTMM": "false", "contentLayout": "Original"} {
		form.WriteField(name, value)
	}
	part, err := form.CreateFormFile("torrents", filepath.Base(t.Path))
	if err != nil {
		return fmt.Errorf("%s: add: %w", c.name, err)
	}
	part.Write(file)
	form.Close()
	var said string
	if err := c.post(ctx, "torrents/add", form.FormDataContentType(), &body, &said); err != nil {
		return err
	}
	if said != "Ok." {
		return fmt.Errorf("%s: add: %q", c.name, said)
	}
	return nil
}

func (c *qbittorrent) Remove(ctx context.Context, t *Torrent) error {
	form := hashOf("hashes", t)
	form.Set("deleteFiles", "false")
	return c.ask(ctx, "torrents/delete", form, nil)
}

func (c *qbittorrent) Reannounce(ctx context.Context, t *Torrent) error {
	return c.ask(ctx, "torrents/reannounce", hashOf("hashes", t), nil)
}

// Status counts the pieces that the Web API calls "downloaded" (2).
func (c *qbittorrent) Status(ctx context.Context, t *Torrent) (Status, error) {
	asked := time.Now()
	var pieces []int
	if err := c.ask(ctx, "torrents/pieceStates", hashOf("hash", t), &pieces); err != nil {
		return Status{}, err
	}
	s := Status{Asked: asked, Answered: time.Now(), Pieces: t.Pieces, Bitfield: make([]byte, (t.Pieces+7)/8)}
	for i, state := range pieces {
		if state == 2 && i < t.Pieces {
			s.Have++
			s.Bitfield[i/8] |= 0x80 >> (i % 8)
		}
	}
	var rows []struct {
		State string `json:"state"`
	}
	if err := c.ask(ctx, "torrents/info", hashOf("hashes", t), &rows); err != nil {
		return Status{}, err
	}
	if len(rows) == 1 {
		s.State = rows[0].State
	}
	return s, nil
}

func (c *qbittorrent) Peers(ctx context.Context, t *Torrent) ([]Connection, error) {
	var answer struct {
		Peers map[string]struct {
			IP     string `json:"ip"`
			Port   uint16 `json:"port"`
			Client string `json:"client"`
			Flags  string `json:"flags"`
		} `json:"peers"`
	}
	err := c.ask(ctx, "sync/torrentPeers", hashOf("hash", t), &answer)
	var open []Connection
	for _, p := range answer.Peers {
		ip, bad := netip.ParseAddr(p.IP)
		if bad != nil {
			return nil, fmt.Errorf("%s: peer %q: %w", c.name, p.IP, bad)
		}
		open = append(open, Connection{Addr: netip.AddrPortFrom(ip, p.Port), Client: p.Client, Incoming: strings.Contains(p.Flags, "I")})
	}
	return open, err
}

// Limit holds for all torrents of this client.
func (c *qbittorrent) Limit(ctx context.Context, _ *Torrent, peers int) error {
	return c.ask(ctx, "app/setPreferences", url.Values{"json": {fmt.Sprintf(`{"max_connec_per_torrent":%d}`, peers)}}, nil)
}

// bans are the addresses that it refuses by its own or its user's judgement.
func (c *qbittorrent) bans(ctx context.Context) ([]string, error) {
	var answer struct {
		Banned string `json:"banned_IPs"`
	}
	err := c.ask(ctx, "app/preferences", nil, &answer)
	return strings.Fields(answer.Banned), err
}

func (c *qbittorrent) Version(ctx context.Context) (version string, err error) {
	err = c.ask(ctx, "app/version", nil, &version)
	return strings.TrimPrefix(version, "v"), err
}

// DHTNodes is of the whole session.
func (c *qbittorrent) DHTNodes(ctx context.Context) (int, error) {
	var answer struct {
		Nodes int `json:"dht_nodes"`
	}
	err := c.ask(ctx, "transfer/info", nil, &answer)
	return answer.Nodes, err
}

// Close ends it; it says "stopped" to its trackers first.
func (c *qbittorrent) Close() { c.stop() }
