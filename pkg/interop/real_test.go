//go:build interop

package interop

import "testing"

// The chain of all eight commands counts what real clients did, as they
// report it themselves: found through tracker and DHT, dialled and dialling.
func TestRealChain(t *testing.T) {
	t.Parallel()
	onStage(t, func(t *testing.T, stage *Stage) {
		m := measure(t, stage,
			`bt-meta swarm.torrent | bt-listen | bt-peers-tracker | bt-peers-dht | bt-probe | bt-geo | bt-confirm | bt-store --keep-ip out.db`,
			`SELECT (SELECT count(*) FROM download) = 2 AND (SELECT count(*) FROM visit WHERE direction = 'in' AND client LIKE 'libtorrent%') > 0`)
		endedWell(t, m)
		m.findOwners(t, false)
		readingsAreTrue(t, m)
		downloadsAreTrue(t, m)
		dialledBack(t, m)
		answersExamples(t, m, "no plugin")
		resolves(t, m, "tracker", "--no-dht", magnet(m.Torrent, trackerURLs(stage.Addr(placeTracker))))
	})
}

// The pipeline of one line does the same through the DHT alone, and keeps no
// address.
func TestRealPipeline(t *testing.T) {
	t.Parallel()
	onStage(t, func(t *testing.T, stage *Stage) {
		m := measure(t, stage,
			`bt-peers-dht swarm.torrent | bt-probe -j 64 | bt-confirm | bt-store out.db`,
			`SELECT count(*) = 2 FROM download`)
		endedWell(t, m)
		m.findOwners(t, true)
		readingsAreTrue(t, m)
		downloadsAreTrue(t, m)
		answersExamples(t, m, "no plugin", "no scrape")
		resolves(t, m, "DHT", magnet(m.Torrent, nil))
	})
}
