package house

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// takesBytesFrom lists the packages that read bytes of strangers by another
// way than package benc, with the strangers. Whoever imports benc is fuzzed in
// any case.
var takesBytesFrom = map[string]string{
	"pkg/benc":          "peers, nodes, trackers and .torrent files",
	"pkg/confirm":       "state files, and records of any program",
	"pkg/geo":           "databases and names from the DNS",
	"pkg/manners":       "block lists",
	"pkg/metainfo":      "magnet links",
	"pkg/peerid":        "peers",
	"pkg/peerwire":      "peers",
	"pkg/record":        "any program in the pipe",
	"pkg/resolve":       "peers that give an info dictionary",
	"pkg/store":         "records of any program",
	"pkg/tracker":       "trackers",
	"pkg/transport/mse": "peers that call or are called encrypted",
	"pkg/transport/utp": "peers, and whoever sends to the port",
	"pkg/visit":         "messages of peers, in any order",
}

var fuzzTarget = regexp.MustCompile(`(?m)^func (Fuzz\w+)\(`)

func TestEveryDecoderIsFuzzed(t *testing.T) {
	seen := map[string]bool{}
	for _, p := range packages(t) {
		seen[p.room()] = true
		who, listed := takesBytesFrom[p.room()]
		if !listed && slices.Contains(p.Imports, module+"pkg/benc") {
			who, listed = "whoever sends bencode", true
		}
		if listed && len(fuzzTargets(t, &p)) == 0 {
			t.Errorf("%s takes bytes from strangers (%s) and has no Fuzz function", p.room(), who)
		}
	}
	for room := range takesBytesFrom {
		if !seen[room] {
			t.Errorf("no package is %s", room)
		}
	}
}

// fuzzTargets names the Fuzz functions of a package.
func fuzzTargets(t *testing.T, p *goPackage) []string {
	t.Helper()
	var names []string
	for _, file := range append(append([]string(nil), p.TestGoFiles...), p.XTestGoFiles...) {
		source, err := os.ReadFile(filepath.Join(p.Dir, file))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range fuzzTarget.FindAllSubmatch(source, -1) {
			names = append(names, string(m[1]))
		}
	}
	return names
}
