package store

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"btkit/pkg/record"
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
// indented. What all kinds have in common is said once.
func TablesText() string {
	all := Tables()
	kinds, other := all[:len(all)-1], all[len(all)-1]
	common := commonColumns(kinds[0])
	parts := []string{describe("In every table", "", common)}
	for _, t := range kinds {
		own := t.Columns[len(common)-1 : len(t.Columns)-1]
		parts = append(parts, describe(t.Name, t.Doc, own))
	}
	return strings.Join(append(parts, describe(other.Name, other.Doc, other.Columns)), "\n\n")
}

// commonColumns are those of the header, which come first, and the last.
func commonColumns(t *Table) []Column {
	n := reflect.TypeFor[record.Header]().NumField() - 1 // the type is the table
	return append(slices.Clone(t.Columns[:n]), t.Columns[len(t.Columns)-1])
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
	b.WriteString(strings.TrimSpace(name+": "+oneLine(doc)) + "\n\n")
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
