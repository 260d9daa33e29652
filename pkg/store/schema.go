package store

import (
	"fmt"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"time"

	"btkit/pkg/record"
)

// otherTable holds the records of unknown kinds.
const otherTable = "record"

// extraColumn holds the members of a known kind that have no column, as one
// JSON object; jsonColumn holds a whole record of an unknown kind.
const (
	extraColumn = "extra"
	jsonColumn  = "json"
)

// form says how a JSON value becomes a column's value.
type form int

const (
	formText     form = iota // JSON string to TEXT
	formInteger              // JSON integer to INTEGER
	formReal                 // JSON number to REAL
	formBool                 // JSON boolean to INTEGER, 0 or 1
	formTime                 // JSON string to TEXT, UTC with six decimals
	formAddr                 // address to TEXT, hashed unless kept
	formPeerID               // peer id to TEXT, hashed unless kept
	formVia                  // text that may be an address, hashed unless kept
	formFreeText             // text that may hold addresses, hashed unless kept
	formClient               // name of a client, that may hold addresses, hashed unless kept
	formJSON                 // list or map to TEXT as it came, addresses hashed unless kept
)

var sqlTypes = map[form]string{formInteger: "INTEGER", formBool: "INTEGER", formReal: "REAL"}

// secretForms names the text members that can identify somebody.
var secretForms = map[string]form{"peer_id": formPeerID, "via": formVia, "message": formFreeText, "client": formClient}

// Column is one column of a table.
type Column struct {
	// Name of the column and of the member.
	Name string
	// Type in SQL: TEXT, INTEGER or REAL.
	Type string
	// Doc says meaning and unit in one sentence or more.
	Doc string

	form form
}

// Table is one table of the database.
type Table struct {
	// Name of the table: the kind of record, or "record" for unknown kinds.
	Name string
	// Columns in order.
	Columns []Column
	// Doc says what a row is.
	Doc string

	byName map[string]int
}

// Tables lists the tables for records: one per kind in the order of the
// chain, then the one for unknown kinds. Don't change them.
func Tables() []*Table { return tables() }

var tables = sync.OnceValue(makeTables)

func makeTables() []*Table {
	var tables []*Table
	for _, kind := range record.Kinds() {
		tables = append(tables, kindTable(kind))
	}
	return append(tables, unknownTable())
}

// maxColumns is how many columns a row's shape can tell apart; a test holds
// the tables to it.
const maxColumns = 64

func kindTable(kind string) *Table {
	t := &Table{Name: kind}
	t.addFields(reflect.TypeOf(record.New(kind)).Elem())
	t.Columns = append(t.Columns, Column{Name: extraColumn, Type: "TEXT", form: formJSON,
		Doc: "Members that have no column, as a JSON object; filters put theirs here, such as \"geo\"."})
	t.document(kind)
	t.index()
	return t
}

// addFields makes a column of every field but the type, which is the table.
func (t *Table) addFields(s reflect.Type) {
	for i := range s.NumField() {
		f := s.Field(i)
		if f.Anonymous {
			t.addFields(f.Type)
			continue
		}
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name == "type" {
			continue
		}
		as := formOf(name, f.Type)
		t.Columns = append(t.Columns, Column{Name: name, Type: sqlType(as), form: as})
	}
}

func formOf(name string, t reflect.Type) form {
	if t.Kind() == reflect.Pointer {
		t = t.Elem()
	}
	switch {
	case t == reflect.TypeFor[time.Time]():
		return formTime
	case t == reflect.TypeFor[netip.Addr]():
		return formAddr
	case t.Kind() == reflect.String:
		return secretForms[name]
	case t.Kind() == reflect.Bool:
		return formBool
	case t.Kind() == reflect.Float64:
		return formReal
	case t.Kind() == reflect.Slice, t.Kind() == reflect.Map, t.Kind() == reflect.Struct:
		return formJSON
	}
	return formInteger
}

func sqlType(f form) string {
	if name, ok := sqlTypes[f]; ok {
		return name
	}
	return "TEXT"
}

func unknownTable() *Table {
	text := func(name, doc string) Column { return Column{Name: name, Type: "TEXT", Doc: doc} }
	t := &Table{Name: otherTable, Doc: "A record of a kind that this version does not know.", Columns: []Column{
		text("type", "Kind of record; absent when the line named none."),
		{Name: "v", Type: "INTEGER", Doc: "Version of that kind.", form: formInteger},
		text("ts", "When it happened, as the record says it."),
		text("by", "Command that wrote the record."),
		text("run", "Random id of that process's run."),
		{Name: "seq", Type: "INTEGER", Doc: "Running number of the record in that run.", form: formInteger},
		{Name: jsonColumn, Type: "TEXT", Doc: "The whole record; addresses and peer ids in it are hashed unless kept.",
			form: formJSON},
	}}
	t.index()
	return t
}

func (t *Table) index() {
	t.byName = make(map[string]int, len(t.Columns))
	for i, c := range t.Columns {
		t.byName[c.Name] = i
	}
}

// lookup finds the column of a member. Writers keep the order of the kind, so
// the column behind the last one is nearly always right.
func (t *Table) lookup(name []byte, next *int) int {
	if *next < len(t.Columns)-1 && t.Columns[*next].Name == string(name) {
		*next++
		return *next - 1
	}
	i, ok := t.byName[string(name)]
	if !ok || i == len(t.Columns)-1 {
		return -1
	}
	*next = i + 1
	return i
}

// create is the statement that makes the table. Its comments stay in the
// database, so that ".schema" explains every column.
func (t *Table) create() string {
	var b strings.Builder
	fmt.Fprintf(&b, "CREATE TABLE %s ( -- %s\n", quote(t.Name), oneLine(t.Doc))
	for _, c := range t.Columns {
		fmt.Fprintf(&b, "  %s %s, -- %s\n", quote(c.Name), c.Type, oneLine(c.Doc))
	}
	b.WriteString("  UNIQUE (\"run\", \"by\", \"seq\")\n)")
	return b.String()
}

// insert is the statement that stores one row whose columns in set have a
// value, or ignores it when its key is stored already. Absent keys are
// distinct from each other in SQL.
func (t *Table) insert(set uint64) string {
	var names []string
	for i, c := range t.Columns {
		if set&(1<<i) != 0 {
			names = append(names, quote(c.Name))
		}
	}
	if len(names) == 0 {
		return fmt.Sprintf("INSERT INTO %s DEFAULT VALUES", quote(t.Name))
	}
	marks := strings.Repeat("?,", len(names)-1) + "?"
	return fmt.Sprintf("INSERT OR IGNORE INTO %s (%s) VALUES (%s)", quote(t.Name), strings.Join(names, ","), marks)
}

func quote(name string) string { return `"` + strings.ReplaceAll(name, `"`, `""`) + `"` }

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
