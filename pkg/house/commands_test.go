package house

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"btkit/pkg/geo/geotest"
)

// patience is how long a command may take before a test gives it up as
// hanging. It only keeps a broken command from holding the suite.
const patience = 30 * time.Second

// Folders that all tests of commands share.
var (
	binaries string // the commands
	places   string // a GeoIP database of the loopback network
)

func TestMain(m *testing.M) {
	code := 1
	if err := prepare(); err != nil {
		fmt.Fprintln(os.Stderr, "prepare:", err)
	} else {
		code = m.Run()
	}
	os.RemoveAll(binaries)
	os.RemoveAll(places)
	os.Exit(code)
}

func prepare() (err error) {
	if binaries, err = os.MkdirTemp("", "house-bin"); err != nil {
		return err
	}
	if places, err = os.MkdirTemp("", "house-geo"); err != nil {
		return err
	}
	build := exec.Command("go", "build", "-tags", "urfave_cli_no_docs", "-trimpath", "-o", binaries+"/", module+"cmd/...")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("build the commands: %w\n%s", err, out)
	}
	return geotest.Write(places)
}

// exempt are commands without a place in the middle of a pipe: the promises
// about records that are passed on don't concern them.
var exempt = map[string]string{
	"bt":       "runs other commands and handles no records",
	"bt-lab":   "runs a command beside a swarm and handles no records",
	"bt-store": "is where the records end",
}

// program is a command under test.
type program struct {
	name   string
	source bool // runs until it is stopped, or one round with --once
}

// once are the flags with which the command ends by itself.
func (p program) once() []string {
	if p.source {
		return []string{"--once"}
	}
	return nil
}

// onceFlag finds the flag --once in the list of flags.
var onceFlag = regexp.MustCompile(`(?m)^ +--once  `)

// programs lists all commands as they lie in the folder cmd.
func programs(t *testing.T) []program {
	t.Helper()
	folders, err := filepath.Glob("../../cmd/*/main.go")
	if err != nil || len(folders) < 2 {
		t.Fatalf("commands found: %d, %v", len(folders), err)
	}
	var all []program
	for _, folder := range folders {
		p := program{name: filepath.Base(filepath.Dir(folder))}
		got := p.run(t, "", "--help")
		p.source = onceFlag.MatchString(got.stdout)
		all = append(all, p)
	}
	return all
}

// eachProgram runs a test for every command, in parallel.
func eachProgram(t *testing.T, f func(*testing.T, program)) {
	t.Parallel()
	for _, p := range programs(t) {
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			f(t, p)
		})
	}
}

// eachInPipe runs a test for every command that passes records on.
func eachInPipe(t *testing.T, f func(*testing.T, program)) {
	t.Parallel()
	for _, p := range programs(t) {
		if exempt[p.name] != "" {
			continue
		}
		t.Run(p.name, func(t *testing.T) {
			t.Parallel()
			f(t, p)
		})
	}
}

// ended is what a finished command left.
type ended struct {
	stdout, stderr string
	code           int
}

// command prepares a run in which nothing leaves the machine.
func (p program) command(t *testing.T, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, filepath.Join(binaries, p.name), args...)
	for _, pair := range os.Environ() {
		if !strings.HasPrefix(pair, "BT_") || strings.HasPrefix(pair, "BT_GREASE=") {
			cmd.Env = append(cmd.Env, pair)
		}
	}
	cmd.Env = append(cmd.Env, "BT_ALLOW_PRIVATE=1", "BT_BOOTSTRAP=127.0.0.1:9", "BT_LISTEN=127.0.0.1:0", "BT_GEOIP="+places,
		"BT_LSD_INTERFACE=lo", "BT_LSD_WAIT=0s")
	return cmd
}

// run gives a command its whole input and waits for its end.
func (p program) run(t *testing.T, input string, args ...string) ended {
	t.Helper()
	return finish(t, p.command(t, args...), input)
}

func finish(t *testing.T, cmd *exec.Cmd, input string) ended {
	t.Helper()
	var out, people bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(input), &out, &people
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatalf("run %v: %v", cmd.Args, err)
	}
	return ended{out.String(), people.String(), cmd.ProcessState.ExitCode()}
}

// until waits for what must come about by itself.
func until(t *testing.T, what string, so func() bool) {
	t.Helper()
	for end := time.Now().Add(patience); !so(); time.Sleep(5 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("waited in vain until %s", what)
		}
	}
}
