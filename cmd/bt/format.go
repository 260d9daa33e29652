package main

import (
	"fmt"
	"io"
	"strings"

	"btkit/pkg/client"
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

// pages are the man pages that describe no command.
var pages = []struct {
	name, section string
	make          func(version string, roff func(string) string) (string, error)
}{
	{"record", "5", schema.Man},
	{"clients", "7", client.Man},
}

// section is that of the man page bt-NAME.
func section(name string) string {
	for _, p := range pages {
		if "bt-"+p.name == name {
			return p.section
		}
	}
	return "1"
}

// carries says whether bt itself has the man page bt-NAME.
func carries(name string) bool { return section(name) != "1" }

// printPage prints the source of a man page, that of the records without a name.
func printPage(out io.Writer, args []string) error {
	name := "record"
	if len(args) > 0 {
		name = strings.TrimPrefix(args[0], "bt-")
	}
	for _, p := range pages {
		if p.name != name {
			continue
		}
		text, err := p.make(cmdline.Version, cmdline.Roff)
		if err == nil {
			_, err = io.WriteString(out, text)
		}
		return err
	}
	return &cmdline.UsageError{Err: fmt.Errorf("no page %q", name), Hint: "bt man record and bt man clients print pages, bt-NAME --man that of a command"}
}
