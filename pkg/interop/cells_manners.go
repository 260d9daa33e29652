//go:build interop

package interop

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"btkit/pkg/client"
)

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

// refusalCell is what became of a visitor when all slots were taken.
func (m *Matrix) refusalCell(r *row) client.Cell {
	if r.dialOnly {
		return unmeasured(notDialled)
	}
	visits := m.of(r, "visit", "visit-full", "visit-full-late")
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
	taken := "nothing"
	for _, h := range visits {
		if h.Reason != "" {
			taken = h.Reason
		}
	}
	return client.Cell{Value: strings.Join(ends, "; "), N: len(visits),
		Note: fmt.Sprintf("%d slots, %d other visitors held, %d of them dropped meanwhile; taken for %s", fullSlots, held, dropped, taken)}
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
		return m.stillComes(r)
	}
	for _, h := range m.of(r, "visit", "visit-last") {
		if h.accepted() {
			return client.Cell{Value: false, N: 1, Note: "it takes visitors from our address to the end"}
		}
	}
	return client.Cell{Value: true, N: 1, Note: "the last visit gave no reading"}
}

// stillComes is whether r, which can't be visited, dialled us to the end.
func (m *Matrix) stillComes(r *row) client.Cell {
	visits := m.of(r, "visit", m.outBackQuestion().name)
	n := 0
	for _, h := range visits {
		if h.accepted() {
			n++
		}
	}
	if n == 0 {
		return unmeasured("it never came")
	}
	late := m.waitsCap() / 2
	comes := visits[len(visits)-1].began().Sub(visits[0].began()) > late
	return client.Cell{Value: !comes, N: n, Note: fmt.Sprintf("it dialled us %d times", n)}
}

// slower is how much longer a visit may take at the end than at the start
// before we call it throttled; clients need up to four seconds now and then.
const slower = 5 * time.Second

// throttledCell compares the first visit that only read with the last one.
func (m *Matrix) throttledCell(r *row) client.Cell {
	if r.dialOnly {
		return unmeasured(notDialled)
	}
	var took []time.Duration
	for _, h := range m.of(r, "visit", m.againQuestion(r, 0).name, "visit-last") {
		if h.accepted() {
			took = append(took, time.Duration(h.TookMS*float64(time.Millisecond)))
		}
	}
	if len(took) < 2 {
		return unmeasured("fewer than two visits gave a reading")
	}
	first, last := took[0], took[len(took)-1]
	return client.Cell{Value: last > first+slower, N: 2, Note: fmt.Sprintf("a visit took %.1f s at the start, %.1f s at the end", first.Seconds(), last.Seconds())}
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
