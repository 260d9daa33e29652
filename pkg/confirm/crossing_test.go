package confirm

import (
	"testing"

	"btkit/pkg/record"
)

// The crossing is placed between the two readings: by the latest pace, else by
// the pieces, of which a complete peer's tell nothing.
func TestCrossingEstimate(t *testing.T) {
	tests := []struct {
		name     string
		readings [][2]int // second, pieces
		want     float64
	}{
		{"in proportion to the pieces", [][2]int{{0, 94}, {100, 99}}, 80},
		{"complete, nothing known of the pace", [][2]int{{0, 94}, {100, 100}}, 50},
		{"by the pace", [][2]int{{0, 50}, {40, 90}, {100, 100}}, 48},
		{"by the latest pace", [][2]int{{0, 10}, {40, 50}, {60, 90}, {100, 100}}, 64},
		{"never behind the confirming reading", [][2]int{{0, 50}, {100, 60}, {110, 98}}, 110},
		{"readings too near each other give no pace", [][2]int{{0, 94}, {1, 95}, {101, 100}}, 51},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFold(Options{})
			var readings []*record.Progress
			for _, r := range tt.readings {
				readings = append(readings, see(float64(r[0]), int64(r[1])))
			}
			got := downloads(feed(f, readings...))
			if len(got) != 1 {
				t.Fatalf("got %d downloads, want 1", len(got))
			}
			if seconds := got[0].CrossedTS.Sub(second(0)).Seconds(); seconds != tt.want {
				t.Errorf("crossed at second %v, want %v", seconds, tt.want)
			}
		})
	}
}

// The threshold of a torrent may change between two readings; the crossing
// stays between them.
func TestCrossingWithAnotherThreshold(t *testing.T) {
	tests := []struct {
		name          string
		before, after int64 // thresholds
		have          [2]int64
		want          float64
	}{
		{"lowered below the first reading", 98, 28, [2]int64{62, 80}, 0},
		{"lowered, no piece gained", 98, 60, [2]int64{62, 62}, 50},
		{"raised", 63, 71, [2]int64{62, 80}, 50},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := downloads(feed(NewFold(Options{}), see(0, tt.have[0], need(tt.before)), see(100, tt.have[1], need(tt.after))))
			if len(got) != 1 || got[0].CrossedTS.Sub(start).Seconds() != tt.want {
				t.Errorf("got %+v, want one download that crossed at second %v", got, tt.want)
			}
		})
	}
}
