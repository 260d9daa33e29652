package client

import (
	"encoding/json"
	"fmt"
	"io"
)

// Measured is what was measured on real, unmodified programs; "make matrix"
// writes it to testdata/clients.json.
type Measured struct {
	// In the order of the page.
	Clients []MeasuredClient `json:"clients"`
}

// MeasuredClient is one program in one setting.
type MeasuredClient struct {
	// Family of the program, as Habits.Name spells it.
	Family string `json:"family"`
	// Program and version, as its own interface tells them.
	Name    string `json:"name"`
	Version string `json:"version"`
	// What was set otherwise than by default, such as "uTP only"; empty if
	// nothing was.
	Variant string `json:"variant,omitempty"`
	// Measured values by name; names end in their unit where there is one.
	Cells map[string]Cell `json:"cells"`
}

// Cell is one measured value. It has a value or a reason why there is none.
type Cell struct {
	// A number, true or false, or words; nil if it was not measured.
	Value any `json:"value,omitempty"`
	// Unit of a number, such as "s" or "1/min".
	Unit string `json:"unit,omitempty"`
	// How many observations the value rests on.
	N int `json:"n"`
	// Whether the number is a bound from below: the run ended before the thing.
	AtLeast bool `json:"at_least,omitempty"`
	// How wrong the number may be, in its unit; zero if that is not known.
	Error float64 `json:"error,omitempty"`
	// What else was seen, or why nothing was measured.
	Note string `json:"note,omitempty"`
}

// ReadMeasured reads what WriteMeasured wrote.
func ReadMeasured(r io.Reader) (m Measured, err error) {
	decoder := json.NewDecoder(r)
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&m); err != nil {
		return Measured{}, fmt.Errorf("read measured clients: %w", err)
	}
	return m, nil
}

// WriteMeasured writes m in the order of its members, cells by name, so that
// two measurements can be compared line by line.
func WriteMeasured(w io.Writer, m Measured) error {
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return fmt.Errorf("encode measured clients: %w", err)
	}
	if _, err := w.Write(append(text, '\n')); err != nil {
		return fmt.Errorf("write measured clients: %w", err)
	}
	return nil
}
