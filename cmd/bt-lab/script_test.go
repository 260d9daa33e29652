package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"btkit/pkg/script"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bt-lab": main})
}

func TestScripts(t *testing.T) {
	script.Run(t, nil)
}
