package house

import (
	"bytes"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

const (
	maxFunctionLines = 80
	maxFileLines     = 500
)

// unfinished finds the words with which people mark what is missing. They are
// put together here so that this file does not find itself.
var unfinished = regexp.MustCompile(`\b(TO` + `DO|FIX` + `ME|X` + `XX)\b`)

// source is one parsed Go file of the tree.
type source struct {
	room, path, name string
	test             bool
	text             []byte
	set              *token.FileSet
	file             *ast.File
}

// sources parses every Go file of the tree, tests included.
func sources(t *testing.T) []source {
	t.Helper()
	var all []source
	for _, p := range packages(t) {
		paths, err := filepath.Glob(filepath.Join(p.Dir, "*.go"))
		if err != nil {
			t.Fatal(err)
		}
		for _, path := range paths {
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			s := source{room: p.room(), path: path, name: p.room() + "/" + filepath.Base(path),
				test: strings.HasSuffix(path, "_test.go"), text: text, set: token.NewFileSet()}
			if s.file, err = parser.ParseFile(s.set, path, text, parser.ParseComments); err != nil {
				t.Fatal(err)
			}
			all = append(all, s)
		}
	}
	return all
}

func (s *source) lines(n ast.Node) int {
	return s.set.Position(n.End()).Line - s.set.Position(n.Pos()).Line + 1
}

func (s *source) at(n ast.Node) int { return s.set.Position(n.Pos()).Line }

func TestFunctionsAndFilesAreShort(t *testing.T) {
	for _, s := range sources(t) {
		if n := bytes.Count(s.text, []byte("\n")); n > maxFileLines && !s.test {
			t.Errorf("%s has %d lines, want at most %d", s.name, n, maxFileLines)
		}
		for _, d := range s.file.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && s.lines(f) > maxFunctionLines {
				t.Errorf("%s:%d: function %s has %d lines, want at most %d", s.name, s.at(f), f.Name.Name, s.lines(f), maxFunctionLines)
			}
		}
	}
}

func TestPackagesOpenWithAComment(t *testing.T) {
	documented := map[string]bool{}
	for _, s := range sources(t) {
		documented[s.room] = documented[s.room] || !s.test && s.file.Doc != nil
	}
	for room, ok := range documented {
		if !ok {
			t.Errorf("%s does not open with a comment that says what it is for", room)
		}
	}
}

func TestNothingIsLeftUnfinished(t *testing.T) {
	for _, s := range sources(t) {
		for i, line := range strings.Split(string(s.text), "\n") {
			if word := unfinished.FindString(line); word != "" {
				t.Errorf("%s:%d: %s", s.name, i+1, word)
			}
		}
	}
}

// exits are the only places that may end the process.
var exits = map[string]bool{"pkg/cmdline/command.go": true}

func TestOnlyTheFrameEndsTheProcess(t *testing.T) {
	found := 0
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			call, ok := n.(*ast.CallExpr)
			if !ok {
				return true
			}
			switch name := called(call); {
			case (name == "os.Exit" || name == "syscall.Exit") && exits[s.name]:
				found++
			case name == "os.Exit", name == "syscall.Exit", name == "panic", strings.HasPrefix(name, "log.Fatal"), strings.HasPrefix(name, "log.Panic"):
				t.Errorf("%s:%d: %s", s.name, s.at(call), name)
			}
			return true
		})
	}
	if found != len(exits) {
		t.Errorf("%d places end the process, want %d", found, len(exits))
	}
}

// called names the function of a call: "panic", "os.Exit".
func called(call *ast.CallExpr) string {
	switch f := call.Fun.(type) {
	case *ast.Ident:
		return f.Name
	case *ast.SelectorExpr:
		if x, ok := f.X.(*ast.Ident); ok {
			return x.Name + "." + f.Sel.Name
		}
	}
	return ""
}

func TestExportedThingsAreDocumented(t *testing.T) {
	for _, s := range sources(t) {
		if s.test {
			continue
		}
		for _, d := range s.file.Decls {
			for _, name := range undocumented(d) {
				t.Errorf("%s:%d: exported %s has no comment", s.name, s.at(d), name)
			}
		}
	}
}

// selfEvident are methods whose meaning their interface of the standard
// library fixes.
var selfEvident = map[string]bool{"Error": true, "Unwrap": true, "Is": true, "String": true, "Len": true, "Less": true, "Swap": true,
	"Push": true, "Pop": true, "Read": true, "Write": true, "Enabled": true, "Handle": true, "WithAttrs": true, "WithGroup": true,
	"LocalAddr": true, "RemoteAddr": true, "SetDeadline": true, "SetReadDeadline": true, "SetWriteDeadline": true,
	"ReadFrom": true, "WriteTo": true}

// undocumented names what a declaration exports without a comment. In a group,
// the comment of the group or of the line counts.
func undocumented(d ast.Decl) []string {
	switch d := d.(type) {
	case *ast.FuncDecl:
		if ast.IsExported(d.Name.Name) && d.Doc == nil && !(d.Recv != nil && (selfEvident[d.Name.Name] || !exportedReceiver(d.Recv))) {
			return []string{d.Name.Name}
		}
	case *ast.GenDecl:
		if d.Doc != nil {
			return nil
		}
		var names []string
		for _, spec := range d.Specs {
			names = append(names, undocumentedSpec(spec)...)
		}
		return names
	}
	return nil
}

func undocumentedSpec(spec ast.Spec) []string {
	var names []*ast.Ident
	switch spec := spec.(type) {
	case *ast.TypeSpec:
		if spec.Doc == nil && spec.Comment == nil {
			names = []*ast.Ident{spec.Name}
		}
	case *ast.ValueSpec:
		if spec.Doc == nil && spec.Comment == nil {
			names = spec.Names
		}
	}
	var exported []string
	for _, name := range names {
		if name.IsExported() {
			exported = append(exported, name.Name)
		}
	}
	return exported
}

func exportedReceiver(receiver *ast.FieldList) bool {
	typ := receiver.List[0].Type
	if star, ok := typ.(*ast.StarExpr); ok {
		typ = star.X
	}
	if generic, ok := typ.(*ast.IndexExpr); ok {
		typ = generic.X
	}
	name, ok := typ.(*ast.Ident)
	return ok && name.IsExported()
}
