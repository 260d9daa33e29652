package client

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// measured writes a section with what was found for every question, program by
// program.
func (p *page) measured(m Measured) {
	p.WriteString(".SH MEASURED\n")
	cells := map[string]bool{}
	for _, c := range m.Clients {
		for name := range c.Cells {
			cells[name] = true
		}
	}
	for _, name := range slices.Sorted(maps.Keys(cells)) {
		fmt.Fprintf(p, ".SS %s\n", p.text(title(name)))
		for _, c := range m.Clients {
			if cell, ok := c.Cells[name]; ok {
				p.item(c.title(), cell.phrase())
			}
		}
	}
}

// title is the program with its version and setting.
func (c MeasuredClient) title() string {
	s := strings.TrimSpace(c.Name + " " + c.Version)
	if c.Variant != "" {
		s += " (" + c.Variant + ")"
	}
	return s
}

// phrase is the value with what it rests on, or why there is none.
func (c Cell) phrase() string {
	if c.Value == nil {
		return strings.Join(filled("not measured", c.Note), ": ")
	}
	s := c.value()
	if c.Unit != "" {
		s += " " + c.Unit
	}
	if c.AtLeast {
		s = "at least " + s
	}
	if c.Error > 0 {
		s += fmt.Sprintf(", give or take %s", number(c.Error))
	}
	return strings.Join(filled(fmt.Sprintf("%s (n = %d)", s, c.N), c.Note), "; ")
}

func (c Cell) value() string {
	switch v := c.Value.(type) {
	case bool:
		return map[bool]string{true: "yes", false: "no"}[v]
	case float64:
		return number(v)
	}
	return fmt.Sprint(c.Value)
}

// number has no more digits than it needs, and no exponent.
func number(f float64) string { return strconv.FormatFloat(f, 'f', -1, 64) }

// title makes words of the name of a cell; its unit stands with the values.
func title(name string) string {
	return strings.ReplaceAll(strings.TrimSuffix(name, "_s"), "_", " ")
}

func filled(words ...string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}
