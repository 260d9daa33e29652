package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bt": main, "bt-own": own, "bt-installed": install})
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir: "testdata",
		Setup: func(e *testscript.Env) error {
			e.Setenv("BT_GREASE", os.Getenv("BT_GREASE"))
			return nil
		},
	})
}

// own stands beside bt as the commands of the toolkit do. It says what it was
// called with.
func own() {
	if len(os.Args) == 2 && os.Args[1] == "--help" {
		fmt.Println("bt-own: lie beside bt\n\nusage: bt-own")
		return
	}
	fmt.Printf("own %q\n", os.Args)
}

// install copies this program into a folder as bt: the test program acts by
// the name that it is called by.
func install() {
	self, err := os.Executable()
	if err == nil {
		var program []byte
		if program, err = os.ReadFile(self); err == nil {
			err = os.WriteFile(filepath.Join(os.Args[1], "bt"), program, 0o755)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
}
