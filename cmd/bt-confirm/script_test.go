package main

import (
	"os/exec"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"btkit/pkg/script"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bt-confirm": main})
}

func TestScripts(t *testing.T) {
	script.Run(t, script.Commands{"jq-or-awk": jqOrAwk})
}

// jqOrAwk says which language the plugins of a script are written in: it sets
// PLUGIN to jq, or to awk where jq is not installed.
func jqOrAwk(ts *testscript.TestScript, _ bool, _ []string) {
	if _, err := exec.LookPath("jq"); err != nil {
		ts.Setenv("PLUGIN", "awk")
		return
	}
	ts.Setenv("PLUGIN", "jq")
}
