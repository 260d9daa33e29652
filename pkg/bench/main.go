//go:build linux

// Command bench measures the commands against bare tools that do the same
// work: a client on raw epoll, jq and sqlite3; and what bt-probe does encrypted
// or over uTP against what it does over plain TCP. Each figure is a ratio of two
// that were taken turn by turn in one run, so that it says something on a busy
// machine too. It asserts nothing.
//
// What takes time inside a command is left to the profiler.
package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/urfave/cli/v2"

	"btkit/pkg/cmdline"
)

const description = `Measures the commands in --bin against a bare epoll client, jq and sqlite3, and bt-probe's other
ways to a peer against plain TCP, turn by turn, and prints the ratios. "by CPU" is the ratio of what each does in a second of
its own processor time, which other load on the machine disturbs less. What is not installed is left out with a remark.`

func main() { cmdline.Main(command()) }

func command() *cmdline.Command {
	return &cmdline.Command{
		Name: "bench", Summary: "measure the commands against bare tools", Role: cmdline.Tool, Description: description,
		Flags: []cli.Flag{
			&cli.StringFlag{Name: "bin", Value: "bin", Usage: "measure the commands in `DIR`"},
			&cli.StringFlag{Name: "tools", Usage: "find the bare client and its peers in `DIR`"},
			&cli.StringFlag{Name: "only", Usage: "measure only `WHAT`: conversations, ways, memory or records"},
			&cli.IntFlag{Name: "rounds", Value: 3, Usage: "run each `N` times"},
			&cli.IntFlag{Name: "peers", Value: 20000, Usage: "talk to `N` peers"},
			&cli.IntFlag{Name: "records", Value: 150000, Usage: "read `N` records"},
		},
		Run: func(s *cmdline.Session) error { return run(s) },
	}
}

// bench is what all measurements share.
type bench struct {
	bin, tools, dir string
	rounds          int
	peers, records  int
	remarks         io.Writer
}

func run(s *cmdline.Session) error {
	dir, err := os.MkdirTemp("", "btkit-bench-")
	if err != nil {
		return fmt.Errorf("make folder: %w", err)
	}
	defer os.RemoveAll(dir)
	b := &bench{bin: s.String("bin"), tools: s.String("tools"), dir: dir, rounds: max(1, s.Int("rounds")),
		peers: s.Int("peers"), records: s.Int("records"), remarks: s.People}
	var all table
	for _, part := range []struct {
		name string
		run  func() ([]line, error)
	}{{"conversations", b.conversations}, {"ways", b.ways}, {"memory", b.memory}, {"records", b.throughput}} {
		if only := s.String("only"); only != "" && only != part.name {
			continue
		}
		lines, err := part.run()
		if err != nil {
			return fmt.Errorf("measure %s: %w", part.name, err)
		}
		all = append(all, lines...)
	}
	return all.print(os.Stdout)
}

// has says whether a program is installed, and remarks when it is not.
func (b *bench) has(name, use string) bool {
	if _, err := exec.LookPath(name); err == nil {
		return true
	}
	fmt.Fprintf(b.remarks, "bench: %s is not installed: %s\n", name, use)
	return false
}

func (b *bench) path(name string) string { return filepath.Join(b.dir, name) }
