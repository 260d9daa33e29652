//go:build linux

package main

import (
	"bytes"
	"net/netip"
	"strings"
	"testing"
)

// What a swarm is told says how bt-probe is to call, and is no visit that counts.
func TestWaysAreTold(t *testing.T) {
	at := netip.MustParseAddrPort("127.88.0.1:6881")
	for _, tt := range []struct {
		way  way
		want []string
		not  string
	}{
		{bareTCP, []string{`"type":"peer"`}, `"type":"visit"`},
		{overTCP, []string{`"type":"peer"`, `"direction":"in"`, `"transport":"tcp","crypto":"plain"`, `"listen_port":6881`}, `"encryption"`},
		{overRC4, []string{`"encryption":true`, `"transport":"tcp","crypto":"rc4"`}, `"stage":"settled"`},
		{overClear, []string{`"encryption":true`, `"transport":"tcp","crypto":"mse-plain"`}, `"stage":"settled"`},
		{overUTP, []string{`"transport":"utp","crypto":"plain"`}, `"encryption"`},
	} {
		t.Run(tt.way.what, func(t *testing.T) {
			var out bytes.Buffer
			w := newWriter(&out)
			if err := tt.way.tell(w, at, infohash(0)); err != nil {
				t.Fatal(err)
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			for _, want := range tt.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("got %s, want %s in it", &out, want)
				}
			}
			if strings.Contains(out.String(), tt.not) {
				t.Errorf("got %s, want no %s", &out, tt.not)
			}
			if got := tt.way.count(out.Bytes()); got != 0 {
				t.Errorf("counts %d visits, want none yet", got)
			}
		})
	}
}

func TestCountsOneWay(t *testing.T) {
	records := strings.Join([]string{
		`{"type":"visit","transport":"tcp","crypto":"plain","outcome":"ok","stage":"settled"}`,
		`{"type":"visit","transport":"tcp","crypto":"rc4","outcome":"ok","stage":"settled"}`,
		`{"type":"visit","transport":"tcp","crypto":"rc4","outcome":"closed-early","stage":"handshake"}`,
		`{"type":"visit","transport":"utp","crypto":"plain","outcome":"ok","stage":"settled"}`,
		`{"type":"visit","transport":"utp","crypto":"plain","outcome":"ok","stage":"settled"}`,
	}, "\n")
	for _, tt := range []struct {
		way  way
		want int64
	}{{bareTCP, 1}, {overTCP, 1}, {overRC4, 1}, {overClear, 0}, {overUTP, 2}} {
		if got := tt.way.count([]byte(records)); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.way.what, got, tt.want)
		}
	}
}
