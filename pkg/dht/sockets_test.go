package dht

import (
	"net"
	"net/netip"
	"path/filepath"
	"sync"
	"testing"
	"time"
)

// serve puts the nodes of a new fake DHT on real sockets; host gives node i
// its address.
func serveFake(t *testing.T, n int, host func(i int) string) *fakeDHT {
	t.Helper()
	var conns []net.PacketConn
	for i := range n {
		conn, err := net.ListenPacket("udp", net.JoinHostPort(host(i), "0"))
		if err != nil {
			t.Fatalf("listen: %v", err)
		}
		conns = append(conns, conn)
	}
	d := newFakeDHT(40, n, func(i int) netip.AddrPort { return conns[i].LocalAddr().(*net.UDPAddr).AddrPort() })
	var serving sync.WaitGroup
	for i, conn := range conns {
		serving.Go(func() { d.serve(conn, d.nodes[i].addr) })
	}
	t.Cleanup(func() {
		for _, conn := range conns {
			_ = conn.Close()
		}
		serving.Wait()
	})
	return d
}

func (d *fakeDHT) serve(conn net.PacketConn, own netip.AddrPort) {
	buf := make([]byte, 4096)
	for {
		n, from, err := conn.ReadFrom(buf)
		if err != nil {
			return
		}
		d.mu.Lock()
		d.sources[from.(*net.UDPAddr).AddrPort().Addr().Unmap()]++
		d.mu.Unlock()
		if answer, _ := d.receive(buf[:n], own); answer != nil {
			_, _ = conn.WriteTo(answer, from)
		}
	}
}

func TestRealSockets(t *testing.T) {
	for name, host := range map[string]func(i int) string{
		"IPv4": func(i int) string { return loopback(i).Addr().String() },
		"IPv6": func(int) string { return "::1" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if name == "IPv6" && !hasIPv6() {
				t.Skip("this host has no IPv6 loopback address")
			}
			d := serveFake(t, 100, host)
			hash := d.randomID()
			peers := append(somePeers(0, 20), netip.MustParseAddrPort("[2606:4700::1]:51413"))
			d.announce(hash, closestK, nil, peers)
			file := filepath.Join(t.TempDir(), "nodes")
			change := func(c *Config) { c.Listen, c.NodesFile = nil, file }
			c := d.client(t, change)
			found, r := lookupOnce(t, c, hash)
			if err := c.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			if n := missing(found, peers); n > 0 || !r.Scraped {
				t.Errorf("%d of %d peers missing (%+v), want none and a scrape", n, len(peers), r)
			}
			c = d.client(t, func(c *Config) { change(c); c.Bootstrap = nil })
			found, r = lookupOnce(t, c, hash)
			if err := c.Close(); err != nil {
				t.Errorf("close: %v", err)
			}
			if n := missing(found, peers); n > 0 {
				t.Errorf("%d peers missing after a restart without bootstrap (%+v), want none", n, r)
			}
		})
	}
}

func hasIPv6() bool {
	conn, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// What is not for the library must not disturb it: the socket gets datagrams
// of all kinds while a lookup runs.
func TestSocketUnderFire(t *testing.T) {
	d := serveFake(t, 60, func(i int) string { return loopback(i).Addr().String() })
	hash := d.randomID()
	d.announce(hash, closestK, nil, somePeers(0, 5))
	conn, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatalf("listen: %v", err)
	}
	c := d.client(t, func(c *Config) { c.Listen = func(Family) (net.PacketConn, error) { return conn, nil } })
	gun, err := net.Dial("udp4", conn.LocalAddr().String())
	if err != nil {
		t.Fatalf("dial: %v", err)
	}
	defer gun.Close()
	for _, text := range hostile {
		_, _ = gun.Write([]byte(text))
	}
	found, _ := lookupOnce(t, c, hash)
	deadline := time.Now().Add(10 * time.Second)
	for c.Stats().Dropped.Malformed == 0 && time.Now().Before(deadline) {
		time.Sleep(10 * time.Millisecond)
	}
	if err := c.Close(); err != nil {
		t.Errorf("close: %v", err)
	}
	if got := c.Stats().Dropped; len(found) != 5 || got.Malformed == 0 || got.Unasked == 0 {
		t.Errorf("got %d peers, dropped %+v, want 5 peers, malformed and unasked ones", len(found), got)
	}
}
