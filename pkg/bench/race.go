//go:build linux

package main

import (
	"fmt"
	"slices"
	"time"
)

// sample is one run: how much was done in which time.
type sample struct {
	n         int64
	wall, cpu time.Duration
}

func (s sample) perSecond() float64    { return per(s.n, s.wall) }
func (s sample) perCPUSecond() float64 { return per(s.n, s.cpu) }

func per(n int64, d time.Duration) float64 {
	if d <= 0 {
		return 0
	}
	return float64(n) / d.Seconds()
}

// figures are the values of several rounds.
type figures []float64

func (f figures) median() float64 {
	if len(f) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(f))
	mid := len(sorted) / 2
	if len(sorted)%2 == 1 {
		return sorted[mid]
	}
	return (sorted[mid-1] + sorted[mid]) / 2
}

// over gives the ratios round by round.
func (f figures) over(g figures) figures {
	var ratios figures
	for i := range min(len(f), len(g)) {
		if g[i] != 0 {
			ratios = append(ratios, f[i]/g[i])
		}
	}
	return ratios
}

// span says median and extremes.
func (f figures) span() string {
	if len(f) == 0 {
		return "-"
	}
	return fmt.Sprintf("%.2f (%.2f..%.2f)", f.median(), slices.Min(f), slices.Max(f))
}

// race runs the contestants in turn, so often, and gives the samples of each.
// Every round begins with another one.
func race(rounds int, contestants ...func() (sample, error)) ([][]sample, error) {
	all := make([][]sample, len(contestants))
	for round := range rounds {
		for i := range contestants {
			turn := (round + i) % len(contestants)
			s, err := contestants[turn]()
			if err != nil {
				return nil, err
			}
			all[turn] = append(all[turn], s)
		}
	}
	return all, nil
}

func each(samples []sample, f func(sample) float64) figures {
	var all figures
	for _, s := range samples {
		all = append(all, f(s))
	}
	return all
}
