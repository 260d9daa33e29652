package benc

import (
	"bytes"
	"testing"

	"github.com/zeebo/bencode"
)

// FuzzCheck: whatever comes, Check ends within its limits without a panic;
// what it accepts is decoded by zeebo/bencode, and written again from its
// Values it gives the same bytes, or fewer where keys were repeated.
func FuzzCheck(f *testing.F) {
	for _, seed := range []string{
		"i-42e", "4:spam", "le", "d1:ali1e2:xyeeTAIL", "d1:bi1e1:ai2e1:bi3ee", "999999999:a", "i007e",
		"d1:a", "lllleeee", "d4:infod6:lengthi1e4:name1:x12:piece lengthi16384eee",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		v, rest, odd, err := Parse(b, Limits{Nodes: 1000})
		if err != nil {
			if at := err.(*SyntaxError).Offset; at < 0 || at > len(b) {
				t.Fatalf("error at byte %d of %d", at, len(b))
			}
			return
		}
		if n := len(v.Raw()) + len(rest); n != len(b) {
			t.Fatalf("value and rest have %d bytes, want %d", n, len(b))
		}
		var any any
		if err := bencode.DecodeBytes(v.Raw(), &any); err != nil {
			t.Fatalf("zeebo refuses %q: %v", v.Raw(), err)
		}
		again := appendUnique(nil, v)
		if !odd.Has(DuplicateKeys) && !bytes.Equal(again, v.Raw()) {
			t.Fatalf("round trip gives %q, want %q", again, v.Raw())
		}
		if _, odd, err := Check(again, Limits{Nodes: 1000}); err != nil || odd.Has(DuplicateKeys) {
			t.Fatalf("without repetitions %q: %v, %v", again, odd.Strings(), err)
		}
	})
}
