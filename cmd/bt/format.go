package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"

	"btkit/pkg/cmdline"
	"btkit/pkg/record/schema"
)

// printSchema lists the kinds, or prints the JSON Schema of one.
func printSchema(out io.Writer, args []string) error {
	kinds, err := schema.Kinds()
	if err != nil {
		return err
	}
	for _, k := range kinds {
		if len(args) == 0 {
			what, _, _ := strings.Cut(k.Doc, ". ")
			fmt.Fprintf(out, "%-12s %s\n", k.Name, strings.TrimSuffix(what, "."))
			continue
		}
		if k.Name != args[0] {
			continue
		}
		text, err := schema.JSON(k)
		if err == nil {
			_, err = fmt.Fprintf(out, "%s\n", text)
		}
		return err
	}
	if len(args) == 0 {
		return nil
	}
	return &cmdline.UsageError{Err: fmt.Errorf("no kind %q", args[0]), Hint: "bt schema lists the kinds"}
}

func printFormat(out io.Writer) error {
	text, err := schema.Man(cmdline.Version, cmdline.Roff)
	if err == nil {
		_, err = io.WriteString(out, text)
	}
	return err
}

// manual finds a man page beside the programs: in a checkout ../man, in an
// installation ../share/man/man1.
func manual(name string) (string, bool) {
	self, err := os.Executable()
	if err != nil {
		return "", false
	}
	for _, folder := range []string{"../man", "../share/man/man1"} {
		path := filepath.Join(filepath.Dir(self), folder, name+".1")
		if _, err := os.Stat(path); err == nil {
			return path, true
		}
	}
	return "", false
}

func showManual(path string) error {
	man, err := exec.LookPath("man")
	if err == nil {
		return become(man, []string{"man", "-l", path})
	}
	name := strings.TrimSuffix(filepath.Base(path), ".1")
	f, ok := find(name)
	if !ok {
		return unknown(name)
	}
	return become(f.path, []string{name, "--help"})
}
