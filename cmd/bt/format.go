package main

import (
	"fmt"
	"io"
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
