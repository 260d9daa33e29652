//go:build interop

package lsd

import (
	"context"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"btkit/pkg/record"
)

// patience is how long a client may take to announce and to connect.
const patience = 60 * time.Second

// writeTorrent makes a torrent of one piece and gives its info-hash.
func writeTorrent(t *testing.T, dir string) (path string, hash Hash) {
	t.Helper()
	info := fmt.Sprintf("d6:lengthi16384e4:name4:file12:piece lengthi16384e6:pieces20:%se", strings.Repeat("p", 20))
	path = filepath.Join(dir, "x.torrent")
	if err := os.WriteFile(path, []byte("d4:info"+info+"e"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path, sha1.Sum([]byte(info))
}

// A client in the network is heard, and hears us: it connects to the port that
// we announce.
func TestLibtorrent(t *testing.T) {
	for _, c := range []struct{ family, ours, theirs, listen string }{
		{"ipv4", "10.66.0.1:7001", "10.66.0.2:7500", "10.66.0.2:7500"},
		{"ipv6", "[fd66::1]:7001", "[fd66::2]:7500", "[fd66::2]:7500"},
	} {
		t.Run(c.family, func(t *testing.T) {
			onStage(t, func(t *testing.T) {
				dir := t.TempDir()
				torrent, hash := writeTorrent(t, dir)
				startNeighbour(t, "/usr/bin/python3", "testdata/libtorrent_lsd.py", c.listen, torrent, dir)
				bothWays(t, hash, c.ours, c.theirs)
			})
		})
	}
}

func TestTransmission(t *testing.T) {
	onStage(t, func(t *testing.T) {
		dir := t.TempDir()
		_, hash := writeTorrent(t, dir)
		settings, err := json.Marshal(map[string]any{
			"lpd-enabled": true, "dht-enabled": false, "pex-enabled": false, "utp-enabled": false, "port-forwarding-enabled": false,
			"rpc-enabled": false, "peer-port": 7600, "encryption": 0, "download-dir": dir, "start-added-torrents": true,
			"watch-dir": dir, "watch-dir-enabled": true,
		})
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, "settings.json"), settings, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
		startNeighbour(t, "transmission-daemon", "--foreground", "--log-debug", "--config-dir", dir)
		bothWays(t, hash, "10.66.0.1:7001", "10.66.0.2:7600")
	})
}

// bothWays runs a source at our end of the cable until the neighbour has been
// heard and has connected. We announce only when it was heard: Transmission
// drops what comes in its first seconds.
func bothWays(t *testing.T, hash Hash, ours, theirs string) {
	t.Helper()
	at, want := netip.MustParseAddrPort(ours), netip.MustParseAddrPort(theirs)
	door, err := net.ListenTCP("tcp", net.TCPAddrFromAddrPort(at))
	if err != nil {
		t.Fatal(err)
	}
	defer door.Close()
	heard := make(chan string, 16) // more than the neighbour has addresses
	s := atOurEnd(t, func(peer string) { heard <- peer })
	tell(t, s, fmt.Sprintf(`{"type":"torrent","infohash":"%x"}`, hash[:]))
	ctx, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if err := s.Run(ctx); err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	defer running.Wait()
	defer stop()
	select {
	case got := <-heard:
		if got != want.String() {
			t.Errorf("heard %s, want %s", got, want)
		}
	case <-time.After(patience):
		t.Errorf("heard nobody, want %s; datagrams: %v", want, s.Stat().Outcomes)
	}
	tell(t, s, fmt.Sprintf(`{"type":"listen","ip":"::","port":%d,"peer_id":""}`, at.Port()))
	if from, got := visited(door); from != want.Addr() || got != hash {
		t.Errorf("connected: %v asking for %x, want %v asking for %x", from, got, want.Addr(), hash)
	}
}

func tell(t *testing.T, s *Source, text string) {
	t.Helper()
	line, err := record.ParseLine([]byte(text))
	if err == nil {
		err = s.Hear(line)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// atOurEnd is a source in the groups of BEP 14.
func atOurEnd(t *testing.T, heard func(peer string)) *Source {
	t.Helper()
	links, err := Links([]string{"v0"})
	if err != nil {
		t.Fatal(err)
	}
	near, own, err := Addresses(links)
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Near: near, Own: own, Cookie: "ours", Out: peerSink(func(peer string) { heard(spelt(peer)) })}
	for _, group := range []netip.AddrPort{Group4, Group6} {
		w, err := Open(t.Context(), group, links)
		if err != nil {
			t.Fatal(err)
		}
		o.Wires = append(o.Wires, w)
	}
	return New(o)
}

// spelt puts an IPv6 address before a port into brackets.
func spelt(text string) string {
	colon := strings.LastIndexByte(text, ':')
	if strings.Contains(text[:colon], ":") {
		return "[" + text[:colon] + "]" + text[colon:]
	}
	return text
}

// visited waits for a connection and gives who it is and the torrent that its
// handshake names.
func visited(door *net.TCPListener) (from netip.Addr, hash Hash) {
	_ = door.SetDeadline(time.Now().Add(patience))
	conn, err := door.Accept()
	if err != nil {
		return from, hash
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(patience))
	shake := make([]byte, 48)
	if _, err := io.ReadFull(conn, shake); err != nil {
		return from, hash
	}
	return conn.RemoteAddr().(*net.TCPAddr).AddrPort().Addr().Unmap(), Hash(shake[28:])
}
