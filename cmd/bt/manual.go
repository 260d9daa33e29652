package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"btkit/pkg/cmdline"
)

// help shows a man page. Where there is none, our own commands say --help; a
// plugin is not run, since it might not know that flag and wait for input.
func help(out io.Writer, args []string) error {
	if len(args) != 1 {
		return &cmdline.UsageError{Err: errors.New("help needs the name of one command"), Hint: "bt help probe"}
	}
	name := "bt-" + strings.TrimPrefix(args[0], "bt-")
	if args[0] == "bt" {
		name = "bt"
	}
	command, there := find(name)
	man, err := exec.LookPath("man")
	if path, ok := manual(name, command.path); ok && err == nil {
		return become(man, []string{"man", "-l", path})
	}
	switch {
	case carries(name):
		return printPage(out, []string{name})
	case !there:
		return unknown(args[0])
	}
	if text, ok := usage(command); ok {
		_, err = io.WriteString(out, text)
	} else {
		_, err = fmt.Fprintf(out, "%s has no manual; it is %s\n", name, command.path)
	}
	return err
}

// manual finds a man page near bt or near the command itself: in a checkout in
// ../man, in an installation in ../share/man.
func manual(name, command string) (string, bool) {
	section := section(name)
	programs := folders()[:min(1, len(folders()))]
	if command != "" {
		programs = append(programs, filepath.Dir(command))
	}
	for _, folder := range programs {
		for _, pages := range []string{"../man", "../share/man/man" + section} {
			path := filepath.Join(folder, pages, name+"."+section)
			if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() {
				return path, true
			}
		}
	}
	return "", false
}

// usage asks one of our own commands for its --help, without any input.
func usage(f found) (string, bool) {
	if !f.own {
		return "", false
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	text, err := exec.CommandContext(ctx, f.path, "--help").Output()
	return string(text), err == nil
}
