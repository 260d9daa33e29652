package dht

import (
	"fmt"
	"strings"
	"testing"
)

func TestScrape(t *testing.T) {
	for name, test := range map[string]struct {
		seeds, others int
		change        func(*fakeDHT, []*fakeNode)
		wantSeeds     [2]float64
		wantOthers    [2]float64
		oddity        string
	}{
		"80 seeds, 200 others": {80, 200, nil, [2]float64{75, 85}, [2]float64{190, 210}, ""},
		"no seed":              {0, 50, nil, [2]float64{0, 0}, [2]float64{47, 53}, ""},
		"half know no filters": {30, 60, func(_ *fakeDHT, near []*fakeNode) {
			for _, n := range near[:4] {
				n.noFilters = true
			}
		}, [2]float64{28, 32}, [2]float64{56, 64}, ""},
		"one filter is full": {30, 60, func(_ *fakeDHT, near []*fakeNode) {
			near[1].spoil = func(_ fakeQuery, answer map[string]any) []byte {
				full := strings.Repeat("\xff", filterBytes)
				r := answer["r"].(map[string]any)
				r["BFsd"], r["BFpe"] = full, full
				return nil
			}
		}, [2]float64{28, 32}, [2]float64{56, 64}, "filter-outlier"},
		"peers in no filter": {30, 60, func(_ *fakeDHT, near []*fakeNode) {
			near[1].spoil = func(_ fakeQuery, answer map[string]any) []byte {
				r := answer["r"].(map[string]any)
				delete(r, "BFsd")
				r["BFpe"] = strings.Repeat("\x00", filterBytes)
				return nil
			}
		}, [2]float64{28, 32}, [2]float64{56, 64}, "filter-mismatch"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newFakeDHT(9, 100, public)
				hash := d.randomID()
				d.announce(hash, 8, somePeers(0, test.seeds), somePeers(test.seeds, test.others))
				if test.change != nil {
					test.change(d, d.closest(hash))
				}
				c := d.client(t, nil)
				_, r := lookupOnce(t, c, hash)
				_ = c.Close()
				if !r.Scraped || r.Seeds < test.wantSeeds[0] || r.Seeds > test.wantSeeds[1] {
					t.Errorf("got %.1f seeds, want %v", r.Seeds, test.wantSeeds)
				}
				if r.Leechers < test.wantOthers[0] || r.Leechers > test.wantOthers[1] {
					t.Errorf("got %.1f others, want %v", r.Leechers, test.wantOthers)
				}
				if test.oddity != "" && !strings.Contains(fmt.Sprint(r.Oddities), test.oddity) {
					t.Errorf("got oddities %v, want %s", r.Oddities, test.oddity)
				}
			})
		})
	}
}
