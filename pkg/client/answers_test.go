package client_test

import (
	"testing"
	"time"

	"btkit/pkg/client"
)

func TestMayHide(t *testing.T) {
	tests := map[string]struct {
		prefix       string
		pieces, want int64
	}{
		"libtorrent":             {"-LT", 1000, 0},
		"Transmission":           {"-TR3", 1000, 0},
		"aria2":                  {"A2-", 1000, 0},
		"BiglyBT":                {"-BI", 1000, 21},
		"µTorrent":               {"-UT", 1000, 26},
		"unknown, few pieces":    {"-XX", 10, 32},
		"unknown, some pieces":   {"-XX", 500, 50},
		"unknown, many pieces":   {"-XX", 100000, 64},
		"unknown, no pieces yet": {"-XX", 0, 32},
	}
	for name, tt := range tests {
		if got := client.Of(id(tt.prefix), "").MayHide(tt.pieces); got != tt.want {
			t.Errorf("%s, %d pieces: got %d, want %d", name, tt.pieces, got, tt.want)
		}
	}
	for _, h := range client.All() {
		if u := client.Of([20]byte{}, ""); h.MayHide(500) > u.MayHide(500) {
			t.Errorf("%s may hide %d, more than an unknown program, %d", h.Name, h.MayHide(500), u.MayHide(500))
		}
	}
}

func TestIdleClose(t *testing.T) {
	tests := map[string]struct {
		prefix string
		held   time.Duration
		want   bool
	}{
		"libtorrent, soon":                {"-LT", 3 * time.Minute, false},
		"libtorrent, when full":           {"-LT", 601 * time.Second, true},
		"Transmission, at once":           {"-TR", 10 * time.Second, false},
		"Transmission, full":              {"-TR", 61 * time.Second, true},
		"Transmission, with few peers":    {"-TR", 270 * time.Second, true},
		"aria2":                           {"A2-", 31 * time.Second, true},
		"aria2, interested":               {"A2-", 61 * time.Second, true},
		"aria2, before":                   {"A2-", 20 * time.Second, false},
		"rTorrent has no such rule":       {"-lt", 10 * time.Hour, false},
		"BiglyBT":                         {"-BI", 30 * time.Minute, true},
		"BiglyBT, before":                 {"-BI", 10 * time.Minute, false},
		"an unknown program, after a bit": {"-XX", 40 * time.Second, true},
		"an unknown program, at once":     {"-XX", time.Second, false},
		"a clock that went back":          {"-XX", -time.Hour, false},
	}
	for name, tt := range tests {
		if got := client.Of(id(tt.prefix), "").IdleClose(tt.held); got != tt.want {
			t.Errorf("%s: closed after %v: got %v, want %v", name, tt.held, got, tt.want)
		}
	}
}

func TestComesBack(t *testing.T) {
	tests := map[string]struct {
		prefix string
		after  time.Duration
		want   bool
	}{
		"libtorrent":     {"-LT", time.Minute, true},
		"qBittorrent":    {"-qB", time.Minute, true},
		"BiglyBT":        {"-BI", time.Minute, true},
		"Transmission 4": {"-TR4", 0, true},
		"Transmission 3": {"-TR3", 10 * time.Second, true},
		"rTorrent":       {"-lt", 10 * time.Minute, false},
		"aria2":          {"A2-", 0, false},
		"unknown":        {"-XX", 0, false},
	}
	for name, tt := range tests {
		after, ok := client.Of(id(tt.prefix), "").ComesBack()
		if ok != tt.want || after != tt.after {
			t.Errorf("%s: got after %v, %v; want %v, %v", name, after, ok, tt.after, tt.want)
		}
	}
}

func TestTakesSecond(t *testing.T) {
	for prefix, want := range map[string]bool{"-LT": false, "-TR3": false, "-TR4": true, "A2-": true, "-lt": false, "-XX": false} {
		if got := client.Of(id(prefix), "").TakesSecond(); got != want {
			t.Errorf("%s: got %v, want %v", prefix, got, want)
		}
	}
}

func TestGaps(t *testing.T) {
	for _, h := range client.All() {
		if keep, again := h.KeepAliveGap(), h.ReconnectGap(); keep > 60*time.Second || again < h.Pause || again > time.Minute ||
			h.KeepAlives > 0 && keep*time.Duration(h.KeepAlives) < time.Minute || h.Reconnects > 0 && again*time.Duration(h.Reconnects) < time.Minute {
			t.Errorf("%s: got %v between keep-alives and %v between connections for limits of %d and %d a minute",
				h.Name, keep, again, h.KeepAlives, h.Reconnects)
		}
	}
	if got := (&client.Habits{Pause: 5 * time.Second, Reconnects: 7}).ReconnectGap(); 7*got < time.Minute {
		t.Errorf("got %v, want seven of them to last a minute", got)
	}
}
