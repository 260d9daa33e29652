//go:build interop

package tracker

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"btkit/pkg/outcome"
)

var (
	listed   = Hash{0xaa, 0xf4, 0xc6}
	unlisted = Hash{0xbb}
)

// startOpentracker runs Debian's opentracker, which serves only info-hashes of
// a list and only IPv4, and gives its host and port.
func startOpentracker(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("opentracker")
	if err != nil {
		t.Skip("opentracker is not installed: apt-get install opentracker")
	}
	dir, at := t.TempDir(), freePort(t)
	// It changes to its root folder before it opens the list.
	config := fmt.Sprintf("listen.tcp %s\nlisten.udp %s\naccess.whitelist list\ntracker.rootdir %s\ntracker.user %s\n",
		at, at, dir, unprivileged(t))
	put(t, filepath.Join(dir, "list"), hex.EncodeToString(listed[:])+"\n")
	put(t, filepath.Join(dir, "conf"), config)
	cmd := exec.Command(path, "-f", filepath.Join(dir, "conf"))
	cmd.Stdout, cmd.Stderr = os.Stderr, os.Stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cmd.Process.Kill()
		cmd.Wait()
	})
	await(t, at)
	return at
}

// unprivileged names a user that it accepts to run as.
func unprivileged(t *testing.T) string {
	t.Helper()
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	if me.Uid == "0" {
		return "nobody"
	}
	return me.Username
}

func put(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

func await(t *testing.T, at string) {
	t.Helper()
	for range 100 {
		if conn, err := net.Dial("tcp4", at); err == nil {
			conn.Close()
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	t.Fatalf("opentracker does not listen on %s", at)
}

// Two peers announce, one over HTTP and one over UDP: each hears of the other,
// both kinds of scrape count them, and one that stops is gone.
func TestOpentracker(t *testing.T) {
	at := startOpentracker(t)
	c := client(t, Options{})
	urls := []string{"http://" + at + "/announce", "udp://" + at + "/announce"}
	for i, url := range urls {
		r := c.Announce(t.Context(), asPeer(url, i, Started))
		t.Logf("announce %s: %s, interval %v, seeders %s, leechers %s, peers %v, oddities %v, %v",
			url, r.Outcome, r.Interval, number(r.Seeders), number(r.Leechers), r.Peers, r.Oddities, r.Took)
		other := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), 6881)
		if r.Outcome != outcome.OK || i == 1 && !slices.Contains(r.Peers, other) {
			t.Errorf("announce at %s: %s (%v) with %v, want %v in it", url, r.Outcome, r.Err, r.Peers, other)
		}
	}
	for _, url := range urls {
		scrapeOpentracker(t, c, url, 2)
	}
	if r := c.Announce(t.Context(), asPeer(urls[0], 0, Stopped)); r.Outcome != outcome.OK {
		t.Errorf("stopped: %s (%v)", r.Outcome, r.Err)
	}
	for _, url := range urls {
		scrapeOpentracker(t, c, url, 1)
	}
	// Over HTTP it says why, over UDP it sends the bare head of an answer.
	for i, want := range []outcome.Outcome{outcome.Failure, outcome.Malformed} {
		r := c.Announce(t.Context(), Request{URL: urls[i], Family: IPv4, InfoHash: unlisted, Left: 1, Port: 6881})
		t.Logf("unlisted at %s: %s %q, %d bytes", urls[i], r.Outcome, r.Failure, r.RxBytes)
		if r.Outcome != want {
			t.Errorf("unlisted torrent at %s: %s, want %s", urls[i], r.Outcome, want)
		}
	}
}

func asPeer(url string, peer int, e Event) Request {
	id := Hash([]byte("-BK0001-interop00000"))
	id[19] += byte(peer)
	return Request{URL: url, Family: IPv4, InfoHash: listed, PeerID: id, Port: 6881 + uint16(peer), Left: 1000, NumWant: 50, Event: e}
}

func scrapeOpentracker(t *testing.T, c *Client, url string, want int64) {
	t.Helper()
	r := c.Scrape(t.Context(), ScrapeRequest{URL: url, Family: IPv4, Hashes: []Hash{listed, unlisted}})
	counts, ok := r.Files[listed]
	t.Logf("scrape %s: %s, %d torrents, seeders %s, leechers %s, completed %s, oddities %v", url, r.Outcome,
		len(r.Files), number(counts.Seeders), number(counts.Leechers), number(counts.Completed), r.Oddities)
	if !ok || *counts.Leechers != want {
		t.Errorf("scrape at %s: %s (%v) %+v, want %d leechers", url, r.Outcome, r.Err, counts, want)
	}
}

func TestOpentrackerGone(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	at := freePort(t)
	for _, url := range []string{"http://" + at + "/announce", "udp://" + at + "/announce"} {
		if r := client(t, Options{}).Announce(ctx, Request{URL: url, Family: IPv4}); r.Outcome != outcome.Refused || errors.Is(r.Err, context.DeadlineExceeded) {
			t.Errorf("%s: %s (%v), want %s", url, r.Outcome, r.Err, outcome.Refused)
		}
	}
}
