package house

import (
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"strings"
	"sync"
	"testing"
)

// module is the path that our own packages begin with.
const module = "btkit/"

// tags are those of the Makefile, and the one of the interop tests.
const tags = "urfave_cli_no_docs,interop"

// goPackage is what go list says of a package.
type goPackage struct {
	ImportPath   string
	Dir          string
	GoFiles      []string
	TestGoFiles  []string
	XTestGoFiles []string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

// room is the path of the package inside the module: "pkg/record".
func (p *goPackage) room() string { return strings.TrimPrefix(p.ImportPath, module) }

// packages lists all packages of the module.
func packages(t *testing.T) []goPackage {
	t.Helper()
	all, err := listOnce()
	if err != nil {
		t.Fatalf("list packages: %v", err)
	}
	return all
}

var listOnce = sync.OnceValues(func() ([]goPackage, error) {
	out, err := exec.Command("go", "list", "-tags", tags, "-json", module+"...").Output()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil, errors.New(string(exit.Stderr))
	}
	if err != nil {
		return nil, err
	}
	var all []goPackage
	decoder := json.NewDecoder(strings.NewReader(string(out)))
	for {
		var p goPackage
		err := decoder.Decode(&p)
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		all = append(all, p)
	}
})
