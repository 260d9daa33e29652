package confirm

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"net/netip"
	"runtime"
	"testing"
)

// TestMemoryPerPeer holds the promise of at most 200 bytes per peer, with an
// address, an id and a client of its own for each, one in ten of which finishes.
// At the second number the indexes are at their emptiest.
func TestMemoryPerPeer(t *testing.T) {
	for _, peers := range []uint32{200_000, 60_000} {
		memoryOf(t, peers)
	}
}

func memoryOf(t *testing.T, peers uint32) {
	t.Helper()
	const bound = 200
	before := heap()
	f := NewFold(Options{})
	p := see(0, 50)
	for i := range peers {
		sum := sha256.Sum256(binary.BigEndian.AppendUint32(nil, i))
		p.IP = netip.AddrFrom4([4]byte(sum[20:24]))
		p.Port, p.Session = binary.BigEndian.Uint16(sum[24:])|1, uint64(i)
		p.PeerID, p.Client = "2d7142343635302d"+hex.EncodeToString(sum[:12]), "qBittorrent/4.6.5"
		p.Have, p.TS = int64(sum[30]%97), second(float64(i)/1000)
		f.Reading(p)
		if i%10 == 0 { // some of them finish
			p.Have, p.TS = 99, p.TS.Add(1)
			f.Reading(p)
		}
	}
	got := float64(heap()-before) / float64(peers)
	if f.Peers() != int(peers) || f.Confirmed() != int64(peers)/10 {
		t.Fatalf("got %d peers, %d confirmed, want %d and %d", f.Peers(), f.Confirmed(), peers, peers/10)
	}
	t.Logf("%.0f bytes for each of %d peers", got, peers)
	if got > bound {
		t.Errorf("got %.0f bytes per peer, want at most %d", got, bound)
	}
	runtime.KeepAlive(f)
}

// heap is the live heap in bytes.
func heap() int64 {
	var m runtime.MemStats
	for range 2 {
		runtime.GC()
	}
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
