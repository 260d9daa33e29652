package benc

// Defaults of Limits.
const (
	DefaultDepth = 32
	DefaultNodes = 100_000
)

// Limits bounds what Check accepts. The zero value means the defaults.
type Limits struct {
	// Most lists and dictionaries inside each other.
	Depth int
	// Most values in all: integers, strings, keys, lists and dictionaries.
	Nodes int
}

func (l Limits) orDefaults() Limits {
	if l.Depth <= 0 {
		l.Depth = DefaultDepth
	}
	if l.Nodes <= 0 {
		l.Nodes = DefaultNodes
	}
	return l
}
