package store

import (
	"fmt"
	"strings"
)

// textWidth is how wide the lines of the man page's tables are.
const textWidth = 74

// Schema is the whole database as SQL, with comments that say what every
// table, column and view means.
func Schema() string {
	parts := []string{fmt.Sprintf("PRAGMA application_id = %d;\nPRAGMA user_version = %d", applicationID, schemaVersion), metaTable}
	for _, t := range Tables() {
		parts = append(parts, t.create())
	}
	for _, v := range Views() {
		var b strings.Builder
		for _, c := range v.Columns {
			fmt.Fprintf(&b, "-- %s: %s\n", c.Name, oneLine(c.Doc))
		}
		parts = append(parts, v.create()+";\n"+strings.TrimRight(b.String(), "\n"))
	}
	return strings.Join(parts, ";\n\n") + "\n"
}

// TablesText describes the tables for people: paragraphs, with the columns
// indented.
func TablesText() string {
	var parts []string
	for _, t := range Tables() {
		parts = append(parts, describe(t.Name, t.Doc, t.Columns))
	}
	return strings.Join(parts, "\n\n")
}

// ViewsText describes the views for people.
func ViewsText() string {
	var parts []string
	for _, v := range Views() {
		parts = append(parts, describe(v.Name, v.Doc, v.Columns))
	}
	return strings.Join(parts, "\n\n")
}

// ExamplesText lists the example queries for people.
func ExamplesText() string {
	var parts []string
	for _, q := range Examples() {
		text := strings.ReplaceAll(q.SQL, "\n", "\n    ")
		parts = append(parts, q.Text, "    "+text+";")
	}
	return strings.Join(parts, "\n\n")
}

func describe(name, doc string, columns []Column) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: %s\n\n", name, oneLine(doc))
	for i, c := range columns {
		if i > 0 {
			b.WriteByte('\n')
		}
		head := c.Name
		if c.Type != "" {
			head += " " + c.Type
		}
		b.WriteString(hang(head+": "+oneLine(c.Doc), "  ", "      "))
	}
	return b.String()
}

// hang breaks a text into lines; those behind the first are indented further.
func hang(text, first, further string) string {
	var lines []string
	line := first
	for _, word := range strings.Fields(text) {
		if len(line)+1+len(word) > textWidth && strings.TrimSpace(line) != "" {
			lines = append(lines, line)
			line = further
		}
		if strings.TrimSpace(line) != "" {
			line += " "
		}
		line += word
	}
	return strings.Join(append(lines, line), "\n")
}
