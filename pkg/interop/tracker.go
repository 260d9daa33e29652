//go:build interop

package interop

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// trackerPort is opentracker's own default, TCP and UDP.
const trackerPort = 6969

// trackerUser comes with Debian's package; opentracker started by root becomes
// this user, and locks itself into its folder.
const trackerUser = "_opentracker"

// Tracker is an opentracker. Debian's is built to serve listed torrents only,
// so the info-hashes go into its whitelist before it starts.
type Tracker struct {
	addr netip.AddrPort
	*process
}

// trackerURLs are the announce URLs of a tracker at ip.
func trackerURLs(ip netip.Addr) []string {
	at := netip.AddrPortFrom(ip, trackerPort)
	return []string{fmt.Sprintf("http://%s/announce", at), fmt.Sprintf("udp://%s/announce", at)}
}

// startTracker runs opentracker at ip for these torrents and waits until it
// takes connections.
func startTracker(ctx context.Context, dir string, ip netip.Addr, torrents []*Torrent) (*Tracker, error) {
	path, err := find("opentracker")
	if err != nil {
		return nil, err
	}
	config := fmt.Sprintf("listen.tcp_udp %s:%d\naccess.whitelist %s\ntracker.rootdir %s\ntracker.user %s\n",
		ip, trackerPort, "whitelist", dir, trackerUser)
	if err := makeDir(dir, map[string]string{"whitelist": whitelist(torrents), "opentracker.conf": config}); err != nil {
		return nil, err
	}
	p, err := launch("opentracker", dir, exec.Command(path, "-f", filepath.Join(dir, "opentracker.conf")))
	if err != nil {
		return nil, err
	}
	t := &Tracker{addr: netip.AddrPortFrom(ip, trackerPort), process: p}
	return t, p.waitFor(ctx, t.addr)
}

func whitelist(torrents []*Torrent) string {
	var lines strings.Builder
	for _, t := range torrents {
		fmt.Fprintf(&lines, "%x\n", t.InfoHash)
	}
	return lines.String()
}

// leechers is how many of t's peers the tracker counts as incomplete.
func (tr *Tracker) leechers(ctx context.Context, t *Torrent) (int, error) {
	at := fmt.Sprintf("http://%s/scrape?info_hash=%s", tr.addr, url.QueryEscape(string(t.InfoHash[:])))
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, at, nil)
	if err != nil {
		return 0, err
	}
	reply, err := http.DefaultClient.Do(request)
	if err != nil {
		return 0, fmt.Errorf("scrape: %w", err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(io.LimitReader(reply.Body, 1<<16))
	if err != nil {
		return 0, fmt.Errorf("scrape: %w", err)
	}
	count := incomplete.FindSubmatch(body)
	if count == nil {
		return 0, fmt.Errorf("scrape: got %q, want a count of incomplete peers", body)
	}
	return strconv.Atoi(string(count[1]))
}

var incomplete = regexp.MustCompile(`10:incompletei(\d+)e`)

// makeDir makes a folder with these files, text by name.
func makeDir(dir string, files map[string]string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	for name, text := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			return fmt.Errorf("write %s: %w", name, err)
		}
	}
	return nil
}

// waitFor returns when something takes TCP connections at addr; it fails, and
// stops the process, when the process ends first or ctx does.
func (p *process) waitFor(ctx context.Context, addr netip.AddrPort) error {
	for {
		conn, err := net.DialTimeout("tcp", addr.String(), time.Second)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-p.done:
			return fmt.Errorf("%s ended at its start: %v: %s", p.name, p.err, p.lastWords())
		case <-ctx.Done():
			p.stop()
			return fmt.Errorf("wait for %s at %s: %w", p.name, addr, ctx.Err())
		case <-time.After(50 * time.Millisecond):
		}
	}
}

// find looks a program up, and says what to do when it is not there.
func find(name string) (string, error) {
	path, err := exec.LookPath(name)
	if err != nil {
		return "", fmt.Errorf("%s is not installed (make interop installs it): %w", name, err)
	}
	return path, nil
}
