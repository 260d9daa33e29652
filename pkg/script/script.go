// Package script runs the testdata/*.txtar of a command: one file for one
// promise. Beside what testscript offers, scripts may say
//
//	status N COMMAND ARG ...   run a command that must exit with status N
//	lab [FLAG=VALUE ...]       have a small swarm until the script ends
//
// lab sets the variables of bt-lab(1) and HASH, the info-hash in hex, and writes
// the torrent and all peers that take connections to peers.ndjson. Its
// settings are leechers, seeds, duration, unreachable, lazy, partial, super,
// busy and finishing.
package script

import (
	"fmt"
	"hash/fnv"
	"maps"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"btkit/pkg/lab"
	play "btkit/pkg/lab/script"
)

// Commands are added to those of the scripts.
type Commands = map[string]func(*testscript.TestScript, bool, []string)

// Run runs the scripts in testdata, with more commands if there are any, and
// with settings "NAME=value" in their environment.
func Run(t *testing.T, more Commands, settings ...string) {
	t.Helper()
	commands := Commands{"status": status, "lab": startLab}
	maps.Copy(commands, more)
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Vars = append(e.Vars, "BT_GREASE="+os.Getenv("BT_GREASE"))
			e.Vars = append(e.Vars, settings...)
			return nil
		},
		Cmds: commands,
	})
}

func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND ...")
	}
	err := ts.Exec(args[1], args[2:]...)
	got := "0"
	if err != nil {
		got = strings.TrimPrefix(err.Error(), "exit status ")
	}
	if got != args[0] {
		ts.Fatalf("exit status %s, want %s", got, args[0])
	}
}

func startLab(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("lab cannot be expected to fail")
	}
	o := play.Defaults()
	o.Leechers, o.Seeds, o.Partial, o.Super, o.Duration, o.Unreachable, o.Busy, o.Present = 4, 4, 0, 0, 30*time.Second, 0, 0, 1
	// Scripts run side by side: with the same seed their peers would have the
	// same addresses and ports.
	of := fnv.New64()
	fmt.Fprint(of, ts.Name())
	o.Seed = of.Sum64()
	for _, arg := range args {
		ts.Check(set(&o, arg))
	}
	l, err := lab.Open(lab.Options{Script: o, Dir: ts.MkAbs("lab"), Nodes: 30})
	ts.Check(err)
	ts.Defer(func() { ts.Check(l.Close()) })
	ts.Check(l.Start())
	for _, pair := range l.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		ts.Setenv(name, value)
	}
	hash := fmt.Sprintf("%x", l.Script.Torrents[0].InfoHash)
	ts.Setenv("HASH", hash)
	lines := fmt.Sprintf("{\"type\":\"torrent\",\"infohash\":%q,\"pieces\":%d,\"piece_bytes\":%d}\n", hash, o.Pieces, o.PieceBytes)
	for _, p := range l.Script.Peers {
		if p.Reach == play.Open || p.UTPOnly && !p.NAT {
			lines += fmt.Sprintf("{\"type\":\"peer\",\"infohash\":%q,\"ip\":%q,\"port\":%d,\"source\":\"file\"}\n", hash, p.IP, p.Port)
		}
	}
	ts.Check(os.WriteFile(ts.MkAbs("peers.ndjson"), []byte(lines), 0o644))
}

// set changes one setting of the play, "leechers=8".
func set(o *play.Options, setting string) error {
	name, value, _ := strings.Cut(setting, "=")
	counts := map[string]*int{"leechers": &o.Leechers, "seeds": &o.Seeds, "partial": &o.Partial, "super": &o.Super, "finishing": &o.Finishing}
	shares := map[string]*float64{"unreachable": &o.Unreachable, "lazy": &o.Lazy, "busy": &o.Busy,
		"encrypted": &o.Encrypted, "utp-only": &o.UTPOnly, "full": &o.Full}
	var err error
	switch {
	case counts[name] != nil:
		*counts[name], err = strconv.Atoi(value)
	case shares[name] != nil:
		*shares[name], err = strconv.ParseFloat(value, 64)
	case name == "duration":
		o.Duration, err = time.ParseDuration(value)
	default:
		err = fmt.Errorf("no setting %q", name)
	}
	return err
}
