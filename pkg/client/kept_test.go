package client_test

import (
	"os"
	"testing"

	"btkit/pkg/client"
)

// What was measured on real clients is kept with the table, for the programs
// that Debian has, in the settings that make them hard to read; and every reading
// was exact.
func TestWhatWasMeasuredIsKept(t *testing.T) {
	file, err := os.Open("testdata/clients.json")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	m, err := client.ReadMeasured(file)
	if err != nil {
		t.Fatal(err)
	}
	known := map[string]bool{}
	for _, h := range client.All() {
		known[h.Name] = true
	}
	families, variants := map[string]bool{}, map[string]bool{}
	for _, c := range m.Clients {
		families[c.Family], variants[c.Variant] = true, true
		if !known[c.Family] {
			t.Errorf("%s: the table has no family %q", c.Name, c.Family)
		}
		if got := c.Cells["reading_exact"].Value; got != true {
			t.Errorf("%s %s: got reading_exact %v, want true", c.Name, c.Variant, got)
		}
		if got := c.Cells["banned"].Value; got != false {
			t.Errorf("%s %s: got banned %v, want false", c.Name, c.Variant, got)
		}
	}
	for _, want := range []string{"libtorrent", "qBittorrent", "Deluge", "Transmission 3", "rTorrent", "aria2"} {
		if !families[want] {
			t.Errorf("got no %s, want it measured", want)
		}
	}
	for _, want := range []string{"", "MSE forced", "uTP only", "IPv6", "dial-out only", "encryption required"} {
		if !variants[want] {
			t.Errorf("got no setting %q, want it measured", want)
		}
	}
}
