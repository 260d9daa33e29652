package cmdline

import "testing"

func TestFit(t *testing.T) {
	cases := map[string]struct {
		text  string
		width int
		want  string
	}{
		"short":          {"probe 1", 20, "probe 1"},
		"just":           {"abcdefg", 10, "abcdefg"},
		"one too many":   {"abcdefgh", 10, "…cdefgh"},
		"far too many":   {"abcdefghijklmnopqrstuvwxyz", 10, "…uvwxyz"},
		"characters":     {"äöüßäöü", 10, "äöüßäöü"},
		"cut characters": {"äöüßäöüß", 10, "…üßäöüß"},
	}
	for name, c := range cases {
		if got := fit(c.text, c.width); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
