//go:build interop

package interop

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"btkit/pkg/client"
)

// fillCells makes the cells of every row of what was heard and counted.
func (m *Matrix) fillCells() {
	for _, r := range m.Rows {
		r.set("reading_exact", m.readingCell(r))
		r.set("reading_behind_max_s", m.behindCell(r))
		for _, pause := range pauses {
			r.set(againCellName(pause), m.againCell(r, pause))
		}
		r.set("hold_s", m.holdCell(r))
		r.set("crossing_late_s", m.crossingCell(r))
		r.set("dial_back_s", m.backCell(r))
		r.set("spoken_when_dialled", m.spokenCell(r, "out"))
		r.set("spoken_when_dialling", m.spokenCell(r, "in"))
		r.set("refusal_when_full", m.refusalCell(r))
		r.set("banned", m.bannedCell(r))
		r.set("throttled", m.throttledCell(r))
		habits := m.habits(r)
		r.set("keep_alives_per_minute_max", m.budgetCell(r, habits.KeepAlives, func(t traffic) []time.Time { return t.keepAlives }))
		r.set("connections_per_minute_max", m.budgetCell(r, habits.Reconnects, func(t traffic) []time.Time { return t.opened }))
	}
}

// seconds rounds to a tenth; adding zero takes the sign of a rounded zero.
func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*10)/10 + 0 }

// unmeasured is a cell without a value.
func unmeasured(why string, arguments ...any) client.Cell {
	return client.Cell{Note: "not measured: " + fmt.Sprintf(why, arguments...)}
}

// notDialled is why much can't be asked of some.
const notDialled = "takes no connections"

// of gives the records of a kind about r in the answers to these questions.
func (m *Matrix) of(r *row, kind string, questions ...string) (all []heard) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, name := range questions {
		all = append(all, pick(m.answers[name], kind, r.Addr().Addr())...)
	}
	return all
}

// everything names all questions that were asked.
func (m *Matrix) everything() []string {
	m.mu.Lock()
	defer m.mu.Unlock()
	return slices.Sorted(maps.Keys(m.answers))
}

// readingCell compares the readings of the torrents that stay as they are
// with what r said of them.
func (m *Matrix) readingCell(r *row) client.Cell {
	wants := map[string]int{}
	for t, want := range r.wants {
		wants[fmt.Sprintf("%x", t.InfoHash)] = want
	}
	n := 0
	var wrong []string
	for _, h := range m.of(r, "progress", m.everything()...) {
		want, still := wants[h.InfoHash]
		if !still || !h.Settled {
			continue
		}
		n++
		if h.Have != want {
			wrong = append(wrong, fmt.Sprintf("%d for %d", h.Have, want))
		}
	}
	if n == 0 {
		return unmeasured("no reading")
	}
	return client.Cell{Value: len(wrong) == 0, N: n, Note: strings.Join(wrong, ", ")}
}

// behindCell is how far the readings of the download lagged behind what r
// reported; one that was ahead of it counts as wrong.
func (m *Matrix) behindCell(r *row) client.Cell {
	reports, _ := m.history.of(r.Client, m.torrents["grow"])
	worst, n := time.Duration(0), 0
	for _, h := range m.of(r, "progress", "visit-grow") {
		if !h.Settled {
			continue
		}
		n++
		for _, s := range reports {
			if s.Have > h.Have {
				worst = max(worst, h.TS.Sub(s.Answered))
				break
			}
		}
	}
	if n == 0 {
		return unmeasured("no reading of the download")
	}
	return client.Cell{Value: seconds(worst), Unit: "s", N: n, Error: seconds(watchEvery)}
}

// reportDelay is how old a client's own report may be: qBittorrent and Deluge
// look at their sessions every second or two.
const reportDelay = 2500 * time.Millisecond

// ahead are the readings of the download that claim more than r had.
func (m *Matrix) ahead(r *row) (wrong []string) {
	for _, h := range m.of(r, "progress", "visit-grow") {
		_, most := m.history.between(r.Client, m.torrents["grow"], h.TS, h.TS.Add(reportDelay))
		if h.Have > most {
			wrong = append(wrong, fmt.Sprintf("%d for %d", h.Have, most))
		}
	}
	return wrong
}

// measured is the whole table.
func (m *Matrix) measured() (all client.Measured) {
	for _, r := range m.Rows {
		all.Clients = append(all.Clients, client.MeasuredClient{
			Family: r.family, Name: r.program, Version: r.version, Variant: r.variant, Cells: r.cells,
		})
	}
	return all
}

// cellNames are the names of r's cells in order.
func cellNames(r *row) []string { return slices.Sorted(maps.Keys(r.cells)) }
