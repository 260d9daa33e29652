package main

import (
	"net/netip"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"btkit/pkg/lab/dhtd"
	"btkit/pkg/script"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bt-peers-dht": main})
}

// Torrents of the scripts: the first has three seeds and five others, the
// second two others; nobody has any other torrent.
var torrents = []struct {
	hash          dhtd.ID
	seeds, others int
}{
	{dhtd.ID{0xaa, 1, 2, 3}, 3, 5},
	{dhtd.ID{0xbb, 1, 2, 3}, 0, 2},
}

func TestScripts(t *testing.T) {
	nodes, err := dhtd.Open(dhtd.Options{Nodes: 40, Seed: 1})
	if err != nil {
		t.Fatalf("open DHT: %v", err)
	}
	t.Cleanup(func() {
		if err := nodes.Close(); err != nil {
			t.Errorf("close DHT: %v", err)
		}
	})
	for i, torrent := range torrents {
		for k := range torrent.seeds + torrent.others {
			addr := netip.AddrFrom4([4]byte{127, byte(100 + i), 0, byte(1 + k)})
			nodes.Put(torrent.hash, netip.AddrPortFrom(addr, 7000), dhtd.Entry{Seed: k < torrent.seeds})
		}
	}
	script.Run(t, nil, "BT_BOOTSTRAP="+nodes.Contacts()[0].Addr.String(), "BT_ALLOW_PRIVATE=1")
}
