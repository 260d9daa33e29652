package client

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
)

// questions are the cells in the order of the page. Those that are not among
// them follow by name.
var questions = []struct{ cell, title string }{
	{"reading_exact", "Are readings exact?"},
	{"reading_behind_max_s", "How late is a reading at most while it downloads?"},
	{"crossing_late_s", "How late is its crossing of the threshold seen?"},
	{"hold_s", "How long does it hold a visitor that sends keep-alives?"},
	{"revisit_5s_accepted", "Does it take visits 5 s after the one before?"},
	{"revisit_60s_accepted", "60 s after?"},
	{"revisit_300s_accepted", "300 s after?"},
	{"dial_back_s", "After how long does it dial back?"},
	{"spoken_when_dialled", "What does it speak when dialled?"},
	{"spoken_when_dialling", "What does it speak when it dials?"},
	{"refusal_when_full", "What does a visitor see when all slots are taken?"},
	{"keep_alives_per_minute_max", "How many keep-alives do we send?"},
	{"connections_per_minute_max", "How many connections do we open?"},
	{"banned", "Does it ban us?"},
	{"throttled", "Does it throttle us?"},
}

// measured writes a section with what was found for every question, program by
// program.
func (p *page) measured(m Measured) {
	p.WriteString(".SH MEASURED\n")
	for _, name := range cellNames(m) {
		fmt.Fprintf(p, ".SS %s\n", p.text(title(name)))
		for _, c := range m.Clients {
			if cell, ok := c.Cells[name]; ok {
				p.item(c.title(), cell.phrase())
			}
		}
	}
}

// cellNames are those that there are, in the order of the page.
func cellNames(m Measured) (names []string) {
	there := map[string]bool{}
	for _, c := range m.Clients {
		for name := range c.Cells {
			there[name] = true
		}
	}
	for _, q := range questions {
		if there[q.cell] {
			names = append(names, q.cell)
			delete(there, q.cell)
		}
	}
	return append(names, slices.Sorted(maps.Keys(there))...)
}

// title is what is asked, or for other cells the words of the name; the unit
// stands with the values.
func title(name string) string {
	for _, q := range questions {
		if q.cell == name {
			return q.title
		}
	}
	return strings.ReplaceAll(strings.TrimSuffix(name, "_s"), "_", " ")
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
	if c.Value == nil && c.Note != "" {
		return c.Note
	}
	if c.Value == nil {
		return "not measured"
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

func filled(words ...string) []string {
	return slices.DeleteFunc(words, func(w string) bool { return w == "" })
}
