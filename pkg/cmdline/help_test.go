package cmdline

import (
	"strings"
	"testing"

	"github.com/urfave/cli/v2"
)

func TestWrap(t *testing.T) {
	cases := map[string]struct {
		text   string
		width  int
		indent string
		want   string
	}{
		"fits":              {"a b c", 5, "", "a b c"},
		"breaks":            {"a b c", 4, "", "a b\nc"},
		"long word":         {"aa bbbbbbbb c", 4, "", "aa\nbbbbbbbb\nc"},
		"joins lines":       {"a\nb\n  c", 20, "", "a b c"},
		"paragraphs":        {"a b\n\nc", 1, "", "a\nb\n\nc"},
		"indents":           {"a b c", 3, "  ", "a b\n  c"},
		"kept as it stands": {"a\n\n x  y\n z\n\nb", 3, "", "a\n\n x  y\n z\n\nb"},
		"nothing":           {"", 10, "", ""},
	}
	for name, c := range cases {
		if got := wrap(c.text, c.width, c.indent); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestRoff(t *testing.T) {
	cases := map[string]struct{ text, want string }{
		"dash":            {"--once", `\-\-once`},
		"backslash":       {`a\nb`, `a\enb`},
		"quote in front":  {"'x' y", `\(aqx\(aq y`},
		"dot in front":    {".SH x\n.\na.b", "\\&.SH x\n\\&.\na.b"},
		"marks":           {"^~`", `\(ha\(ti\(ga`},
		"nothing special": {"plain", "plain"},
	}
	for name, c := range cases {
		if got := Roff(c.text); got != c.want {
			t.Errorf("%s: %q, want %q", name, got, c.want)
		}
	}
}

func TestRoffText(t *testing.T) {
	got := RoffText("\na\n  b\n\n  kept - so\n\n.c\n")
	want := ".PP\na b\n.PP\n.nf\n  kept \\- so\n.fi\n.PP\n\\&.c\n"
	if got != want {
		t.Errorf("%q, want %q", got, want)
	}
}

func sampleCommand() *Command {
	return &Command{Name: "bt-test", Summary: "try the frame", Synopsis: "[TORRENT ...]", Role: Source,
		Description: "First paragraph.\n\nSecond -- one.", Flags: sample(),
		Examples: []Example{{"Try it", "bt-test 'a b' | jq ."}}, Sections: []Section{{"Why", "Because."}}, SeeAlso: []string{"bt-probe(1)", "bt-record(5)"}}
}

func allFlags(c *Command) []cli.Flag { return append([]cli.Flag(nil), c.Flags...) }

func TestHelp(t *testing.T) {
	c := sampleCommand()
	help := c.help(allFlags(c))
	for _, want := range []string{
		"bt-test: try the frame\n\nusage: bt-test [FLAG ...] [TORRENT ...]\n",
		"\nFirst paragraph.\n\nSecond -- one.\n",
		"  -j, --slots N          talk to N peers (default 512)\n",
		"      --stats TIME       write a stat record every TIME, 0 for never (default\n                         5m) [$BT_STATS]\n",
		"examples:\n  # Try it\n  bt-test 'a b' | jq .\n",
		"man bt-test says more.\n",
	} {
		if !strings.Contains(help, want) {
			t.Errorf("help lacks %q:\n%s", want, help)
		}
	}
	for _, hidden := range []string{"--man", "--completion"} {
		if strings.Contains(help, hidden) {
			t.Errorf("help names %s, which serves packagers only", hidden)
		}
	}
}

func TestManPage(t *testing.T) {
	c := sampleCommand()
	page := c.man(allFlags(c))
	for _, want := range []string{
		".TH BT-TEST 1 ", ".SH NAME\nbt-test \\- try the frame\n", "\\fB\\-j\\fR, \\fB\\-\\-slots\\fR \\fIN\\fR\nTalk to N peers. Default: 512.\n",
		"Keep it\\(aqs state in FILE.\n", ".SH WHY\n.PP\nBecause.\n", "bt\\-test \\(aqa b\\(aq | jq .\n", ".SH SIGNALS\n", ".SH EXIT STATUS\n",
		"bt(1), bt\\-record(5), bt\\-probe(1)\n",
	} {
		if !strings.Contains(page, want) {
			t.Errorf("man page lacks %q:\n%s", want, page)
		}
	}
}

func TestCompletionNamesEveryFlag(t *testing.T) {
	c := sampleCommand()
	for _, shell := range []string{"bash", "zsh"} {
		script := c.completion(c.Flags, shell)
		for _, s := range shownFlags(c.Flags) {
			for _, name := range s.names {
				if !strings.Contains(script, name) {
					t.Errorf("%s: the script lacks %s:\n%s", shell, name, script)
				}
			}
		}
	}
	fish := c.completion(c.Flags, "fish")
	if want := `complete -c bt-test -l state -r -d 'keep it\'s state in FILE'`; !strings.Contains(fish, want) {
		t.Errorf("fish: the script lacks %s:\n%s", want, fish)
	}
	if got := c.completion(c.Flags, "tcsh"); !strings.HasPrefix(got, "# no completion") {
		t.Errorf("unknown shell: %q, want a comment that says so", got)
	}
}
