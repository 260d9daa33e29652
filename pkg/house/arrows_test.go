package house

import (
	"slices"
	"strings"
	"testing"
)

// layers is the table of the house. A package imports only packages of a
// smaller number; packages of one number don't know each other. A folder that
// ends in a slash speaks for every package right below it.
var layers = map[string]int{
	"pkg/record":        0,
	"pkg/outcome":       0,
	"pkg/record/schema": 10,
	"pkg/benc":          10,
	"pkg/manners":       10,
	"pkg/peerid":        10,
	"pkg/ways":          10,
	"pkg/client":        20,
	"pkg/refusal":       20,
	"pkg/peerwire":      20,
	"pkg/metainfo":      20,
	"pkg/tracker":       20,
	"pkg/geo/geotest":   20,
	"pkg/talk/talktest": 45,
	"pkg/visit":         30,
	"pkg/confirm":       30,
	"pkg/geo":           30,
	"pkg/transport/":    30,
	"pkg/dial":          40,
	"pkg/talk":          40,
	"pkg/probe":         50,
	"pkg/listen":        50,
	"pkg/dht":           50,
	"pkg/announce":      50,
	"pkg/lsd":           50,
	"pkg/resolve":       50,
	"pkg/store":         50,
	"pkg/lab/script":    50,
	"pkg/lab/check":     50,
	"pkg/lab/nat":       50,
	"pkg/lab/budget":    50,
	"pkg/lab/trackerd":  51,
	"pkg/lab/dhtd":      52,
	"pkg/lab/swarm":     53,
	"pkg/lab":           54,
	"pkg/cmdline":       60,
	"cmd/":              70,
}

// helpers serve tests alone: every test may import them, whatever its layer,
// and nothing else may. They may import everything below the commands.
var helpers = map[string]string{
	"pkg/script":  "runs the scripts of a command",
	"pkg/interop": "starts real clients",
	"pkg/bench":   "measures the commands",
	"pkg/bench/":  "programs that the commands are measured against",
	"pkg/house":   "this package",
}

// labHelpers are rooms whose swarm, tracker and DHT any test may start.
var labHelpers = []string{"pkg/lab", "pkg/lab/script", "pkg/lab/swarm", "pkg/lab/trackerd", "pkg/lab/dhtd", "pkg/lab/check", "pkg/lab/nat", "pkg/lab/budget"}

// thirdParty says which rooms may import a module that is not ours. A folder
// that ends in a slash speaks for all packages below it.
var thirdParty = map[string][]string{
	"github.com/zeebo/bencode":             {"pkg/benc"},
	"github.com/anacrolix/dht/v2":          {"pkg/dht"},
	"github.com/anacrolix/log":             {"pkg/dht"},
	"github.com/oschwald/maxminddb-golang": {"pkg/geo"},
	"golang.org/x/net/ipv4":                {"pkg/lsd"},
	"golang.org/x/net/ipv6":                {"pkg/lsd"},
	"golang.org/x/net/publicsuffix":        {"pkg/geo"},
	"modernc.org/sqlite":                   {"pkg/store", "pkg/lab/check"},
	"modernc.org/libc":                     {"pkg/store"},
	"github.com/urfave/cli/v2":             {"pkg/cmdline", "pkg/bench", "cmd/"},
	"golang.org/x/term":                    {"pkg/cmdline", "pkg/lab", "cmd/bt-lab", "cmd/bt-meta"},
	"golang.org/x/sys/unix":                {"pkg/bench/", "pkg/cmdline", "pkg/manners", "pkg/listen", "pkg/transport/"},
	"golang.org/x/time/rate":               {"pkg/manners", "pkg/dht", "pkg/probe", "cmd/bt-meta"},
	"go4.org/netipx":                       {"pkg/manners"},
	"github.com/maxmind/mmdbwriter":        {"pkg/geo/geotest"},
	"golang.org/x/net/dns/dnsmessage":      {"pkg/geo/geotest"},
	"github.com/rogpeppe/go-internal":      {"pkg/script"},
}

// thirdPartyInTests may be imported by the tests of these rooms beside what
// the rooms themselves import.
var thirdPartyInTests = map[string][]string{
	"github.com/rogpeppe/go-internal":      {"cmd/"},
	"github.com/maxmind/mmdbwriter":        {"pkg/geo", "cmd/bt-geo"},
	"github.com/anacrolix/torrent/bencode": {"pkg/dht"},
	"golang.org/x/sys/unix":                {"pkg/house"},
}

