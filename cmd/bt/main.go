// Command bt finds and runs the commands of the toolkit.
package main

import (
	"fmt"
	"os"
	"slices"
	"strings"
	"syscall"

	"btkit/pkg/cmdline"
)

const description = `Without arguments, lists the commands: those in the folder of bt itself, and every executable
named bt-NAME on PATH, in any language. With a name, runs that command in place of bt.

bt help NAME shows the manual of a command, bt help record that of the records, bt help clients how BitTorrent programs treat a visitor.
bt schema lists the kinds of records, and with a kind prints its JSON Schema. bt man prints the source of bt-record(5), bt man clients that
of bt-clients(7).`

func main() { cmdline.Main(command()) }

func command() *cmdline.Command {
	return &cmdline.Command{
		Name: "bt", Summary: "find and run the commands of btkit", Role: cmdline.Tool, RawArgs: true,
		Synopsis: "[NAME [ARG ...] | help NAME | schema [KIND] | man [PAGE]]", Description: description,
		Examples: []cmdline.Example{
			{Text: "What is there", Line: "bt"},
			{Text: "The manual of a command", Line: "bt help probe"},
			{Text: "The JSON Schema of visit records", Line: "bt schema visit"},
		},
		SeeAlso: []string{"bt-meta(1)", "bt-probe(1)", "bt-confirm(1)", "bt-store(1)", "bt-clients(7)"},
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
		return help(os.Stdout, args[1:])
	case "schema":
		return printSchema(os.Stdout, args[1:])
	case "man":
		return printPage(os.Stdout, args[1:])
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
	name = strings.TrimPrefix(name, "bt-")
	known := []string{"help", "schema", "man"}
	for _, f := range commands() {
		known = append(known, strings.TrimPrefix(f.name, "bt-"))
	}
	hint := "bt alone lists what there is"
	if best := cmdline.Nearest(name, known); slices.Contains(known[:3], best) {
		hint = fmt.Sprintf("did you mean bt %s?", best)
	} else if best != "" {
		hint = fmt.Sprintf("did you mean bt-%s?", best)
	}
	return &cmdline.UsageError{Err: fmt.Errorf("no command bt-%s beside bt or on PATH", name), Hint: hint}
}
