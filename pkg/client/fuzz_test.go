package client_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"btkit/pkg/client"
)

// FuzzOf: whatever a peer calls itself, it gets one entry of the table, whose
// answers are sane; and what it gets begins with nothing longer elsewhere.
func FuzzOf(f *testing.F) {
	for _, h := range client.All() {
		for _, p := range h.Prefixes {
			f.Add([]byte(p), "", int64(1000), int64(time.Minute), 0)
		}
		for _, v := range h.Versions {
			f.Add([]byte{0}, v, int64(0), int64(-1), 1<<62)
		}
	}
	all := client.All()
	f.Fuzz(func(t *testing.T, raw []byte, version string, pieces, held int64, n int) {
		var id [20]byte
		copy(id[:], raw)
		h := client.Of(id, version)
		if !slices.Contains(all, h) {
			t.Fatalf("%q, %q: got %+v, which is not in the table", raw, version, h)
		}
		if got := h.MayHide(pieces); got < 0 || got > 64 {
			t.Fatalf("%s may hide %d of %d", h.Name, got, pieces)
		}
		if h.IdleClose(time.Duration(held)) && !h.IdleClose(max(time.Duration(held), time.Duration(held)+1)) {
			t.Fatalf("%s: closes as idle after %v, not later", h.Name, held)
		}
		if at, ok := h.DialBack.Next(time.Time{}, n); ok && (at.Before(time.Time{}) || at.Sub(time.Time{}) > 24*time.Hour) {
			t.Fatalf("%s: attempt %d comes %v later", h.Name, n, at.Sub(time.Time{}))
		}
		for _, other := range all {
			for _, p := range other.Prefixes {
				if other != h && strings.HasPrefix(string(id[:]), p) && !slices.ContainsFunc(h.Prefixes, func(q string) bool {
					return len(q) > len(p) && strings.HasPrefix(string(id[:]), q)
				}) {
					t.Fatalf("%q: got %s, want %s", raw, h.Name, other.Name)
				}
			}
		}
	})
}
