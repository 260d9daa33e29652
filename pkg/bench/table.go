//go:build linux

package main

import (
	"fmt"
	"io"
	"text/tabwriter"
)

// line is one comparison, as text.
type line struct {
	what, ours, other, ratio, byCPU, aim string
}

// table is all that was compared.
type table []line

func (t table) print(w io.Writer) error {
	tabs := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, l := range append(table{{"what", "ours", "other", "ratio (min..max)", "by CPU", "aim"}}, t...) {
		if _, err := fmt.Fprintf(tabs, "%s\t%s\t%s\t%s\t%s\t%s\n", l.what, l.ours, l.other, l.ratio, l.byCPU, l.aim); err != nil {
			return fmt.Errorf("print table: %w", err)
		}
	}
	return tabs.Flush()
}

// rates compares two by what they do in a second.
func rates(what string, ours, other []sample, aim string) line {
	mine, theirs := each(ours, sample.perSecond), each(other, sample.perSecond)
	byCPU := each(ours, sample.perCPUSecond).over(each(other, sample.perCPUSecond))
	return line{what, rate(mine), rate(theirs), mine.over(theirs).span(), byCPU.span(), aim}
}

func rate(f figures) string { return fmt.Sprintf("%.0f/s", f.median()) }
