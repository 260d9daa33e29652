package cmdline

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"
)

// Flags that several commands share, so that they are named alike.
var (
	AllowPrivate = &cli.BoolFlag{Name: "allow-private", EnvVars: []string{"BT_ALLOW_PRIVATE"},
		Usage: "contact private, loopback and link-local addresses too"}
	Deny = &cli.StringSliceFlag{Name: "deny", EnvVars: []string{"BT_DENY"},
		Usage: "never contact the networks listed in `FILE`, a CIDR per line"}
	Contact = &cli.StringFlag{Name: "contact", EnvVars: []string{"BT_CONTACT"},
		Usage: "add `TEXT` to the name that we give ourselves: a web page about the study, or where to write to"}
)

func commonFlags(role Role) []cli.Flag {
	var flags []cli.Flag
	if role == Source {
		flags = append(flags,
			&cli.DurationFlag{Name: "for", EnvVars: []string{"BT_FOR"}, Usage: "stop after `TIME`, such as 90s or 24h (default: run until stopped)"},
			&cli.BoolFlag{Name: "once", EnvVars: []string{"BT_ONCE"}, Usage: "do one round and stop"})
	}
	if role == Source || role == Filter {
		flags = append(flags, &cli.DurationFlag{Name: "stats", EnvVars: []string{"BT_STATS"}, Value: 5 * time.Minute,
			Usage: "write a stat record every `TIME`, 0 for never"})
	}
	if role != Tool {
		flags = append(flags, &cli.StringFlag{Name: "rejects", Usage: "write rejected input lines to `FILE`"})
	}
	return append(flags,
		&cli.BoolFlag{Name: "quiet", Aliases: []string{"q"}, Usage: "no progress line and no remarks"},
		&cli.BoolFlag{Name: "verbose", Aliases: []string{"v"}, Usage: "say on standard error what is being done"},
		&cli.StringFlag{Name: "log", Value: "text", Usage: "how remarks are written: `FORMAT` is text or json"},
		&cli.BoolFlag{Name: "help", Aliases: []string{"h"}, Usage: "show this help"},
		&cli.BoolFlag{Name: "version", Aliases: []string{"V"}, Usage: "show the version"},
		&cli.BoolFlag{Name: "man", Hidden: true, Usage: "show the man page's source"},
		&cli.StringFlag{Name: "completion", Hidden: true, Usage: "show the completion script for a `SHELL`"})
}

// arranged is a command line with its flags in front of its arguments.
type arranged struct {
	flags []string
	args  []string
}

func (a *arranged) line(name string) []string {
	line := append([]string{name}, a.flags...)
	return append(append(line, "--"), a.args...)
}

// arrange takes flags out from between arguments, since the package below
// stops looking for flags at the first argument. With raw, everything from the
// first argument on is left alone.
func arrange(line []string, flags []cli.Flag, raw bool) (*arranged, error) {
	byName := flagsByName(flags)
	var a arranged
	for i := 0; i < len(line); i++ {
		word := line[i]
		if word == "--" {
			a.args = append(a.args, line[i+1:]...)
			break
		}
		if len(word) < 2 || word[0] != '-' {
			if raw {
				a.args = append(a.args, line[i:]...)
				break
			}
			a.args = append(a.args, word)
			continue
		}
		name, _, joined := strings.Cut(strings.TrimLeft(word, "-"), "=")
		f, ok := byName[name]
		if parts := cluster(word, byName); !ok && parts != nil {
			line = append(append(line[:i:i], parts...), line[i+1:]...)
			i--
			continue
		}
		if !ok {
			return nil, unknownFlag(word, name, byName)
		}
		a.flags = append(a.flags, word)
		if joined || isSwitch(f) {
			continue
		}
		if i+1 == len(line) {
			return nil, Usagef("flag %s needs a value", word)
		}
		i++
		a.flags = append(a.flags, line[i])
	}
	return &a, nil
}

// cluster takes short flags apart that are written in one word: -qv is -q -v,
// and -j4 is -j=4. It gives nil for anything else.
func cluster(word string, byName map[string]cli.Flag) []string {
	if strings.HasPrefix(word, "--") {
		return nil
	}
	var parts []string
	for i := 1; i < len(word); i++ {
		f, ok := byName[word[i:i+1]]
		switch {
		case !ok || i == 1 && i+1 == len(word):
			return nil
		case !isSwitch(f) && i+1 < len(word):
			return append(parts, "-"+word[i:i+1]+"="+strings.TrimPrefix(word[i+1:], "="))
		}
		parts = append(parts, "-"+word[i:i+1])
	}
	return parts
}

// show answers --help, --version, --man and --completion.
func (a *arranged) show(c *Command, flags []cli.Flag) (string, bool) {
	byName := flagsByName(flags)
	for i := 0; i < len(a.flags); i++ {
		name, value, joined := strings.Cut(strings.TrimLeft(a.flags[i], "-"), "=")
		if !joined && !isSwitch(byName[name]) {
			i++
			value = a.flags[i]
		}
		switch name {
		case "help", "h":
			return c.help(flags), true
		case "version", "V":
			return fmt.Sprintf("%s (btkit) %s\n", c.Name, Version), true
		case "man":
			return c.man(flags), true
		case "completion":
			return c.completion(flags, value), true
		}
	}
	return "", false
}

func flagsByName(flags []cli.Flag) map[string]cli.Flag {
	byName := map[string]cli.Flag{}
	for _, f := range flags {
		for _, name := range f.Names() {
			byName[name] = f
		}
	}
	return byName
}

func isSwitch(f cli.Flag) bool {
	_, ok := f.(*cli.BoolFlag)
	return ok
}

func unknownFlag(word, name string, byName map[string]cli.Flag) error {
	err := &UsageError{Err: fmt.Errorf("unknown flag %s", word)}
	if best := Nearest(name, slices.Collect(maps.Keys(byName))); best != "" {
		err.Hint = fmt.Sprintf("did you mean --%s?", best)
	}
	return err
}

// Nearest is the known name that someone who typed name may have meant, at
// most two letters away; it is empty if there is none.
func Nearest(name string, known []string) string {
	best, distance := "", 3
	for _, k := range known {
		if d := editDistance(name, k); len(k) > 1 && (d < distance || d == distance && k < best) {
			best, distance = k, d
		}
	}
	return best
}

// editDistance counts insertions, deletions and changes from a to b.
func editDistance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j]+1, row[j+1]+1, diagonal+cost)
		}
	}
	return row[len(b)]
}
