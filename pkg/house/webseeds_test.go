package house

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
)

// TestWebSeedsAreNeverContacted runs a torrent with web seeds of both kinds
// (BEP 19, BEP 17) through the chain: they are listed, the tracker is asked, a
// peer is visited, and nobody connects to the web seeds.
func TestWebSeedsAreNeverContacted(t *testing.T) {
	t.Parallel()
	seed, seeded := door(t)
	peer, visited := door(t)
	port := binary.BigEndian.AppendUint16(nil, uint16(peer.Port))
	var asked atomic.Int64
	tracker := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		fmt.Fprintf(w, "d8:intervali1800e5:peers6:\x7f\x00\x00\x01%se", port)
	}))
	defer tracker.Close()
	line := ""
	for _, step := range []struct {
		name string
		args []string
	}{
		{"bt-meta", []string{seededTorrent(t, tracker.URL+"/announce", "http://"+seed.String()+"/")}},
		{"bt-peers-tracker", []string{"--once", "--no-scrape"}},
		{"bt-probe", []string{"--for", "2s"}},
	} {
		got := program{name: step.name}.run(t, line, append(step.args, "--quiet")...)
		if got.code != 0 {
			t.Fatalf("%s: exit %d, want 0: %s", step.name, got.code, got.stderr)
		}
		line = got.stdout
	}
	for _, want := range []string{fmt.Sprintf(`"web_seeds":["http://%s/one","http://%s/two"]`, seed, seed), `"type":"visit"`} {
		if !strings.Contains(line, want) {
			t.Errorf("no %s in\n%s", want, line)
		}
	}
	magnet := fmt.Sprintf("magnet:?xt=urn:btih:%040d&x.pe=%s&ws=http://%s/three", 1, peer, seed)
	resolved := program{name: "bt-meta"}.run(t, "", "--resolve", "--no-dht", "--timeout", "2s", magnet)
	if want := fmt.Sprintf(`"web_seeds":["http://%s/three"]`, seed); !strings.Contains(resolved.stdout, want) {
		t.Errorf("no %s in\n%s", want, resolved.stdout)
	}
	if seeded.Load() != 0 || asked.Load() == 0 || visited.Load() < 2 {
		t.Errorf("%d connections to the web seeds, %d to the tracker, %d to the peer; want 0, at least 1, at least 2", seeded.Load(), asked.Load(), visited.Load())
	}
}

// door counts who connects to it, and speaks no BitTorrent.
func door(t *testing.T) (*net.TCPAddr, *atomic.Int64) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	count, ended := new(atomic.Int64), make(chan struct{})
	go func() {
		defer close(ended)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			count.Add(1)
			fmt.Fprint(conn, "HTTP/1.0 400 Bad Request\r\n\r\n")
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-ended })
	return l.Addr().(*net.TCPAddr), count
}

func seededTorrent(t *testing.T, tracker, seed string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.torrent")
	text := func(s string) string { return fmt.Sprintf("%d:%s", len(s), s) }
	info := "d6:lengthi16384e4:name1:x12:piece lengthi16384e6:pieces20:" + strings.Repeat("p", 20) + "e"
	whole := "d8:announce" + text(tracker) + "9:httpseedsl" + text(seed+"two") + "e4:info" + info + "8:url-list" + text(seed+"one") + "e"
	if err := os.WriteFile(path, []byte(whole), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}
