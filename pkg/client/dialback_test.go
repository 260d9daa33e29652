package client_test

import (
	"testing"
	"time"

	"btkit/pkg/client"
)

func TestDialBackClocks(t *testing.T) {
	const never = -1
	minutes := func(m ...int) (gaps []time.Duration) {
		for _, n := range m {
			gaps = append(gaps, time.Duration(n)*time.Minute)
		}
		return gaps
	}
	tests := map[string]struct {
		clock client.DialBack
		want  []time.Duration // gaps before attempts 0, 1, …; never for none
	}{
		"none":                {client.DialBack{}, []time.Duration{never, never}},
		"no gaps but a step":  {client.DialBack{Step: time.Minute}, []time.Duration{never}},
		"libtorrent":          {client.Of(id("-LT"), "").DialBack, minutes(1, 2, 3, 4, 5, 6)},
		"rTorrent":            {client.Of(id("-lt"), "").DialBack, append(minutes(10, 10, 10), never, never)},
		"Transmission 4":      {client.Of(id("-TR4"), "").DialBack, append([]time.Duration{0, 10 * time.Second}, minutes(2, 15, 30, 60, 120, 120, 120)...)},
		"BiglyBT":             {client.Of(id("-BI"), "").DialBack, minutes(1, 1, 1)},
		"fewer tries":         {client.DialBack{Gaps: minutes(1, 2, 3), Tries: 2}, append(minutes(1, 2), never)},
		"a step behind a few": {client.DialBack{Gaps: minutes(1, 5), Step: 2 * time.Minute}, minutes(1, 5, 7, 9)},
	}
	since := time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)
	for name, tt := range tests {
		for n, want := range tt.want {
			at, ok := tt.clock.Next(since, n)
			if got := at.Sub(since); ok != (want != never) || ok && got != want {
				t.Errorf("%s, attempt %d: got %v later, %v; want %v", name, n, got, ok, want)
			}
		}
		if _, ok := tt.clock.Next(since, -1); ok {
			t.Errorf("%s: an attempt before the first", name)
		}
	}
}

func TestDialBackStopsAfterItsTries(t *testing.T) {
	clock := client.Of(id("-UT"), "").DialBack
	at, n := time.Time{}, 0
	for {
		next, ok := clock.Next(at, n)
		if !ok {
			break
		}
		at, n = next, n+1
	}
	if n != 8 || at.Sub(time.Time{}) != 8*122*time.Second {
		t.Errorf("got %d attempts in %v, want 8 every 122 s", n, at.Sub(time.Time{}))
	}
}
