//go:build interop

package interop

import (
	"testing"
	"time"
)

// crossingLimit is how long after a client's own report its crossing may be
// confirmed at the latest.
const crossingLimit = 10 * time.Second

// lateness is how long after a piece a client announces it, at most.
// Transmission collects announcements for up to 10 s before it sends them;
// the rest is for two busy cores.
func lateness(c Client) time.Duration {
	if _, ok := c.(*transmission); ok {
		return crossingLimit + 2*time.Second
	}
	return 2 * time.Second
}

// freshness is how long before its first settled reading a client stated its
// pieces, at most: it has settled after 3 s of silence.
const freshness = 5 * time.Second

// readingsAreTrue compares every reading with what the client reported of
// itself before and after.
func readingsAreTrue(t *testing.T, m *Measurement) {
	t.Helper()
	all, err := rows[progressRow](m.Database, "SELECT * FROM progress ORDER BY ts, seq")
	if err != nil {
		t.Fatal(err)
	}
	count := map[string]int{}
	for _, r := range all {
		c := m.owners[r.IP]
		late := lateness(c)
		switch {
		case r.Complete == 1:
			late = 0
		case count[c.Name()] == 0:
			late = min(late, freshness)
		}
		count[c.Name()]++
		readingIsTrue(t, m, c, r, late)
	}
	for _, c := range m.leechers {
		if count[c.Name()] < 2 {
			t.Errorf("%s: got %d readings, want a first and a last one", c.Name(), count[c.Name()])
		}
	}
}

// readingIsTrue compares one reading that may be late.
func readingIsTrue(t *testing.T, m *Measurement, c Client, r progressRow, late time.Duration) {
	t.Helper()
	least, most := m.history.between(c, m.Torrent, r.TS.Add(-late), r.TS)
	t.Logf("%s: %d of %d pieces at %s (%s, %s), %d to %d by its interface",
		c.Name(), r.Have, r.Pieces, clock(m.start, r.TS), r.Direction, r.How, least, most)
	if r.Have < least || r.Have > most {
		t.Errorf("%s: got a reading of %d pieces, want %d to %d as its interface says", c.Name(), r.Have, least, most)
	}
	if r.Pieces != m.Torrent.Pieces || r.Need != m.Torrent.Need || r.Settled != 1 {
		t.Errorf("%s: got reading %+v, want a settled one of %d pieces, %d at the threshold", c.Name(), r, m.Torrent.Pieces, m.Torrent.Need)
	}
}

// downloadsAreTrue wants one confirmed download of each leecher, soon after
// its own report, and none of anybody else; the seeds count as found complete.
func downloadsAreTrue(t *testing.T, m *Measurement) {
	t.Helper()
	all, err := rows[downloadRow](m.Database, "SELECT * FROM download")
	if err != nil {
		t.Fatal(err)
	}
	confirmed := map[string][]downloadRow{}
	for _, d := range all {
		confirmed[m.owners[d.IP].Name()] = append(confirmed[m.owners[d.IP].Name()], d)
	}
	for _, c := range m.leechers {
		if len(confirmed[c.Name()]) != 1 {
			t.Errorf("%s: confirmed %d times, want once", c.Name(), len(confirmed[c.Name()]))
			continue
		}
		confirmedInTime(t, m, c, confirmed[c.Name()][0])
		delete(confirmed, c.Name())
	}
	for name, false := range confirmed {
		t.Errorf("%s: falsely confirmed: %+v", name, false)
	}
	tallies, err := rows[tallyRow](m.Database, "SELECT * FROM tally ORDER BY ts DESC LIMIT 1")
	if err != nil {
		t.Fatal(err)
	}
	want := tallyRow{Peers: len(m.Clients), Confirmed: len(m.leechers), FirstComplete: len(m.Clients) - len(m.leechers)}
	if len(tallies) != 1 || tallies[0] != want {
		t.Errorf("got the last tally %+v, want %+v", tallies, want)
	}
}

// confirmedInTime compares a confirmation with the client's own report.
func confirmedInTime(t *testing.T, m *Measurement, c Client, d downloadRow) {
	t.Helper()
	reported, ok := m.history.crossed(c, m.Torrent)
	if !ok {
		t.Errorf("%s: its interface never reported the crossing", c.Name())
	}
	delay, limit := d.AboveTS.Sub(reported), max(crossingLimit, lateness(c))
	t.Logf("%s: confirmed %.1f s after its own report at %s, between readings of %d and %d pieces %.1f s apart, direction %q, identity %q",
		c.Name(), delay.Seconds(), clock(m.start, reported), d.BelowHave, d.AboveHave, d.AboveTS.Sub(d.BelowTS).Seconds(), d.Direction, d.Identity)
	if delay > limit {
		t.Errorf("%s: confirmed %v after its own report, want %v at most", c.Name(), delay, limit)
	}
	if d.BelowHave >= d.Need || d.AboveHave < d.Need || d.Need != m.Torrent.Need {
		t.Errorf("%s: got %+v, want readings on both sides of %d pieces", c.Name(), d, m.Torrent.Need)
	}
}

// dialledBack wants a libtorrent client among those that dialled us, and
// ourselves at most once: other peers may name our listener to us.
func dialledBack(t *testing.T, m *Measurement) {
	t.Helper()
	visits, err := rows[visitRow](m.Database, "SELECT * FROM visit WHERE direction = 'in' AND outcome <> 'self' ORDER BY ts")
	if err != nil {
		t.Fatal(err)
	}
	dialled := 0
	for _, v := range visits {
		c := m.owners[v.IP]
		if c == nil {
			t.Errorf("dialled by a stranger: %+v", v)
			continue
		}
		began := v.TS.Add(-time.Duration(v.TookMS * float64(time.Millisecond)))
		t.Logf("%s: dialled us at %s, stayed %.1f s, ended %s at stage %s", c.Name(), clock(m.start, began), v.TookMS/1000, v.Outcome, v.Stage)
		if _, ok := c.(*libtorrent); ok {
			dialled++
		}
	}
	if dialled == 0 {
		t.Error("no libtorrent client dialled us, want one at least")
	}
	ourselves := "SELECT count(*) < 2 FROM visit WHERE direction = 'out' AND ip = '" + m.Stage.Home().String() + "'"
	if once, err := m.ask(ourselves); err != nil || string(once) != "1\n" {
		t.Errorf("dialled ourselves again (%v), want once at most", err)
	}
}
