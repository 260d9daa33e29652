package record

import "embed"

// Sources are the files that describe the kinds. Their comments document the
// format; package record/schema reads them.
//
//go:embed header.go kind_*.go
var Sources embed.FS

// Shape is what the code knows of a member of a kind; its meaning stands in
// the comments.
type Shape struct {
	Name     string
	Type     string // JSON type
	Integer  bool
	Optional bool
	Min, Max int64 // of integers
}

// Shapes lists the members of a kind in their order, nil for an unknown kind.
func Shapes(kind string) []Shape {
	p, ok := plans[kind]
	if !ok {
		return nil
	}
	shapes := make([]Shape, len(p.fields))
	for i, f := range p.fields {
		shapes[i] = Shape{f.name, f.want.String(), f.integer, f.optional, f.min, f.max}
	}
	return shapes
}

// Version is the version of a kind that this toolkit writes.
func Version(kind string) int {
	if p, ok := plans[kind]; ok {
		return p.v
	}
	return 0
}
