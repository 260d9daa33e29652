package lab

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"btkit/pkg/lab/check"
	"btkit/pkg/lab/script"
)

func small(t *testing.T) Options {
	o := script.Defaults()
	o.Leechers, o.Seeds, o.Torrents, o.Duration, o.Finishing, o.Present = 12, 2, 2, 2*time.Second, 4, 1
	return Options{Script: o, Dir: t.TempDir(), Nodes: 20, IntervalS: 1}
}

func open(t *testing.T, o Options) *Lab {
	t.Helper()
	l, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	if err := l.Start(); err != nil {
		t.Fatal(err)
	}
	return l
}

// runs gives what a shell script prints, and its exit status.
func runs(t *testing.T, ctx context.Context, env []string, text string) (string, int) {
	t.Helper()
	var out, errs bytes.Buffer
	c := Command{Args: []string{"sh", "-c", text}, Env: env, Out: &out, Err: &errs}
	status, err := c.Run(ctx)
	if err != nil {
		t.Fatalf("%v; it says %q", err, errs.String())
	}
	return out.String(), status
}

func TestWholeLab(t *testing.T) {
	o := small(t)
	l := open(t, o)
	out, status := runs(t, t.Context(), l.Environ(), "env; sleep 2; exit 7")
	if status != 7 {
		t.Errorf("exit status %d, want 7", status)
	}
	env := map[string]string{}
	for _, line := range strings.Split(out, "\n") {
		name, value, _ := strings.Cut(line, "=")
		env[name] = value
	}
	if n := len(strings.Fields(env["BT_LAB_TORRENTS"])); n != 2 || env["BT_ALLOW_PRIVATE"] != "1" || env["BT_LAB_DIR"] != o.Dir {
		t.Errorf("environment %v", env)
	}
	if n := len(strings.Split(env["BT_LAB_BOOTSTRAP"], ",")); n != bootstraps {
		t.Errorf("%d nodes given away, want %d", n, bootstraps)
	}
	for _, name := range append(strings.Fields(env["BT_LAB_TORRENTS"]), env["BT_LAB_MAGNETS"], env["BT_LAB_NODES"]) {
		if b, err := os.ReadFile(name); err != nil || len(b) == 0 {
			t.Errorf("file %s: %d bytes, %v", name, len(b), err)
		}
	}
	sourced, _ := runs(t, t.Context(), nil, ". "+filepath.Join(o.Dir, EnvFile)+" && echo $BT_LAB_DURATION")
	if sourced != env["BT_LAB_DURATION"]+"\n" {
		t.Errorf("environment file gives duration %q, want %q", sourced, env["BT_LAB_DURATION"])
	}
	r, err := http.Get(env["BT_LAB_TRACKER_HTTP"])
	if err != nil {
		t.Fatal(err)
	}
	r.Body.Close()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	path := filepath.Join(o.Dir, TruthFile)
	if err := l.WriteTruth(path); err != nil {
		t.Fatal(err)
	}
	truths, err := check.Truths(path)
	if err != nil {
		t.Fatal(err)
	}
	report := check.Compare(nil, truths, check.Options{})
	if len(truths) != 18 || report.Crossed != 4 {
		t.Errorf("%d truths, %d crossed; want 18 and 4", len(truths), report.Crossed)
	}
}

func TestSignalReachesTheCommandOnce(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		time.Sleep(300 * time.Millisecond)
		cancel()
	}()
	out, status := runs(t, ctx, nil, `trap 'echo got' INT; for i in 1 2 3 4 5 6; do sleep 0.2; done; exit 4`)
	if strings.Count(out, "got") != 1 || status != 4 {
		t.Errorf("printed %q, exit status %d; want one got and 4", out, status)
	}
}

func TestCommandKilledBySignal(t *testing.T) {
	if _, status := runs(t, t.Context(), nil, `kill -TERM $$`); status != 128+15 {
		t.Errorf("exit status %d, want %d", status, 128+15)
	}
	c := Command{Args: []string{"there-is-no-such-program"}}
	status, err := c.Run(t.Context())
	if err == nil || err.Error() != "command there-is-no-such-program not found" || status != 127 {
		t.Errorf("a program that does not exist: status %d, %v; want 127", status, err)
	}
	c.Args[0] = t.TempDir()
	if status, err := c.Run(t.Context()); err == nil || status != 126 {
		t.Errorf("a folder as program: status %d, %v; want 126", status, err)
	}
}

func TestFolderIsAbsolute(t *testing.T) {
	for name, c := range map[string]struct{ in, dir, want string }{
		"relative":               {"/", "lab", "/lab"},
		"absolute":               {"/", "/x y", "/x y"},
		"space only in absolute": {"a b", "lab", "lab"},
	} {
		in := c.in
		if in != "/" {
			in = filepath.Join(t.TempDir(), in)
			if err := os.Mkdir(in, 0o700); err != nil {
				t.Fatal(err)
			}
		}
		t.Chdir(in)
		if got := whole(c.dir); got != c.want {
			t.Errorf("%s: got %q, want %q", name, got, c.want)
		}
	}
}

func TestRefusals(t *testing.T) {
	if err := roomFor(1 << 30); !errors.Is(err, ErrDescriptors) {
		t.Errorf("a billion files: %v, want %v", err, ErrDescriptors)
	}
	o := small(t)
	o.Script.Pieces = 1
	if _, err := Open(o); err == nil {
		t.Error("a torrent of one piece is accepted")
	}
	o = small(t)
	o.Dir = filepath.Join(o.Dir, "file")
	if err := os.WriteFile(o.Dir, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(o); err == nil {
		t.Error("a file is accepted as folder")
	}
}
