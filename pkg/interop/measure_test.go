//go:build interop

package interop

import (
	"fmt"
	"net/netip"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"btkit/pkg/geo/geotest"
)

// stragglers is how long a pipeline may go on after the last leecher has
// finished, for what is still expected of it.
const stragglers = 90 * time.Second

// Measurement is a swarm and the database of a pipeline that ran beside it,
// from before the leechers joined until both had finished.
type Measurement struct {
	*Swarm
	Database
	// Names of the pipeline's commands, and the exit status of each.
	commands, statuses []string
	// What the commands said to people.
	said     string
	start    time.Time
	leechers []Client
	// The clients, by what stands for their addresses in the database.
	owners map[string]Client
}

// measure runs a pipeline until both leechers have finished and the database
// answers the question enough with 1, then interrupts it.
func measure(t *testing.T, stage *Stage, pipeline, enough string) *Measurement {
	t.Helper()
	m := &Measurement{Swarm: newSwarm(t, stage), commands: commandsOf(pipeline), start: time.Now()}
	m.Database = Database(filepath.Join(m.Dir, "out.db"))
	line, err := startLine(m.Dir, pipeline, m.settings(t))
	if err != nil {
		t.Fatal(err)
	}
	defer line.stop()
	m.leechers = m.addLeechers(t)
	for _, c := range m.leechers {
		m.await(t, c.Name()+" to finish", func() (bool, error) {
			_, crossed := m.history.crossed(c, m.Torrent)
			_, err := m.history.of(c, m.Torrent)
			return crossed, err
		})
	}
	limit := time.Now().Add(stragglers)
	m.await(t, "the database to know enough", func() (bool, error) {
		answer, err := m.ask(enough)
		return string(answer) == "1\n" || time.Now().After(limit), err
	})
	if m.statuses, err = line.interrupt(); err != nil {
		t.Fatal(err)
	}
	m.said = line.lastWords()
	return m
}

// settings are those of a closed network: its nodes, its addresses, and no
// patience, since it is all ours and lives for two minutes only.
func (s *Swarm) settings(t *testing.T) []string {
	t.Helper()
	var nodes []string
	for _, node := range s.Bootstrap {
		nodes = append(nodes, node.String())
	}
	places := filepath.Join(s.Dir, "places")
	if err := geotest.Write(places); err != nil {
		t.Fatal(err)
	}
	stage := geotest.Entry{Network: "198.18.0.0/15", Value: geotest.Cities()[0].Value}
	err := geotest.WriteDatabase(filepath.Join(places, geotest.CityFile), "GeoLite2-City", append(geotest.Cities(), stage))
	if err != nil {
		t.Fatal(err)
	}
	return []string{
		"BT_ALLOW_PRIVATE=1", "BT_BOOTSTRAP=" + strings.Join(nodes, ","), "BT_GEOIP=" + places,
		"BT_TRACKER_EVERY=5s", "BT_TRACKER_IMPATIENT=1", "BT_DHT_EVERY=10s", "BT_IMPATIENT=1",
	}
}

// commandsOf names the commands of a pipeline.
func commandsOf(pipeline string) (names []string) {
	for _, command := range strings.Split(pipeline, "|") {
		names = append(names, strings.Fields(command)[0])
	}
	return names
}

// findOwners tells which client is meant by which address, or by which hash of
// an address when the database keeps hashes.
func (m *Measurement) findOwners(t *testing.T, hashed bool) {
	t.Helper()
	first, err := rows[progressRow](m.Database, "SELECT *, min(ts) FROM progress GROUP BY ip")
	if err != nil {
		t.Fatal(err)
	}
	m.owners = map[string]Client{}
	names := map[string]string{}
	for _, r := range first {
		_, notAddress := netip.ParseAddr(r.IP)
		if hashed != (notAddress != nil) {
			t.Errorf("got %q for an address, want one that is hashed: %v", r.IP, hashed)
		}
		names[r.IP] = nameOf(r)
	}
	for _, c := range m.Clients {
		for ip, name := range names {
			if ip == c.Addr().Addr().String() || hashed && name == c.Name() {
				m.owners[ip] = c
			}
		}
	}
	if len(m.owners) != len(m.Clients) || len(names) != len(m.Clients) {
		t.Fatalf("got readings of %v, want one name for each of the %d clients", names, len(m.Clients))
	}
}

var clientFamily = regexp.MustCompile(`^[a-z]+`)

// nameOf is the name in this swarm of a client with this first reading.
func nameOf(r progressRow) string {
	role := "leecher"
	if r.Complete == 1 {
		role = "seed"
	}
	return fmt.Sprintf("%s-%s", clientFamily.FindString(strings.ToLower(r.Client)), role)
}