func TestArrowsPointDown(t *testing.T) {
	for _, p := range packages(t) {
		from, known := layerOf(p.room())
		if !known {
			t.Errorf("%s is not in the table of layers", p.room())
			continue
		}
		for _, imported := range p.Imports {
			room, ours := strings.CutPrefix(imported, module)
			if !ours {
				continue
			}
			if why := forbidden(p.room(), from, room, false); why != "" {
				t.Errorf("%s imports %s: %s", p.room(), room, why)
			}
		}
		for _, imported := range append(p.TestImports, p.XTestImports...) {
			room, ours := strings.CutPrefix(imported, module)
			if !ours || imported == p.ImportPath {
				continue
			}
			if why := forbidden(p.room(), from, room, true); why != "" {
				t.Errorf("a test of %s imports %s: %s", p.room(), room, why)
			}
		}
	}
}

func TestForbidden(t *testing.T) {
	cases := map[string]struct {
		by, room string
		inTest   bool
		ok       bool
	}{
		"down":                      {"pkg/talk", "pkg/record", false, true},
		"up":                        {"pkg/record", "pkg/talk", false, false},
		"beside":                    {"pkg/probe", "pkg/listen", false, false},
		"beside in one folder":      {"pkg/transport/tcp", "pkg/transport/utp", false, false},
		"command to command":        {"cmd/bt", "cmd/bt-probe", false, false},
		"unknown":                   {"cmd/bt", "pkg/attic", false, false},
		"helper in the program":     {"cmd/bt-geo", "pkg/script", false, false},
		"helper in a test":          {"pkg/geo", "pkg/script", true, true},
		"lab in a test":             {"pkg/tracker", "pkg/lab/trackerd", true, true},
		"lab in the program":        {"pkg/tracker", "pkg/lab/trackerd", false, false},
		"the same arrows in a test": {"pkg/record", "pkg/talk", true, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			from, _ := layerOf(c.by)
			if why := forbidden(c.by, from, c.room, c.inTest); (why == "") != c.ok {
				t.Errorf("%s imports %s: %q, want allowed %v", c.by, c.room, why, c.ok)
			}
		})
	}
}

func TestTableOfLayersNamesNothingThatIsGone(t *testing.T) {
	var rooms []string
	for _, p := range packages(t) {
		rooms = append(rooms, p.room())
	}
	gone := func(name string) bool {
		return !slices.ContainsFunc(rooms, func(room string) bool { return covers(name, room) })
	}
	for name := range layers {
		if gone(name) {
			t.Errorf("no package is %s", name)
		}
	}
	for name := range helpers {
		if gone(name) {
			t.Errorf("no package is the test helper %s", name)
		}
	}
}

func TestThirdPartyStaysInItsRooms(t *testing.T) {
	for _, p := range packages(t) {
		for _, imported := range p.Imports {
			if foreign(imported) && !allowed(imported, p.room(), thirdParty) {
				t.Errorf("%s imports %s, which the table gives to other rooms", p.room(), imported)
			}
		}
		for _, imported := range append(p.TestImports, p.XTestImports...) {
			if foreign(imported) && !allowed(imported, p.room(), thirdParty) && !allowed(imported, p.room(), thirdPartyInTests) {
				t.Errorf("a test of %s imports %s, which the table gives to other rooms", p.room(), imported)
			}
		}
	}
}

// layerOf gives the number of a package. Test helpers stand above all rooms
// that they may import.
func layerOf(room string) (int, bool) {
	if isHelper(room) {
		return 69, true
	}
	for name, layer := range layers {
		if covers(name, room) {
			return layer, true
		}
	}
	return 0, false
}

func isHelper(room string) bool {
	for name := range helpers {
		if covers(name, room) {
			return true
		}
	}
	return false
}

// covers says whether a name of a table speaks for a room.
func covers(name, room string) bool {
	return name == room || strings.HasSuffix(name, "/") && strings.HasPrefix(room, name)
}

// forbidden says why a package of a layer must not import a room.
func forbidden(by string, from int, room string, inTest bool) string {
	helper := isHelper(room)
	if helper && !inTest && !isHelper(by) {
		return "it serves tests only"
	}
	if inTest && (helper || slices.Contains(labHelpers, room)) {
		return ""
	}
	to, ok := layerOf(room)
	switch {
	case !ok:
		return "it is not in the table of layers"
	case to >= from && !helper:
		return "it does not lie below"
	}
	return ""
}

// foreign says whether a package is of neither the standard library nor ours.
func foreign(imported string) bool {
	first, _, _ := strings.Cut(imported, "/")
	return strings.Contains(first, ".")
}

func allowed(imported, room string, table map[string][]string) bool {
	for module, rooms := range table {
		if imported != module && !strings.HasPrefix(imported, module+"/") {
			continue
		}
		for _, name := range rooms {
			if covers(name, room) {
				return true
			}
		}
	}
	return false
}
