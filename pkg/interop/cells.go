//go:build interop

package interop

import (
	"context"
	"encoding/hex"
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
		habits := m.habits(r)
		r.set("keep_alives_per_minute_max", m.budgetCell(r, habits.KeepAlives, func(t traffic) []time.Time { return t.keepAlives }))
		r.set("connections_per_minute_max", m.budgetCell(r, habits.Reconnects, func(t traffic) []time.Time { return t.opened }))
	}
}

// seconds rounds to a tenth.
func seconds(d time.Duration) float64 { return math.Round(d.Seconds()*10) / 10 }

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
			return client.Cell{Value: seconds(took), Unit: "s", N: 1, AtLeast: h.Outcome == "ok"}
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
	return client.Cell{Value: seconds(h.TS.Sub(reported.Answered)), Unit: "s", N: 1,
		Error: seconds(reported.Answered.Sub(before.Asked)), Note: "heard in a conversation opened by " + opener(h.Direction)}
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
	var later []string
	for _, gap := range gaps[1:] {
		later = append(later, fmt.Sprintf("%.1f", gap.Seconds()))
	}
	return client.Cell{Value: seconds(gaps[0]), Unit: "s", N: len(gaps), Note: "after the conversations that followed: " + strings.Join(later, ", ")}
}

// spokenCell lists transports and encryption of all conversations that gave
// a reading.
func (m *Matrix) spokenCell(r *row, direction string) client.Cell {
	count := map[string]int{}
	n := 0
	for _, h := range m.of(r, "visit", m.everything()...) {
		if h.Direction == direction && h.accepted() {
			count[h.how()]++
			n++
		}
	}
	if n == 0 {
		return unmeasured("no such conversation")
	}
	return client.Cell{Value: strings.Join(slices.Sorted(maps.Keys(count)), ", "), N: n}
}

// refusalCell is what became of a visitor when all slots were taken.
func (m *Matrix) refusalCell(r *row) client.Cell {
	if r.dialOnly {
		return unmeasured(notDialled)
	}
	visits := m.of(r, "visit", "visit-full")
	if len(visits) == 0 {
		return unmeasured("not visited")
	}
	came, held, dropped := visits[0].began(), 0, 0
	for n := range fullFillers {
		for _, h := range m.of(r, "visit", fmt.Sprintf("visit-fill%d", n)) {
			if h.accepted() && h.began().Before(came) && h.TS.After(came) {
				held++
				if h.Outcome != "ok" && h.TS.Before(visits[len(visits)-1].TS) {
					dropped++
				}
			}
		}
	}
	var ends []string
	for _, h := range visits {
		end := fmt.Sprintf("%s: %s at stage %s after %d bytes", h.how(), h.Outcome, h.Stage, h.RxBytes)
		if !slices.Contains(ends, end) {
			ends = append(ends, end)
		}
	}
	last := visits[len(visits)-1]
	return client.Cell{Value: strings.Join(ends, "; "), N: len(visits),
		Note: fmt.Sprintf("%d slots, %d other visitors held, %d of them dropped meanwhile; taken for %q", fullSlots, held, dropped, last.Reason)}
}

// bannedCell is whether r still takes us at the end, and whether its own list
// of bans has us.
func (m *Matrix) bannedCell(r *row) client.Cell {
	if list, ok := r.Client.(interface {
		bans(context.Context) ([]string, error)
	}); ok {
		banned, err := list.bans(m.Stage.ctx)
		if err != nil {
			return unmeasured("%v", err)
		}
		if len(banned) > 0 {
			return client.Cell{Value: true, N: 1, Note: "its list of bans: " + strings.Join(banned, " ")}
		}
	}
	if r.dialOnly {
		return unmeasured(notDialled)
	}
	for _, h := range m.of(r, "visit", "visit-last") {
		if h.accepted() {
			return client.Cell{Value: false, N: 1, Note: "takes us after all"}
		}
	}
	return client.Cell{Value: true, N: 1, Note: "the last visit gave no reading"}
}

// budgetCell is the most of something in any minute that the ordinary chain,
// and those that hold and wait, sent to r, as counted on the wire; limit is
// what the table allows.
func (m *Matrix) budgetCell(r *row, limit int, of func(traffic) []time.Time) client.Cell {
	most, n, note := 0, 0, "no limit is known"
	if limit > 0 {
		note = fmt.Sprintf("limit %d", limit)
	}
	for _, q := range []question{m.growQuestion(), m.holdQuestion(), m.backQuestion()} {
		for _, from := range m.addrs(q) {
			times := of(m.wire.between(from, r.Addr().Addr()))
			most, n = max(most, mostPerMinute(times)), n+len(times)
		}
	}
	return client.Cell{Value: float64(most), Unit: "1/min", N: n, Note: note}
}

// habits are what the table says about the program of r, by its peer id.
func (m *Matrix) habits(r *row) *client.Habits {
	for _, h := range m.of(r, "visit", m.everything()...) {
		if raw, err := hex.DecodeString(h.PeerID); err == nil && len(raw) == 20 {
			return client.Of([20]byte(raw), h.Client)
		}
	}
	return client.Of([20]byte{}, "")
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

// way is a transport with its encryption.
type way struct{ transport, crypto string }

// splitWays reads the value of a cell "spoken".
func splitWays(value string) (all []way) {
	for _, spoken := range strings.Split(value, ", ") {
		if transport, crypto, ok := strings.Cut(spoken, " "); ok {
			all = append(all, way{transport, crypto})
		}
	}
	return all
}
