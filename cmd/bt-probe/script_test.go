package main

import (
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"btkit/pkg/script"
)

func TestMain(m *testing.M) {
	testscript.Main(m, map[string]func(){"bt-probe": main})
}

func TestScripts(t *testing.T) { script.Run(t, nil) }
