// Package cmdline runs a command the way all commands of the toolkit run:
// flags before or after arguments, records on standard output, people on
// standard error, signals that drain the pipe, exit codes, a progress line,
// help, a man page and shell completion from one definition.
//
// What a command does is left to the rooms below; cmd/* only wires.
package cmdline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/urfave/cli/v2"
)

// Version of the toolkit.
const Version = "0.1.0"

// Exit codes of every command.
const (
	ExitOK       = 0
	ExitFailure  = 1
	ExitUsage    = 2
	ExitRejected = 3 // finished, but some input was rejected
)

// Role says which common flags and sections a command has.
type Role int

// The roles.
const (
	Tool   Role = iota // no records: bt, bt-lab
	Source             // takes torrents, runs until stopped, passes records on
	Filter             // reads records until the end of input, passes them on
	Sink               // reads records until the end of input
)

// Example is one command line with what it is good for.
type Example struct{ Text, Line string }

// Section is a further section of the man page, in paragraphs. A paragraph
// whose lines begin with a space is kept as it stands.
type Section struct{ Title, Text string }

// Command describes a bt-* program. Help, man page and completion are made
// from it.
type Command struct {
	Name        string
	Summary     string // a phrase without full stop
	Synopsis    string // what follows the flags
	Description string // paragraphs, separated by empty lines
	Role        Role
	Flags       []cli.Flag
	Examples    []Example
	Sections    []Section
	SeeAlso     []string // names of man pages
	// RawArgs leaves everything behind "--" or the first argument untouched,
	// for commands that run another one.
	RawArgs bool
	Run     func(*Session) error
}

// UsageError is a mistake on the command line: exit code 2. Hint says what to
// type next.
type UsageError struct {
	Err  error
	Hint string
}

func (u *UsageError) Error() string { return u.Err.Error() }
func (u *UsageError) Unwrap() error { return u.Err }

// Usagef makes a UsageError without a hint.
func Usagef(format string, args ...any) error {
	return &UsageError{Err: fmt.Errorf(format, args...)}
}

// Hinted is any other error with a line that says what to do next.
type Hinted struct {
	Err  error
	Hint string
}

func (h *Hinted) Error() string { return h.Err.Error() }
func (h *Hinted) Unwrap() error { return h.Err }

// ExitStatus ends the command with a code of another command that it ran. It
// prints nothing.
type ExitStatus int

func (e ExitStatus) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

// errRejected ends a command that finished, but rejected some of its input.
var errRejected = errors.New("some input was rejected")

// Main runs the command with the process's arguments and ends the process.
func Main(c *Command) {
	os.Exit(run(c, os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}

// run is Main without the process around it.
func run(c *Command, args []string, in io.Reader, out *os.File, people io.Writer) int {
	flags := append(append([]cli.Flag(nil), c.Flags...), commonFlags(c.Role)...)
	arranged, err := arrange(args, flags, c.RawArgs)
	if err != nil {
		return c.report(people, err)
	}
	if text, ok := arranged.show(c, flags); ok {
		if _, err := io.WriteString(out, text); err != nil {
			return ExitFailure
		}
		return ExitOK
	}
	if err := arranged.checkValues(flags); err != nil {
		return c.report(people, err)
	}
	app := &cli.App{
		Name: c.Name, HideHelp: true, HideVersion: true, Flags: flags,
		DisableSliceFlagSeparator: true,
		Writer:                    people, ErrWriter: people,
		ExitErrHandler: func(*cli.Context, error) {},
		OnUsageError:   func(_ *cli.Context, err error, _ bool) error { return &UsageError{Err: err} },
		Action: func(ctx *cli.Context) error {
			s, err := open(ctx, c, in, out, people)
			if err != nil {
				return err
			}
			return s.close(c.Run(s))
		},
	}
	return c.report(people, app.RunContext(context.Background(), arranged.line(c.Name)))
}

// report tells people what went wrong and gives the exit code.
func (c *Command) report(people io.Writer, err error) int {
	var usage *UsageError
	var hinted *Hinted
	var status ExitStatus
	switch {
	case err == nil:
		return ExitOK
	case errors.Is(err, errRejected):
		return ExitRejected
	case errors.As(err, &status):
		return int(status)
	case errors.As(err, &usage):
		hint := usage.Hint
		if hint == "" {
			hint = fmt.Sprintf("%s --help shows the flags", c.Name)
		}
		fmt.Fprintf(people, "%s: %v\n%s: hint: %s\n", c.Name, err, c.Name, hint)
		return ExitUsage
	case errors.As(err, &hinted):
		fmt.Fprintf(people, "%s: %v\n%s: hint: %s\n", c.Name, err, c.Name, hinted.Hint)
		return ExitFailure
	}
	fmt.Fprintf(people, "%s: %v\n", c.Name, err)
	return ExitFailure
}
