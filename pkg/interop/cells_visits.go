//go:build interop

package interop

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"btkit/pkg/client"
)

func againCellName(pause time.Duration) string {
	return fmt.Sprintf("revisit_%vs_accepted", pause.Seconds())
}

// againCell is whether visits after a pause gave readings.
func (m *Matrix) againCell(r *row, pause time.Duration) client.Cell {
	if r.dialOnly {
		return unmeasured(notDialled)
	}
	name := fmt.Sprintf("visit-again%v-row%d", pause.Seconds(), r.place)
	visits := m.of(r, "visit", name)
	var accepted []heard
	for _, h := range visits {
		if h.accepted() {
			accepted = append(accepted, h)
		}
	}
	if len(accepted) == 0 {
		return unmeasured("the first visit gave no reading")
	}
	want := m.visitsAgain(pause)
	return client.Cell{Value: len(accepted) == want, N: want - 1,
		Note: fmt.Sprintf("%d of %d visits gave a reading, %d connections", len(accepted), want, len(visits))}
}

// holdCell is how long r held a visitor that asked for nothing.
func (m *Matrix) holdCell(r *row) client.Cell {
	for _, h := range m.of(r, "visit", "visit-hold", "visit-outhold") {
		if h.accepted() {
			took := time.Duration(h.TookMS * float64(time.Millisecond))
			if h.Outcome == "ok" {
				return client.Cell{Value: seconds(took), Unit: "s", N: 1, AtLeast: true, Note: "then we ended it"}
			}
			return client.Cell{Value: seconds(took), Unit: "s", N: 1, Note: "then it " + h.Outcome}
		}
	}
	return unmeasured("no conversation was held")
}

// crossingCell is how long after r's own report we knew of its crossing.
func (m *Matrix) crossingCell(r *row) client.Cell {
	reports, _ := m.history.of(r.Client, m.torrents["grow"])
	above := slices.IndexFunc(reports, func(s Status) bool { return s.Have >= m.torrents["grow"].Need })
	if above < 1 {
		return unmeasured("it did not cross within %v", growsCap)
	}
	h, ok := crossing(m.of(r, "progress", "visit-grow"))
	if !ok {
		return unmeasured("no reading above the threshold within %v", growsCap)
	}
	reported, before := reports[above], reports[above-1]
	late, note := h.TS.Sub(reported.Answered), "heard in a conversation opened by "+opener(h.Direction)
	if late < 0 {
		note += ", sooner than its own interface told it"
	}
	return client.Cell{Value: seconds(late), Unit: "s", N: 1, Error: seconds(reported.Answered.Sub(before.Asked)), Note: note}
}

// opener says who opened a conversation.
func opener(direction string) string {
	if direction == "in" {
		return "it"
	}
	return "us"
}

// backCell is how long after the end of our conversation r dials us, and how
// long after the end of each conversation that it opened then.
func (m *Matrix) backCell(r *row) client.Cell {
	visits := m.of(r, "visit", "visit-back", "visit-outback")
	slices.SortFunc(visits, func(a, b heard) int { return a.TS.Compare(b.TS) })
	var last time.Time
	var gaps []time.Duration
	for _, h := range visits {
		if h.Direction == "in" && !last.IsZero() {
			gaps = append(gaps, h.began().Sub(last))
		}
		if h.accepted() {
			last = h.TS
		}
	}
	if last.IsZero() {
		return unmeasured("no conversation to come back to")
	}
	if len(gaps) == 0 {
		return client.Cell{N: 0, Note: fmt.Sprintf("did not dial within %.0f s", m.waitsCap().Seconds())}
	}
	return client.Cell{Value: seconds(gaps[0]), Unit: "s", N: len(gaps), Note: laterGaps(gaps[1:])}
}

// fewGaps is how many gaps are told one by one.
const fewGaps = 6

// laterGaps tells how long after each further conversation it dialled.
func laterGaps(gaps []time.Duration) string {
	if len(gaps) == 0 {
		return "not again within this run"
	}
	if len(gaps) > fewGaps {
		return fmt.Sprintf("%.1f to %.1f s after the %d conversations that followed", slices.Min(gaps).Seconds(), slices.Max(gaps).Seconds(), len(gaps))
	}
	var told []string
	for _, gap := range gaps {
		told = append(told, fmt.Sprintf("%.1f", gap.Seconds()))
	}
	return strings.Join(told, ", ") + " s after the conversations that followed"
}
