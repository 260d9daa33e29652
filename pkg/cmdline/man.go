package cmdline

import (
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

const exitStatus = `0 success; 1 failure; 2 mistake on the command line; 3 finished, but some input was rejected.`

// man is the source of the man page, in roff.
func (c *Command) man(flags []cli.Flag) string {
	var b strings.Builder
	fmt.Fprintf(&b, ".TH %s 1 \"\" \"btkit %s\" \"btkit\"\n.SH NAME\n%s \\- %s\n",
		strings.ToUpper(c.Name), Version, c.Name, Roff(c.Summary))
	fmt.Fprintf(&b, ".SH SYNOPSIS\n.B %s\n[\\fIFLAG\\fR ...] %s\n", c.Name, Roff(c.Synopsis))
	b.WriteString(".SH DESCRIPTION\n" + RoffText(c.description()))
	b.WriteString(".SH OPTIONS\n")
	for _, s := range shownFlags(flags) {
		s.man(&b)
	}
	for _, section := range c.Sections {
		fmt.Fprintf(&b, ".SH %s\n%s", Roff(strings.ToUpper(section.Title)), RoffText(section.Text))
	}
	if len(c.Examples) > 0 {
		b.WriteString(".SH EXAMPLES\n")
	}
	for _, e := range c.Examples {
		fmt.Fprintf(&b, ".PP\n%s:\n.PP\n.nf\n.RS 4\n%s\n.RE\n.fi\n", Roff(e.Text), Roff(e.Line))
	}
	if c.Role != Tool {
		b.WriteString(".SH SIGNALS\n" + RoffText(signalsText(c.Role)))
	}
	b.WriteString(".SH EXIT STATUS\n" + RoffText(exitStatus))
	fmt.Fprintf(&b, ".SH SEE ALSO\n%s\n", Roff(strings.Join(c.seeAlso(), ", ")))
	return b.String()
}

// seeAlso names other pages, each once.
func (c *Command) seeAlso() []string {
	var see []string
	for _, page := range append([]string{"bt(1)", "bt-record(5)"}, c.SeeAlso...) {
		if !slices.Contains(see, page) && page != c.Name+"(1)" {
			see = append(see, page)
		}
	}
	return see
}

func signalsText(role Role) string {
	first := "The first interrupt (Ctrl-C) or SIGTERM reaches the whole pipe: this command reads its input to the end, writes its end record and stops."
	if role == Source {
		first = "The first interrupt (Ctrl-C) or SIGTERM ends the work under way, passes on what still comes in, writes the end record and stops."
	}
	return first + " A second one ends it at once. A reader that goes away ends it quietly."
}

func (s *shownFlag) man(b *strings.Builder) {
	names := make([]string, len(s.names))
	for i, n := range s.names {
		names[i] = "\\fB" + Roff(n) + "\\fR"
	}
	b.WriteString(".TP\n" + strings.Join(names, ", "))
	if s.value != "" {
		b.WriteString(" \\fI" + Roff(s.value) + "\\fR")
	}
	text := s.usage + "."
	if s.deflt != "" {
		text += " Default: " + s.deflt + "."
	}
	if len(s.envVars) > 0 {
		text += " Environment: " + strings.Join(s.envVars, ", ") + "."
	}
	b.WriteString("\n" + Roff(strings.ToUpper(text[:1])+text[1:]) + "\n")
}

// Roff escapes text for a man page.
func Roff(s string) string {
	s = strings.NewReplacer("\\", "\\e", "-", "\\-", "'", "\\(aq", "^", "\\(ha", "~", "\\(ti", "`", "\\(ga").Replace(s)
	lines := strings.Split(s, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") {
			lines[i] = "\\&" + line
		}
	}
	return strings.Join(lines, "\n")
}

// RoffText is Roff for paragraphs; those that begin with a space are kept as
// they stand.
func RoffText(text string) string {
	var b strings.Builder
	for _, paragraph := range strings.Split(strings.Trim(text, "\n"), "\n\n") {
		if strings.HasPrefix(paragraph, " ") {
			fmt.Fprintf(&b, ".PP\n.nf\n%s\n.fi\n", Roff(paragraph))
			continue
		}
		fmt.Fprintf(&b, ".PP\n%s\n", Roff(strings.Join(strings.Fields(paragraph), " ")))
	}
	return b.String()
}
