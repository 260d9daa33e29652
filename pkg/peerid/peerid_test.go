package peerid

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

type vector struct {
	PeerID  string `json:"peer_id"`
	ASCII   string
	Client  string
	Version string
	Style   string
}

func vectors(t testing.TB) []vector {
	t.Helper()
	raw, err := os.ReadFile("testdata/client_ids.json")
	if err != nil {
		t.Fatal(err)
	}
	var file struct{ Cases []vector }
	if err := json.Unmarshal(raw, &file); err != nil {
		t.Fatal(err)
	}
	if len(file.Cases) != 54 {
		t.Fatalf("cases = %d, want 54", len(file.Cases))
	}
	return file.Cases
}

func (v vector) id(t testing.TB) (id [20]byte) {
	t.Helper()
	raw, err := hex.DecodeString(v.PeerID)
	if err != nil || len(raw) != 20 {
		t.Fatalf("peer id %q: %v", v.PeerID, err)
	}
	copy(id[:], raw)
	return id
}

func TestName(t *testing.T) {
	for _, v := range vectors(t) {
		t.Run(v.ASCII, func(t *testing.T) {
			client, version, style := Name(v.id(t))
			if client != v.Client || version != v.Version || style != v.Style {
				t.Errorf("got %q %q %q, want %q %q %q", client, version, style, v.Client, v.Version, v.Style)
			}
			if got := Printable(v.id(t)); got != v.ASCII {
				t.Errorf("printable: got %q, want %q", got, v.ASCII)
			}
		})
	}
}

func TestVersionRules(t *testing.T) {
	for _, c := range []struct{ id, client, version string }{
		{"-AX0123-xxxxxxxxxxxx", "BitPump", "1.23"},
		{"-AX01A3-xxxxxxxxxxxx", "BitPump", ""},
		{"-BB1234-xxxxxxxxxxxx", "BitBuddy", "1.234"},
		{"-BF1234-xxxxxxxxxxxx", "Bitflu", ""},
		{"-TR299X-xxxxxxxxxxxx", "Transmission", "2.99+"},
		{"-TR..00-xxxxxxxxxxxx", "Transmission", ""},
		{"-UT355B-xxxxxxxxxxxx", "uTorrent", "3.5.5 beta"},
		{"-UT355A-xxxxxxxxxxxx", "uTorrent", "3.5.5 alpha"},
		{"-UT355d-xxxxxxxxxxxx", "uTorrent", "3.5.5 debug"},
		{"-UT355Z-xxxxxxxxxxxx", "uTorrent", "3.5.5 dev"},
		{"-UT.55Z-xxxxxxxxxxxx", "uTorrent", ""},
		{"-KT21D3-xxxxxxxxxxxx", "KTorrent", "2.1 dev3"},
		{"-KT21R.-xxxxxxxxxxxx", "KTorrent", "2.1.27"},
		{"-ZZ.999-xxxxxxxxxxxx", "unknown -ZZ-", ""},
		{"-qB4650xxxxxxxxxxxxx", "unknown", ""},
		{"OPxxxxxxxxxxxxxxxxxx", "unknown", ""},
		{"Mx-3-6--xxxxxxxxxxxx", "unknown", ""},
		{"M4------xxxxxxxxxxxx", "unknown", ""},
		{"-ML\x1b[2J-xxxxxxxxxxxx", "MLdonkey", ".[2J"},
		{"\x00\x00BSxxxxxxxxxxxxxxxx", "BitSpirit", "1.x"},
	} {
		t.Run(c.id, func(t *testing.T) {
			client, version, _ := Name([20]byte([]byte(c.id)))
			if client != c.client || version != c.version {
				t.Errorf("got %q %q, want %q %q", client, version, c.client, c.version)
			}
		})
	}
}

func TestNew(t *testing.T) {
	random := bytes.Repeat([]byte{0, 61, 62, 255}, 5)
	id, err := New("-XY0100-", bytes.NewReader(random))
	if want := "-XY0100-0z070z070z07"; err != nil || string(id[:]) != want {
		t.Errorf("got %q, %v, want %q", id, err, want)
	}
	if _, _, style := Name(id); style != Azureus {
		t.Errorf("style of our own id = %q, want %q", style, Azureus)
	}
	if _, err := New("-XY0100-", strings.NewReader("short")); err == nil {
		t.Error("no error from a short source of chance")
	}
	if _, err := New("-XY0100-abcdefg", bytes.NewReader(random)); err == nil {
		t.Error("no error for a prefix that leaves little to chance")
	}
}

func TestTableIsSorted(t *testing.T) {
	if !slices.IsSortedFunc(azureus[:], func(a, b coded) int { return strings.Compare(a.code, b.code) }) {
		t.Error("the codes are not in order, so the search misses some")
	}
}

func TestTableIsGenerated(t *testing.T) {
	out := filepath.Join(t.TempDir(), "table.go")
	if msg, err := exec.Command("go", "run", "./testdata/gentable", "testdata/client_ids.json", out).CombinedOutput(); err != nil {
		t.Fatalf("generate: %v\n%s", err, msg)
	}
	want, _ := os.ReadFile(out)
	got, _ := os.ReadFile("table.go")
	if !bytes.Equal(got, want) {
		t.Error("table.go is not what testdata/gentable makes of client_ids.json; run go generate")
	}
}

// Property: any 20 bytes have a client and a style, and only printable ASCII
// comes out.
func FuzzPeerID(f *testing.F) {
	for _, v := range vectors(f) {
		id := v.id(f)
		f.Add(id[:])
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		var id [20]byte
		copy(id[:], raw)
		client, version, style := Name(id)
		if client == "" || style == "" {
			t.Errorf("got client %q, style %q", client, style)
		}
		for _, s := range []string{client, version, style, Printable(id)} {
			if s != Clean(s) {
				t.Errorf("%q does not print", s)
			}
		}
	})
}
