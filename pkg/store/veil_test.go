package store

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"btkit/pkg/record"
)

func hashed(text string) string {
	mac := hmac.New(sha256.New, testKey)
	mac.Write([]byte(text))
	return hex.EncodeToString(mac.Sum(nil)[:16])
}

func TestVeil(t *testing.T) {
	v := newVeil(testKey)
	four, six := hashed("127.0.0.1"), hashed("::1")
	id := strings.Repeat("2d", 20)
	cases := []struct{ name, got, want string }{
		{"IPv4", v.whole("127.0.0.1"), four},
		{"IPv4 mapped", v.whole("::ffff:127.0.0.1"), four},
		{"IPv6", v.whole("::1"), six},
		{"with port", v.whole("127.0.0.1:6881"), four + ":6881"},
		{"IPv6 with port", v.whole("[::1]:6881"), six + ":6881"},
		{"other text", v.whole("qBittorrent 4.5.2"), "qBittorrent 4.5.2"},
		{"host name", v.whole("example.org:80"), "example.org:80"},
		{"URL of a tracker", v.via("udp://127.0.0.1:80/announce"), "udp://127.0.0.1:80/announce"},
		{"node", v.via("127.0.0.1:6881"), four + ":6881"},
		{"sentence", v.free("banned: 127.0.0.1, [::1]:80; bye. 127.0.0.1"), "banned: " + four + ", " + six + ":80; bye. " + four},
		{"sentence without", v.free("bad face: deadbeef."), "bad face: deadbeef."},
		{"client", v.client("127.0.0.1 client ::1"), four + " client " + six},
		{"client behind a word", v.client("mine 127.0.0.1, [::1]:80"), "mine " + four + ", " + six + ":80"},
		{"client that begins so", v.client("9.8.7.6 client"), hashed("9.8.7.6") + " client"},
		{"client with version", v.client("Vuze 5.7.6.0"), "Vuze 5.7.6.0"},
		{"peer id", v.peerID(strings.ToUpper(id)), hashed(id)},
		{"no peer id", v.peerID(""), ""},
		{"JSON", string(v.json(nil, []byte(`{"a":["127.0.0.1:5",{"::1": "\u003a:1"}], "b":"x", "peer_id" : "`+id+`"}`))),
			`{"a":["` + four + `:5",{"` + six + `": "` + six + `"}], "b":"x", "peer_id" : "` + hashed(id) + `"}`},
		{"JSON, peer_id of another type", string(v.json(nil, []byte(`[{"peer_id":7},"x\"y"]`))), `[{"peer_id":7},"x\"y"]`},
		{"kept", (*veil)(nil).whole("127.0.0.1"), "127.0.0.1"},
	}
	for _, c := range cases {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.name, c.got, c.want)
		}
	}
}

// secretLines holds the address 203.0.113.77 in every place where one may be.
func secretLines() []string {
	ip := netip.MustParseAddr("203.0.113.77")
	id := "2d5452333030302d736563726574736563726574"
	return append(lines(
		&record.Torrent{InfoHash: "aa", Peers: []string{"203.0.113.77:6881"}},
		&record.Peer{InfoHash: "aa", IP: ip, Port: 6881, Source: "pex", Via: "203.0.113.77:6881"},
		&record.Listen{IP: ip, Port: 6881, PeerID: id},
		&record.Request{InfoHash: "aa", Via: "203.0.113.77:6881", ExternalIP: ip, Message: "go away, 203.0.113.77!"},
		&record.Progress{InfoHash: "aa", IP: ip, Port: 6881, PeerID: id},
		&record.Visit{InfoHash: "aa", IP: ip, Port: 6881, PeerID: id, ExternalIP: ip, Client: "203.0.113.77 client", Oddities: []string{"203.0.113.77"}},
		&record.Download{InfoHash: "aa", IP: ip, Port: 6881, FirstTS: testTime, BelowTS: testTime, AboveTS: testTime},
		&record.Regression{InfoHash: "aa", IP: ip, Port: 6881},
		&record.Truth{InfoHash: "aa", IP: ip, Port: 6881, PeerID: id},
	), `{"type":"peer","ip":"203.0.113.77","port":6881,"ip6":"::ffff:203.0.113.77","peer_id":"`+id+`","a":{"external_ip":"203.0.113.77"}}`,
		`{"type":"weather","ip":"203.0.113.77","near":[["203.0.113.77:1"]],"peer_id":"`+id+`"}`)
}

func TestNoAddressReachesTheFile(t *testing.T) {
	for _, secret := range []string{"203.0.113.77", "736563726574"} {
		if !strings.Contains(strings.Join(secretLines(), ""), secret) {
			t.Fatalf("the lines do not hold %q", secret)
		}
	}
	for name, keep := range map[string]bool{"hashed": false, "kept": true} {
		t.Run(name, func(t *testing.T) {
			path := tempDB(t)
			fill(t, path, Options{KeepIP: keep}, secretLines()...)
			for _, secret := range []string{"203.0.113.77", "736563726574"} {
				if found := inFiles(t, filepath.Dir(path), secret); found != keep {
					t.Errorf("%q is in the files: got %v, want %v", secret, found, keep)
				}
			}
		})
	}
}

func inFiles(t *testing.T, dir, text string) bool {
	t.Helper()
	names, err := filepath.Glob(filepath.Join(dir, "*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no files in %s: %v", dir, err)
	}
	for _, name := range names {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		if bytes.Contains(content, []byte(text)) {
			return true
		}
	}
	return false
}

func TestHashesJoin(t *testing.T) {
	path := tempDB(t)
	fill(t, path, Options{}, secretLines()...)
	wantRows(t, path, "SELECT count(*) FROM visit JOIN peer USING (ip, port) JOIN download USING (ip, port) JOIN truth USING (ip, port)", "2")
	wantRows(t, path, "SELECT count(*) FROM visit v JOIN peer p ON p.via = v.ip || ':' || v.port", "1")
	wantRows(t, path, "SELECT DISTINCT ip FROM visit", hashed("203.0.113.77"))
	wantRows(t, path, "SELECT count(*) FROM visit JOIN progress USING (peer_id)", "1")
}

func TestKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	random := bytes.NewReader(testKey)
	made, err := KeyFile(path, random)
	if err != nil || !bytes.Equal(made, testKey) {
		t.Fatalf("made %x, %v; want %x", made, err, testKey)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("key file has mode %v, %v; want 0600", info.Mode(), err)
	}
	again, err := KeyFile(path, random)
	if err != nil || !bytes.Equal(again, testKey) {
		t.Errorf("read %x, %v; want %x", again, err, testKey)
	}
	bad := filepath.Join(t.TempDir(), "bad")
	if err := os.WriteFile(bad, []byte("12"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := KeyFile(bad, random); err == nil {
		t.Error("a key file of one byte was taken")
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := KeyFile(path, random); err == nil {
		t.Error("a key file that all can read was taken")
	}
}
