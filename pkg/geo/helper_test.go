package geo

import (
	"bytes"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/maxmind/mmdbwriter/mmdbtype"

	"btkit/pkg/geo/geotest"
	"btkit/pkg/record"
)

// folder makes a folder with the invented databases.
func folder(t testing.TB) string {
	t.Helper()
	dir := t.TempDir()
	if err := geotest.Write(dir); err != nil {
		t.Fatal(err)
	}
	return dir
}

// database writes one database and gives its path.
func database(t testing.TB, kind string, entries ...geotest.Entry) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), kind+".mmdb")
	if err := geotest.WriteDatabase(path, kind, entries); err != nil {
		t.Fatal(err)
	}
	return path
}

func named(city string) mmdbtype.Map {
	return mmdbtype.Map{"city": mmdbtype.Map{"names": mmdbtype.Map{"en": mmdbtype.String(city)}}}
}

func atlas(t testing.TB, log io.Writer, files ...string) *Atlas {
	t.Helper()
	a, err := Open(Options{Files: files, Log: slog.New(slog.NewTextHandler(log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// output is a writer of records whose lines can be looked at.
type output struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (o *output) Write(b []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.Write(b)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.text.String()
}

func parse(t testing.TB, line string) *record.Line {
	t.Helper()
	l, err := record.ParseLine([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func read(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func write(t testing.TB, path string, b []byte) {
	t.Helper()
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
}
