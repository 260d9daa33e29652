// Package schema makes the documentation of the record format from the
// comments in package record: descriptions, JSON Schemas and the man page
// bt-record(5). Only the command bt carries it.
package schema

import (
	"encoding/json"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"reflect"
	"strconv"
	"strings"

	"btkit/pkg/record"
)

// Member is one member of a kind and what it means.
type Member struct {
	record.Shape
	Doc string
}

// Kind is one kind of record and what it is for.
type Kind struct {
	Name    string
	Doc     string
	V       int
	Members []Member
}

// Kinds describes all kinds in the order of the chain. It fails only if the
// comments cannot be read, which a test excludes.
func Kinds() ([]Kind, error) {
	docs, err := comments()
	if err != nil {
		return nil, err
	}
	var kinds []Kind
	for _, name := range record.Kinds() {
		goName := reflect.TypeOf(record.New(name)).Elem().Name()
		k := Kind{Name: name, V: record.Version(name), Doc: withoutName(docs[goName], goName)}
		for _, shape := range record.Shapes(name) {
			doc := docs[goName+"."+shape.Name]
			if doc == "" {
				doc = docs["Header."+shape.Name]
			}
			k.Members = append(k.Members, Member{shape, doc})
		}
		kinds = append(kinds, k)
	}
	return kinds, nil
}

// comments gives the text of the comments by "Type" and "Type.member".
func comments() (map[string]string, error) {
	docs := map[string]string{}
	files, err := fs.Glob(record.Sources, "*.go")
	if err != nil {
		return nil, err
	}
	for _, name := range files {
		source, err := record.Sources.ReadFile(name)
		if err != nil {
			return nil, err
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, source, parser.ParseComments)
		if err != nil {
			return nil, fmt.Errorf("read comments: %w", err)
		}
		for _, d := range file.Decls {
			collect(docs, d)
		}
	}
	return docs, nil
}

func collect(docs map[string]string, d ast.Decl) {
	decl, ok := d.(*ast.GenDecl)
	if !ok || decl.Tok != token.TYPE {
		return
	}
	for _, spec := range decl.Specs {
		typ := spec.(*ast.TypeSpec)
		docs[typ.Name.Name] = oneLine(decl.Doc.Text())
		fields, ok := typ.Type.(*ast.StructType)
		if !ok {
			continue
		}
		for _, f := range fields.Fields.List {
			if f.Tag == nil {
				continue
			}
			tag, err := strconv.Unquote(f.Tag.Value)
			if err != nil {
				continue
			}
			name, _, _ := strings.Cut(reflect.StructTag(tag).Get("json"), ",")
			docs[typ.Name.Name+"."+name] = oneLine(f.Doc.Text())
		}
	}
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// withoutName turns "Peer is an address" into "An address".
func withoutName(doc, name string) string {
	for _, start := range []string{name + " is ", name + " "} {
		if rest, ok := strings.CutPrefix(doc, start); ok {
			return strings.ToUpper(rest[:1]) + rest[1:]
		}
	}
	return doc
}

// JSON is the JSON Schema (2020-12) of one kind. Members that it does not name
// are allowed: the format is open.
func JSON(k Kind) ([]byte, error) {
	properties := map[string]any{}
	required := []string{}
	for _, m := range k.Members {
		properties[m.Name] = property(k, m)
		if !m.Optional {
			required = append(required, m.Name)
		}
	}
	return json.MarshalIndent(map[string]any{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "title": k.Name, "description": k.Doc,
		"type": "object", "properties": properties, "required": required, "additionalProperties": true,
	}, "", "  ")
}

func property(k Kind, m Member) map[string]any {
	p := map[string]any{"type": m.Type, "description": m.Doc}
	if m.Integer {
		p["type"], p["minimum"], p["maximum"] = "integer", m.Min, m.Max
	}
	if m.Name == "type" {
		p["const"] = k.Name
	}
	return p
}
