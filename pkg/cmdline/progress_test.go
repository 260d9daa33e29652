package cmdline

import "testing"

func TestFit(t *testing.T) {
	cases := map[string]struct {
		texts []string
		width int
		want  string
	}{
		"short":                     {[]string{"probe 1"}, 20, "probe 1"},
		"just":                      {[]string{"probe 1", "store 2"}, 20, "probe 1 · store 2"},
		"one column too many":       {[]string{"probe 10", "store 2"}, 20, "… · store 2"},
		"only as many as must":      {[]string{"dht 1", "probe 10", "store 2"}, 25, "… · probe 10 · store 2"},
		"no room for the mark":      {[]string{"dht 1", "confirm 3 crossed"}, 20, "confirm 3 crossed"},
		"the last is too long":      {[]string{"dht 1", "confirm 3 crossed."}, 20, "confirm 3 crosse…"},
		"alone and too long":        {[]string{"abcdefgh"}, 10, "abcdef…"},
		"characters":                {[]string{"äöüßäöü"}, 10, "äöüßäöü"},
		"characters that are cut":   {[]string{"äöüßäöüß"}, 10, "äöüßäö…"},
		"characters, whole command": {[]string{"ä", "öüß"}, 10, "ä · öüß"},
	}
	for name, c := range cases {
		if got := fit(c.texts, c.width); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}
