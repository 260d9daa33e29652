package main

import (
	"net"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"btkit/pkg/script"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bt-meta": main})
}

func TestScripts(t *testing.T) {
	script.Run(t, script.Commands{"silent": silent})
}

// silent has an address that takes connections and says nothing, in $SILENT.
func silent(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) > 0 {
		ts.Fatalf("usage: silent")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	ts.Check(err)
	ts.Defer(func() { ts.Check(l.Close()) })
	ts.Setenv("SILENT", l.Addr().String())
}
