package confirm

import (
	"encoding/json"
	"fmt"
	"math"
	"net/netip"
	"os"
	"testing"
	"time"

	"btkit/pkg/record"
)

// geometry is what the notes on the geometry of confirmation give as vectors
// about counting.
type geometry struct {
	Threshold []struct{ Pieces, Threshold int64 }
	Swarm     struct {
		Threshold int64
		Peers     []struct {
			Peer, Class string
			Visits      [][2]*float64 // second, pieces or null for a failed visit
			Left, Right float64
		}
		Totals map[string]int64
	}
	Speed []speed
}

type speed struct {
	Before         int64 `json:"pieces_before"`
	After          int64 `json:"pieces_after"`
	PieceLength    int64 `json:"piece_length"`
	LastPiece      int64 `json:"last_piece_length"`
	Seconds        float64
	BytesPerSecond *float64   `json:"bytes_per_second"`
	Range          [2]float64 `json:"bytes_per_second_range"`
}

func vectors(t *testing.T) (g geometry) {
	t.Helper()
	b, err := os.ReadFile("testdata/geometry.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, &g); err != nil {
		t.Fatal(err)
	}
	if len(g.Threshold) != 13 || len(g.Swarm.Peers) != 12 || len(g.Speed) != 4 {
		t.Fatalf("got %d, %d and %d vectors, want 13, 12 and 4", len(g.Threshold), len(g.Swarm.Peers), len(g.Speed))
	}
	return g
}

func TestThresholdVectors(t *testing.T) {
	for _, v := range vectors(t).Threshold {
		t.Run(fmt.Sprint(v.Pieces), func(t *testing.T) {
			f := NewFold(Options{Percent: 98})
			carried := need(1) // what the reading says must not matter here
			below := feed(f, see(0, 0, pieces(v.Pieces), carried), see(60, v.Threshold-1, pieces(v.Pieces), carried))
			if n := len(downloads(below)); n != 0 {
				t.Errorf("got %d downloads at %d pieces, want 0 below %d", n, v.Threshold-1, v.Threshold)
			}
			above := downloads(feed(f, see(120, v.Threshold, pieces(v.Pieces), carried)))
			if len(above) != 1 || above[0].Need != v.Threshold {
				t.Errorf("got %v at %d pieces, want one download with that threshold", above, v.Threshold)
			}
		})
	}
}

func TestSwarmVectors(t *testing.T) {
	swarm := vectors(t).Swarm
	f := NewFold(Options{})
	classOf := map[string]string{}
	for i, v := range swarm.Peers {
		addr := from(fmt.Sprintf("192.0.2.%d:6881", i+1))
		var out []record.Record
		for n, visit := range v.Visits {
			if visit[1] != nil {
				out = append(out, feed(f, see(*visit[0], int64(*visit[1]), addr, need(swarm.Threshold), session(uint64(n))))...)
			}
		}
		classOf[v.Peer] = swarmClass(f, i)
		if v.Class != classOf[v.Peer] {
			t.Errorf("peer %s: got %s, want %s", v.Peer, classOf[v.Peer], v.Class)
		}
		if v.Class != "confirmed" {
			continue
		}
		d := downloads(out)
		if len(d) != 1 || !d[0].BelowTS.Equal(second(v.Left)) || !d[0].AboveTS.Equal(second(v.Right)) {
			t.Errorf("peer %s: got %s, want one download in (%v, %v] s", v.Peer, text(out), v.Left, v.Right)
		}
	}
	tally := tallyOf(t, f, hashA)
	totals := map[string]int64{"confirmed": tally.Confirmed, "right_censored": tally.Censored,
		"first_seen_complete": tally.FirstComplete, "never_evaluated": int64(len(swarm.Peers)) - tally.Peers}
	for name, got := range totals {
		if want := swarm.Totals[name]; got != want {
			t.Errorf("%s: got %d, want %d", name, got, want)
		}
	}
}

// swarmClass is the class of the i-th peer in the words of the vectors.
func swarmClass(f *Fold, i int) string {
	k, _ := identify(see(0, 0, from(fmt.Sprintf("192.0.2.%d:6881", i+1))))
	at, ok := f.byKey[k]
	if !ok {
		return "never_evaluated"
	}
	return map[class]string{confirmed: "confirmed", censored: "right_censored", firstComplete: "first_seen_complete"}[f.at(at).class]
}

