package cmdline

import (
	"fmt"
	"strings"

	"github.com/urfave/cli/v2"
)

// shownFlag is what help, man page and completion say about one flag.
type shownFlag struct {
	names   []string // as typed, short ones first
	value   string   // name of its value, empty for a switch
	usage   string   // without the marks around the value's name
	deflt   string
	envVars []string
}

func shownFlags(flags []cli.Flag) []shownFlag {
	var shown []shownFlag
	for _, f := range flags {
		doc, ok := f.(cli.DocGenerationFlag)
		if v, hides := f.(cli.VisibleFlag); !ok || hides && !v.IsVisible() {
			continue
		}
		var s shownFlag
		s.names = typed(f.Names())
		s.value, s.usage = valueName(doc.GetUsage())
		if !doc.TakesValue() {
			s.value = ""
		} else if s.value == "" {
			s.value = "VALUE"
		}
		s.deflt = defaultText(f, doc)
		s.envVars = doc.GetEnvVars()
		shown = append(shown, s)
	}
	return shown
}

func typed(names []string) []string {
	var short, long []string
	for _, n := range names {
		if len(n) == 1 {
			short = append(short, "-"+n)
		} else {
			long = append(long, "--"+n)
		}
	}
	return append(short, long...)
}

// valueName takes the value's name out of its marks: "write `FILE`".
func valueName(usage string) (name, plain string) {
	before, rest, ok := strings.Cut(usage, "`")
	if !ok {
		return "", usage
	}
	name, after, _ := strings.Cut(rest, "`")
	return name, before + name + after
}

func defaultText(f cli.Flag, doc cli.DocGenerationFlag) string {
	switch x := f.(type) {
	case *cli.BoolFlag:
		return ""
	case *cli.DurationFlag:
		if x.Value == 0 {
			return ""
		}
		return shortDuration(x.Value.String())
	}
	switch text := doc.GetDefaultText(); text {
	case "", "0", `""`, "[]":
		return ""
	default:
		return strings.Trim(text, `"`)
	}
}

// shortDuration writes 5m0s as 5m.
func shortDuration(s string) string {
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

func (s *shownFlag) left() string {
	left := strings.Join(s.names, ", ")
	if !strings.HasPrefix(left, "-") || strings.HasPrefix(left, "--") {
		left = "    " + left
	}
	if s.value != "" {
		left += " " + s.value
	}
	return left
}

func (s *shownFlag) right() string {
	right := s.usage
	if s.deflt != "" {
		right += " (default " + s.deflt + ")"
	}
	if len(s.envVars) > 0 {
		right += " [$" + strings.Join(s.envVars, ", $") + "]"
	}
	return right
}

// help is the text of --help.
func (c *Command) help(flags []cli.Flag) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\nusage: %s\n", c.Name, c.Summary, c.usageLine())
	fmt.Fprintf(&b, "\n%s\n\nflags:\n", wrap(c.description(), 78, ""))
	shown := shownFlags(flags)
	width := 0
	for _, s := range shown {
		width = max(width, min(len(s.left()), 28))
	}
	for _, s := range shown {
		left := s.left()
		gap := "\n" + strings.Repeat(" ", width+4)
		if len(left) <= width {
			gap = strings.Repeat(" ", width-len(left)+2)
		}
		text := wrap(s.right(), 78-width-4, strings.Repeat(" ", width+4))
		fmt.Fprintf(&b, "  %s%s%s\n", left, gap, text)
	}
	if len(c.Examples) > 0 {
		b.WriteString("\nexamples:\n")
	}
	for _, e := range c.Examples {
		fmt.Fprintf(&b, "  # %s\n  %s\n", e.Text, e.Line)
	}
	fmt.Fprintf(&b, "\nman %s says more.\n", c.Name)
	return b.String()
}

// torrentText says what a TORRENT argument is.
const torrentText = `A TORRENT is a .torrent file, a folder of them, a magnet link or a file of such links. With a TORRENT, standard
input is read only if "-" stands beside it.`

func (c *Command) description() string {
	text := strings.TrimSpace(c.Description)
	if strings.Contains(c.Synopsis, "TORRENT") {
		text += "\n\n" + torrentText
	}
	return text
}

func (c *Command) usageLine() string {
	line := c.Name + " [FLAG ...]"
	if c.Synopsis != "" {
		line += " " + c.Synopsis
	}
	return line
}

// wrap breaks paragraphs into lines of at most width characters; further
// lines begin with indent. Lines that begin with a space are kept.
func wrap(text string, width int, indent string) string {
	var out []string
	for i, paragraph := range strings.Split(text, "\n\n") {
		if i > 0 {
			out = append(out, "")
		}
		if strings.HasPrefix(paragraph, " ") {
			out = append(out, strings.Split(paragraph, "\n")...)
			continue
		}
		line := ""
		for _, word := range strings.Fields(paragraph) {
			if line != "" && len(line)+1+len(word) > width {
				out = append(out, line)
				line = ""
			}
			if line != "" {
				line += " "
			}
			line += word
		}
		out = append(out, line)
	}
	return strings.Join(out, "\n"+indent)
}
