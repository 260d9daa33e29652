//go:build interop

package interop

import (
	"os"
	"testing"
	"time"

	"btkit/pkg/client"
)

// Every client of the matrix is read exactly, takes us again and again, bans
// nobody, and is asked no more than its program bears. BT_INTEROP_LONG=1 runs
// out the times that are capped else; BT_MATRIX_WRITE=1 writes the file from
// which bt-clients(7) is made.
func TestMatrix(t *testing.T) {
	t.Parallel()
	onStage(t, func(t *testing.T, stage *Stage) {
		if !stage.Namespace {
			t.Skip("the clients need addresses of their own in a network namespace, which this system does not allow")
		}
		m := newMatrix(t, stage)
		m.Long = os.Getenv("BT_INTEROP_LONG") != ""
		untap, err := m.tapping()
		if err != nil {
			t.Fatal(err)
		}
		if err := m.interview(); err != nil {
			t.Error(err)
		}
		untap()
		for _, r := range m.Rows {
			if err := r.stayed(stage.ctx); err != nil {
				t.Error(err)
			}
		}
		m.fillCells()
		for _, r := range m.Rows {
			tellRow(t, m, r)
		}
		for _, r := range m.Rows {
			rowHolds(t, m, r)
		}
		if os.Getenv("BT_MATRIX_WRITE") != "" && !t.Failed() {
			writeMeasured(t, m)
		}
	})
}

// tellRow logs the cells of r, and the visits that they are made of.
func tellRow(t *testing.T, m *Matrix, r *row) {
	t.Helper()
	for _, q := range m.everything() {
		for _, h := range m.of(r, "visit", q) {
			t.Logf("%s, %s: %s to %s, %s, %s, %s at %s %s %.2f, %d bytes, %q %v", r.name(), q, clock(m.start, h.began()), clock(m.start, h.TS),
				h.Direction, h.how(), h.Outcome, h.Stage, h.Reason, h.ReasonSure, h.RxBytes, h.Client, h.Oddities)
		}
	}
	for _, name := range cellNames(r) {
		t.Logf("%s: %s %+v", r.name(), name, r.cells[name])
	}
}

// rowHolds wants of r what must hold of every client.
func rowHolds(t *testing.T, m *Matrix, r *row) {
	t.Helper()
	habits := m.habits(r)
	if habits.Name != r.family {
		t.Errorf("%s: the table takes it for %q, want %q", r.name(), habits.Name, r.family)
	}
	want := map[string]any{"reading_exact": true, "banned": false}
	if !r.dialOnly {
		for _, pause := range pauses {
			want[againCellName(pause)] = true
		}
	}
	for name, value := range want {
		if got := r.cells[name]; got.Value != value {
			t.Errorf("%s: got %s %v (%s), want %v", r.name(), name, got.Value, got.Note, value)
		}
	}
	if wrong := m.ahead(r); len(wrong) > 0 {
		t.Errorf("%s: got readings %v, want none of more than it had", r.name(), wrong)
	}
	for _, name := range []string{"hold_s", "crossing_late_s", "reading_behind_max_s"} {
		if r.cells[name].Value == nil {
			t.Errorf("%s: got no %s (%s), want one", r.name(), name, r.cells[name].Note)
		}
	}
	if slow := r.cells["throttled"]; slow.Value == true {
		t.Errorf("%s: it throttles us: %s", r.name(), slow.Note)
	}
	seenInTime(t, r, habits)
	budgetsKept(t, r, habits)
	spoken(t, r)
}

// seenInTime wants crossings to be seen no later than the client tells of them,
// with some seconds for a loaded machine; of one that cannot be visited, no
// later than it comes again.
func seenInTime(t *testing.T, r *row, habits *client.Habits) {
	t.Helper()
	most := habits.HaveDelay + 20*time.Second
	if after, ok := habits.ComesBack(); r.dialOnly && ok {
		most += after
	}
	if late, ok := r.cells["crossing_late_s"].Value.(float64); ok && late > most.Seconds() {
		t.Errorf("%s: got a crossing seen %v s late, want %v at most", r.name(), late, most)
	}
}

// What a client bears that is not known to count: the strictest known limit on
// keep-alives (BiglyBT), and the connections of one round of bt-probe.
const (
	usualKeepAlives  = 6
	usualConnections = 3
)

// budgetsKept wants no more keep-alives and connections in any minute than
// the table allows, or than is usual.
func budgetsKept(t *testing.T, r *row, habits *client.Habits) {
	t.Helper()
	for name, limit := range map[string]int{"keep_alives_per_minute_max": habits.KeepAlives, "connections_per_minute_max": habits.Reconnects} {
		if limit == 0 {
			limit = map[string]int{"keep_alives_per_minute_max": usualKeepAlives, "connections_per_minute_max": usualConnections}[name]
		}
		if got := r.cells[name].Value.(float64); got > float64(limit) {
			t.Errorf("%s: got %s %v, want %d at most", r.name(), name, got, limit)
		}
	}
}

// spoken wants those who insist on encryption or uTP to have got it, and
// everybody to have been spoken to.
func spoken(t *testing.T, r *row) {
	t.Helper()
	for _, name := range []string{"spoken_when_dialled", "spoken_when_dialling"} {
		ways, _ := r.cells[name].Value.(string)
		if ways == "" && name == "spoken_when_dialled" && !r.dialOnly {
			t.Errorf("%s: got no conversation, want one", r.name())
		}
		for _, way := range splitWays(ways) {
			if r.choices.Encrypted && way.crypto == "plain" || r.choices.NoTCP && way.transport == "tcp" {
				t.Errorf("%s: got %s %+v, want what it insists on", r.name(), name, way)
			}
		}
	}
}

// writeMeasured keeps the table for the page.
func writeMeasured(t *testing.T, m *Matrix) {
	t.Helper()
	file, err := os.Create(measuredFile())
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	if err := client.WriteMeasured(file, m.measured()); err != nil {
		t.Error(err)
	}
	t.Logf("wrote %s after %s", measuredFile(), clock(m.start, time.Now()))
}