func TestSpeedVectors(t *testing.T) {
	for i, v := range vectors(t).Speed {
		t.Run(fmt.Sprintf("%d to %d", v.Before, v.After), func(t *testing.T) {
			f := NewFold(Options{})
			if v.LastPiece > 0 {
				f.Torrent(&record.Torrent{InfoHash: hashA, Pieces: 100, PieceBytes: v.PieceLength, Bytes: 99*v.PieceLength + v.LastPiece})
			}
			size := func(p *record.Progress) { p.PieceBytes, p.Need = v.PieceLength, max(v.Before, v.After) }
			out := feed(f, see(0, v.Before, size), see(v.Seconds, v.After, size))
			if v.After < v.Before { // the crossing comes too soon to give a rate of its own
				f = NewFold(Options{})
				later := func(p *record.Progress) { size(p); p.Need = v.Before + 1 }
				out = feed(f, see(0, v.Before, later), see(v.Seconds, v.After, later), see(v.Seconds+1, 100, later))
			}
			got := downloads(out)
			if len(got) != 1 {
				t.Fatalf("vector %d: got %s, want one download", i, text(out))
			}
			low, high := v.Range[0], v.Range[1]
			if v.BytesPerSecond != nil {
				low, high = *v.BytesPerSecond, *v.BytesPerSecond
			}
			if rate := got[0].RateBPS; rate < low*(1-1e-6) || rate > high*(1+1e-6) {
				t.Errorf("got %v bytes/s, want %v to %v", rate, low, high)
			}
		})
	}
}

func TestRate(t *testing.T) {
	const piece = 262144
	tests := []struct {
		name     string
		readings []*record.Progress
		want     float64
	}{
		{"exactly 30 s apart", []*record.Progress{see(0, 10), see(30, 98)}, 88 * piece / 30.},
		{"just below 30 s", []*record.Progress{see(0, 10), see(29.9, 98)}, 0},
		{"near readings add up", []*record.Progress{see(0, 10), see(20, 20), see(40, 98)}, 88 * piece / 40.},
		{"highest of several", []*record.Progress{see(0, 0), see(100, 90), see(200, 98)}, 90 * piece / 100.},
		{"after a fall it counts anew", []*record.Progress{see(0, 50), see(60, 10), see(120, 98)}, 88 * piece / 60.},
		{"a fall within 30 s moves the base too", []*record.Progress{see(0, 50), see(10, 10), see(40, 98)}, 88 * piece / 30.},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := downloads(feed(NewFold(Options{}), tt.readings...))
			if len(got) != 1 || math.Abs(got[0].RateBPS-tt.want) > tt.want*1e-6 {
				t.Errorf("got %+v, want one download at %v bytes/s", got, tt.want)
			}
		})
	}
}

func TestLastPiece(t *testing.T) {
	whole := 262144.0
	tests := []struct {
		name    string
		torrent record.Torrent
		want    float64 // bytes of the last two pieces
	}{
		{"unknown length", record.Torrent{}, 2 * whole},
		{"shorter", record.Torrent{Pieces: 100, PieceBytes: 262144, Bytes: 99*262144 + 1000}, whole + 1000},
		{"as long as the others", record.Torrent{Pieces: 100, PieceBytes: 262144, Bytes: 100 * 262144}, 2 * whole},
		{"length makes no sense", record.Torrent{Pieces: 100, PieceBytes: 262144, Bytes: 262144}, 2 * whole},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFold(Options{})
			tt.torrent.InfoHash = hashA
			f.Torrent(&tt.torrent)
			got := downloads(feed(f, see(0, 98, need(100)), see(100, 100, need(100))))
			if len(got) != 1 || math.Abs(got[0].RateBPS-tt.want/100) > 1 {
				t.Errorf("got %+v, want one download at %v bytes/s", got, tt.want/100)
			}
		})
	}
}

func TestDownloadRecord(t *testing.T) {
	who := client(idOne, "qBittorrent/4.6.5")
	out := feed(NewFold(Options{}), see(0, 10, who, session(1)), see(50, 60, who, session(1)), see(60, 40, who, session(2)),
		see(90, 97, inbound("192.0.2.1:50001", 6881), who, session(3)), see(95, 99, inbound("192.0.2.1:50001", 6881), who, session(3)))
	got := downloads(out)
	want := &record.Download{InfoHash: hashA, IP: netip.MustParseAddr("192.0.2.1"), Port: 6881, Client: "qBittorrent/4.6.5",
		Direction: "in", Identity: "listen-port", FirstTS: second(0), FirstHave: 10, BelowTS: second(90), BelowHave: 97,
		AboveTS: second(95), AboveHave: 99, CrossedTS: second(90).Add(526315 * time.Microsecond), Need: 98, Pieces: 100, Readings: 5, Visits: 3}
	want.TS = second(95)
	if len(got) != 1 {
		t.Fatalf("got %s, want one download", text(out))
	}
	want.RateBPS = got[0].RateBPS // has its own test
	if *got[0] != *want {
		t.Errorf("got %+v, want %+v", got[0], want)
	}
}
