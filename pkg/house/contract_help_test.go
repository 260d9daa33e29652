package house

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestHelpIsOnStandardOutput(t *testing.T) {
	eachProgram(t, func(t *testing.T, p program) {
		for _, flag := range []string{"--help", "-h"} {
			got := p.run(t, "", flag)
			if got.code != 0 || got.stderr != "" {
				t.Errorf("%s: exit %d, standard error %q; want 0 and nothing", flag, got.code, got.stderr)
			}
			for _, want := range []string{p.name + ": ", "\nusage: " + p.name, "\nflags:\n", "\nexamples:\n"} {
				if !strings.Contains(got.stdout, want) {
					t.Errorf("%s does not contain %q:\n%s", flag, want, got.stdout)
				}
			}
			for _, line := range strings.Split(got.stdout, "\n") {
				if len([]rune(line)) > 80 && strings.HasPrefix(line, "   ") {
					t.Errorf("%s: a line of %d characters, want at most 80: %s", flag, len([]rune(line)), line)
				}
			}
		}
	})
}

func TestVersion(t *testing.T) {
	eachProgram(t, func(t *testing.T, p program) {
		got := p.run(t, "", "--version")
		if want := p.name + " (btkit) "; got.code != 0 || !strings.HasPrefix(got.stdout, want) || strings.Count(got.stdout, "\n") != 1 {
			t.Errorf("exit %d, %q; want 0 and one line that begins with %q", got.code, got.stdout, want)
		}
	})
}

func TestUsageErrorsReachOnlyPeople(t *testing.T) {
	cases := map[string]struct{ flag, hint string }{
		"unknown flag": {"--no-such-flag-at-all", "--help shows the flags"},
		"misspelled":   {"--verbos", "did you mean --verbose?"},
		"bad value":    {"--log=rubbish", "--help shows the flags"},
	}
	eachProgram(t, func(t *testing.T, p program) {
		for name, c := range cases {
			got := p.run(t, "", c.flag)
			if got.code != 2 || got.stdout != "" {
				t.Errorf("%s: exit %d, standard output %q; want 2 and nothing", name, got.code, got.stdout)
			}
			if !strings.HasPrefix(got.stderr, p.name+": ") || !strings.Contains(got.stderr, p.name+": hint: ") || !strings.Contains(got.stderr, c.hint) {
				t.Errorf("%s: standard error %q; want the mistake and the hint %q", name, got.stderr, c.hint)
			}
		}
	})
}

func TestManPagesAreFresh(t *testing.T) {
	eachProgram(t, func(t *testing.T, p program) {
		compareMan(t, p.name+".1", p.run(t, "", "--man").stdout)
	})
}

func TestManPagesOfNoCommandAreFresh(t *testing.T) {
	for page, args := range map[string][]string{"bt-record.5": {"man"}, "bt-clients.7": {"man", "clients"}} {
		t.Run(page, func(t *testing.T) {
			t.Parallel()
			compareMan(t, page, program{name: "bt"}.run(t, "", args...).stdout)
		})
	}
}

// compareMan compares a page with the committed one, and has mandoc read it.
func compareMan(t *testing.T, name, page string) {
	t.Helper()
	path := filepath.Join("../../man", name)
	committed, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(committed) != page {
		t.Errorf("man/%s is not what the command says today; run make man", name)
	}
	mandoc, err := exec.LookPath("mandoc")
	if err != nil {
		t.Log("mandoc is not installed: the page was not read by it")
		return
	}
	if out, err := exec.Command(mandoc, "-T", "lint", "-W", "error", path).CombinedOutput(); err != nil {
		t.Errorf("mandoc -T lint man/%s: %v\n%s", name, err, out)
	}
}

func TestManPagesOfCommandsThatAreGone(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob("../../man/*.1")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range pages {
		name := strings.TrimSuffix(filepath.Base(page), ".1")
		if _, err := os.Stat(filepath.Join("../../cmd", name)); err != nil {
			t.Errorf("man/%s.1 describes no command: %v", name, err)
		}
	}
}

func TestCompletionScriptsParse(t *testing.T) {
	eachProgram(t, func(t *testing.T, p program) {
		for _, shell := range []string{"bash", "zsh", "fish"} {
			t.Run(shell, func(t *testing.T) {
				got := p.run(t, "", "--completion", shell)
				if got.code != 0 || !strings.Contains(got.stdout, p.name) || !strings.Contains(got.stdout, "verbose") {
					t.Fatalf("exit %d, script:\n%s\nwant 0 and a script that knows the flags", got.code, got.stdout)
				}
				path, err := exec.LookPath(shell)
				if err != nil {
					t.Skipf("%s is not installed", shell)
				}
				if parsed := finish(t, exec.Command(path, "-n"), got.stdout); parsed.code != 0 || parsed.stderr != "" {
					t.Errorf("%s -n: exit %d\n%s", shell, parsed.code, parsed.stderr)
				}
			})
		}
	})
}
