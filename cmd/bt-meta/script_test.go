package main

import (
	"fmt"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"btkit/pkg/lab"
	"btkit/pkg/lab/script"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bt-meta": main})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("BT_GREASE", os.Getenv("BT_GREASE"))
			return nil
		},
		Cmds: map[string]func(*testscript.TestScript, bool, []string){"lab": startLab, "status": status},
	})
}

// startLab runs a small lab swarm until the script ends and puts its addresses
// into the environment.
func startLab(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: lab")
	}
	o := script.Defaults()
	o.Leechers, o.Seeds, o.Duration, o.Unreachable, o.Busy, o.Present = 4, 4, 30*time.Second, 0, 0, 1
	l, err := lab.Open(lab.Options{Script: o, Dir: ts.MkAbs("lab"), Nodes: 30})
	ts.Check(err)
	ts.Defer(func() { ts.Check(l.Close()) })
	ts.Check(l.Start())
	for _, pair := range l.Environ() {
		name, value, _ := strings.Cut(pair, "=")
		ts.Setenv(name, value)
	}
	silent, err := net.Listen("tcp", "127.0.0.1:0") // takes connections and says nothing
	ts.Check(err)
	ts.Defer(func() { silent.Close() })
	ts.Setenv("SILENT", silent.Addr().String())
	ts.Setenv("HASH", fmt.Sprintf("%x", l.Script.Torrents[0].InfoHash))
}

// status runs a command and compares its exit status: status 3 bt-meta x.
func status(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: status N COMMAND ...")
	}
	err := ts.Exec(args[1], args[2:]...)
	if got := exitStatus(err); got != args[0] {
		ts.Fatalf("exit status %s (%v), want %s", got, err, args[0])
	}
}

func exitStatus(err error) string {
	if err == nil {
		return "0"
	}
	return strings.TrimPrefix(err.Error(), "exit status ")
}
