package metainfo

import (
	"bytes"
	"testing"

	"btkit/pkg/outcome"
)

// served is an info dictionary of n bytes and its blocks.
func served(n int) (info []byte, block func(int) []byte) {
	for i := range n {
		info = append(info, byte(i*131%251))
	}
	return info, func(i int) []byte { return info[i*BlockBytes : min((i+1)*BlockBytes, n)] }
}

func TestAssembly(t *testing.T) {
	for name, size := range map[string]int{"one byte": 1, "short last block": 34078, "full last block": 5 * BlockBytes, "one full block": BlockBytes} {
		t.Run(name, func(t *testing.T) {
			info, block := served(size)
			a, err := NewAssembly(int64(size))
			if err != nil {
				t.Fatal(err)
			}
			var asked []int
			for !a.Done() {
				for n, ok := a.Next(); ok; n, ok = a.Next() {
					asked = append(asked, n)
				}
				if len(asked) == 0 || len(asked) > maxAsked {
					t.Fatalf("%d blocks asked for at once; want 1 to %d", len(asked), maxAsked)
				}
				last := asked[len(asked)-1]
				asked = asked[:len(asked)-1]
				if wanted, err := a.Put(last, block(last)); !wanted || err != nil {
					t.Fatalf("block %d: %v, %v; want it taken", last, wanted, err)
				}
			}
			if !bytes.Equal(a.Bytes(), info) {
				t.Error("the info dictionary differs from the one served")
			}
		})
	}
}

func TestAssemblySizes(t *testing.T) {
	tests := []struct {
		name string
		size int64
		want outcome.Outcome
	}{
		{"none", 0, outcome.NotFound}, {"negative", -1, outcome.NotFound}, {"2^40", 1 << 40, outcome.TooLarge},
		{"at the cap", MaxInfoBytes, outcome.OK}, {"above the cap", MaxInfoBytes + 1, outcome.TooLarge},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if _, err := NewAssembly(test.size); outcome.Of(err) != test.want {
				t.Errorf("got %v; want %s", err, test.want)
			}
		})
	}
}

func TestAssemblyAgainstOddPeers(t *testing.T) {
	info, block := served(34078)
	start := func() *Assembly {
		a, _ := NewAssembly(int64(len(info)))
		a.Next()
		return a
	}
	t.Run("all in one block", func(t *testing.T) {
		a := start()
		if wanted, err := a.Put(0, info); !wanted || err != nil || !bytes.Equal(a.Bytes(), info) {
			t.Errorf("got %v, %v; want it taken as a whole", wanted, err)
		}
	})
	t.Run("block of another length", func(t *testing.T) {
		if _, err := start().Put(0, info[:100]); outcome.Of(err) != outcome.Malformed {
			t.Errorf("got %v; want malformed", err)
		}
	})
	t.Run("not asked for", func(t *testing.T) {
		a := start()
		for i := range maxStray {
			if wanted, err := a.Put(i-8, block(0)); i != 8 && (wanted || err != nil) {
				t.Fatalf("block %d: %v, %v; want it let pass", i-8, wanted, err)
			}
		}
		if _, err := a.Put(-1, nil); err != nil {
			t.Fatalf("16th: %v; want it let pass", err)
		}
		if _, err := a.Put(-1, nil); outcome.Of(err) != outcome.Malformed {
			t.Errorf("17th: %v; want malformed", err)
		}
	})
	t.Run("repeated", func(t *testing.T) {
		a := start()
		_, _ = a.Put(0, block(0))
		if wanted, err := a.Put(0, block(0)); wanted || err != nil || a.Done() {
			t.Errorf("got %v, %v; want it let pass", wanted, err)
		}
	})
}
