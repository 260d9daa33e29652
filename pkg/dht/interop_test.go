//go:build interop

package dht

import (
	"context"
	"encoding/json"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"testing"
	"time"
)

// libtorrentDHT is what the script tells of its DHT.
type libtorrentDHT struct {
	Bootstrap string
	InfoHash  string
	Seeds     []netip.AddrPort
	Leechers  []netip.AddrPort
}

// startLibtorrent runs sessions that form a DHT and announce a torrent.
func startLibtorrent(t *testing.T, family Family, nodes, seeds, leechers int) (d libtorrentDHT) {
	t.Helper()
	const python = "/usr/bin/python3" // the one that Debian's packages belong to
	cmd := exec.Command(python, "testdata/libtorrent_dht.py", freePort(t), strconv.Itoa(nodes),
		strconv.Itoa(seeds), strconv.Itoa(leechers), t.TempDir(), string(family))
	cmd.Stderr = os.Stderr
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start libtorrent: %v", err)
	}
	t.Cleanup(func() {
		_ = in.Close()
		_ = cmd.Wait()
	})
	if err := json.NewDecoder(out).Decode(&d); err != nil {
		t.Fatalf("read what libtorrent says: %v", err)
	}
	return d
}

// freePort is one that is free on 127.0.0.1 now; the sessions share it on
// addresses of their own.
func freePort(t *testing.T) string {
	t.Helper()
	conn, err := listenUDP(IPv4, netip.Addr{})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	return strconv.Itoa(int(netip.MustParseAddrPort(conn.LocalAddr().String()).Port()))
}

func (d *libtorrentDHT) everybody() []netip.AddrPort {
	return append(append([]netip.AddrPort(nil), d.Seeds...), d.Leechers...)
}

func (d *libtorrentDHT) config(family Family) Config {
	return Config{Bootstrap: []string{d.Bootstrap}, Families: []Family{family},
		Allow: func(netip.Addr) error { return nil }}
}

// A DHT of libtorrent sessions: everybody who announced is found, the scrape
// tells seeds from others, and a restart needs no bootstrap node.
func TestLibtorrent(t *testing.T) {
	d := startLibtorrent(t, IPv4, 16, 2, 3)
	hash, everybody, config := mustID(t, d.InfoHash), d.everybody(), d.config(IPv4)
	config.NodesFile = filepath.Join(t.TempDir(), "nodes")
	c, err := Open(config)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	found, r := untilAll(ctx, c, IPv4, hash, everybody, 5)
	if n := missing(found, everybody); n > 0 {
		t.Fatalf("%d of %d peers missing (%+v), want none", n, len(everybody), r)
	}
	t.Logf("found %d peers: %+v", len(found), r)
	if !r.Scraped || r.Seeds < 1.5 || r.Seeds > 2.5 || r.Leechers < 2.5 || r.Leechers > 3.5 {
		t.Errorf("got %.1f seeds and %.1f others (scraped: %v), want 2 and 3", r.Seeds, r.Leechers, r.Scraped)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	config.Bootstrap = nil
	if c, err = Open(config); err != nil {
		t.Fatal(err)
	}
	again, r := lookupOnce(t, c, hash)
	if n := missing(again, everybody); n > 0 {
		t.Errorf("%d peers missing after a restart (%+v), want none", n, r)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// Over IPv6 all sessions share one address, which the filters count once.
func TestLibtorrentIPv6(t *testing.T) {
	if !hasIPv6() {
		t.Skip("this host has no IPv6 loopback address")
	}
	d := startLibtorrent(t, IPv6, 12, 1, 2)
	c, err := Open(d.config(IPv6))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	found, r := untilAll(ctx, c, IPv6, mustID(t, d.InfoHash), d.everybody(), 2)
	if n := missing(found, d.everybody()); n > 0 || !r.Scraped {
		t.Errorf("%d of 3 peers missing (%+v), want none, and a scrape", n, r)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// untilAll looks up until everybody has been found and so many addresses are
// in the filters.
func untilAll(ctx context.Context, c *Client, family Family, hash ID, want []netip.AddrPort, counted int) (found map[netip.AddrPort]int, r Result) {
	for ctx.Err() == nil {
		found = map[netip.AddrPort]int{}
		r = c.Lookup(ctx, family, hash, func(f Found) { found[f.Peer]++ })
		if missing(found, want) == 0 && r.Seeds+r.Leechers > float64(counted)-0.5 {
			return found, r
		}
		_ = sleepUntil(ctx, time.Now().Add(2*time.Second))
	}
	return found, r
}
