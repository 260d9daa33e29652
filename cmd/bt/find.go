package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strings"
)

// found is an executable bt-NAME.
type found struct {
	name, path string
	own        bool // from the folder of bt itself
}

// folders are where commands are looked for: beside bt first, then on PATH.
func folders() []string {
	var all []string
	if self, err := os.Executable(); err == nil {
		if real, err := filepath.EvalSymlinks(self); err == nil {
			self = real
		}
		all = append(all, filepath.Dir(self))
	}
	return append(all, filepath.SplitList(os.Getenv("PATH"))...)
}

// commands lists every bt-NAME once, the first one found.
func commands() []found {
	seen := map[string]bool{}
	var all []found
	for i, folder := range folders() {
		entries, err := os.ReadDir(folder)
		if err != nil {
			continue
		}
		for _, e := range entries {
			f := found{name: e.Name(), path: filepath.Join(folder, e.Name()), own: i == 0}
			if !strings.HasPrefix(f.name, "bt-") || seen[f.name] || !runnable(f.path) {
				continue
			}
			seen[f.name] = true
			all = append(all, f)
		}
	}
	sort.Slice(all, func(i, j int) bool { return all[i].name < all[j].name })
	return all
}

func find(name string) (found, bool) {
	for i, folder := range folders() {
		if path := filepath.Join(folder, name); runnable(path) {
			return found{name, path, i == 0}, true
		}
	}
	return found{}, false
}

func runnable(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0
}

func list(out io.Writer) error {
	fmt.Fprintln(out, "commands:")
	for _, f := range commands() {
		what := f.path
		if f.own {
			what = summary(f)
		}
		fmt.Fprintf(out, "  %-18s %s\n", f.name, what)
	}
	_, err := fmt.Fprintln(out, "\nbt help NAME shows a manual, bt schema the kinds of records.")
	return err
}

// summary asks one of our own commands; plugins are not run to be listed.
func summary(f found) string {
	text, _ := usage(f)
	line, _, _ := strings.Cut(text, "\n")
	if _, what, ok := strings.Cut(line, ": "); ok {
		return what
	}
	return f.path
}
