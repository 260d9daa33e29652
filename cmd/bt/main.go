// Command bt finds and runs the commands of the toolkit.
package main

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"

	"btkit/pkg/cmdline"
)

const description = `Without arguments, lists the commands: those in the folder of bt itself, and every executable
named bt-NAME on PATH, in any language. With a name, runs that command in place of bt.

bt help NAME shows the manual of a command. bt schema lists the kinds of records, and with a kind prints its
JSON Schema. bt man prints the source of bt-record(5).`

func main() { cmdline.Main(command()) }

func command() *cmdline.Command {
	return &cmdline.Command{
		Name: "bt", Summary: "find and run the commands of btkit", Role: cmdline.Tool, RawArgs: true,
		Synopsis: "[NAME [ARG ...] | help NAME | schema [KIND]]", Description: description,
		Examples: []cmdline.Example{
			{Text: "What is there", Line: "bt"},
			{Text: "The manual of a command", Line: "bt help probe"},
			{Text: "The JSON Schema of visit records", Line: "bt schema visit"},
		},
		SeeAlso: []string{"bt-meta(1)", "bt-probe(1)", "bt-confirm(1)", "bt-store(1)"},
		Run:     run,
	}
}

func run(s *cmdline.Session) error {
	args := s.Args().Slice()
	if len(args) == 0 {
		return list(os.Stdout)
	}
	switch args[0] {
	case "help":
		return help(args[1:])
	case "schema":
		return printSchema(os.Stdout, args[1:])
	case "man":
		return printFormat(os.Stdout)
	}
	return execute(args[0], args[1:])
}

// execute becomes the command bt-NAME.
func execute(name string, args []string) error {
	found, ok := find("bt-" + strings.TrimPrefix(name, "bt-"))
	if !ok {
		return unknown(name)
	}
	return become(found.path, append([]string{found.name}, args...))
}

func become(path string, argv []string) error {
	if err := syscall.Exec(path, argv, os.Environ()); err != nil {
		return fmt.Errorf("run %s: %w", path, err)
	}
	return nil
}

func unknown(name string) error {
	return &cmdline.UsageError{Err: fmt.Errorf("no command bt-%s beside bt or on PATH", strings.TrimPrefix(name, "bt-")), Hint: "bt alone lists what there is"}
}

// help shows the man page of a command, or its --help where there is no man.
func help(args []string) error {
	if len(args) != 1 {
		return &cmdline.UsageError{Err: errors.New("help needs the name of one command"), Hint: "bt help probe"}
	}
	name := "bt-" + strings.TrimPrefix(args[0], "bt-")
	if args[0] == "bt" {
		name = "bt"
	}
	if path, ok := manual(name); ok {
		return showManual(path)
	}
	found, ok := find(name)
	if !ok {
		return unknown(args[0])
	}
	return become(found.path, []string{found.name, "--help"})
}
