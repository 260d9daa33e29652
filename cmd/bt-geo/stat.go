package main

import (
	"fmt"

	"btkit/pkg/geo"
	"btkit/pkg/record"
)

// status is what the progress line says.
func status(f *geo.Filter) string {
	text := fmt.Sprintf("%d marked", f.Marked())
	if f.Names != nil {
		text += fmt.Sprintf(", %d names to ask for", f.Names.Pending())
	}
	return text
}

// stat is what the stat record says.
func stat(f *geo.Filter) *record.Stat {
	st := &record.Stat{OK: record.Int(f.Marked())}
	if f.Names != nil {
		st.Queue = record.Int(int64(f.Names.Pending()))
	}
	return st
}
