//go:build interop

package interop

import (
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"btkit/pkg/store"
)

// endedWell wants exit status 0 and an end record of every command, each to
// have read all that the one before it wrote, and no complaints: bt-store
// alone says in one line what it did.
func endedWell(t *testing.T, m *Measurement) {
	t.Helper()
	if !strings.HasPrefix(m.said, "bt-store: ") || strings.Count(m.said, "\n") != 1 {
		t.Errorf("the commands said %q to people, want one line of bt-store", m.said)
	}
	if want := slices.Repeat([]string{"0"}, len(m.commands)); !slices.Equal(m.statuses, want) {
		t.Errorf("got exit statuses %v of %v, want %v", m.statuses, m.commands, want)
	}
	ends, err := rows[endRow](m.Database, `SELECT * FROM "end" ORDER BY rowid`)
	if err != nil {
		t.Fatal(err)
	}
	var ended []string
	var written int64 // by the command before, its end record among it
	for _, e := range ends {
		t.Logf("%+v", e)
		ended = append(ended, e.By)
		if e.Seen != written || e.Rejected != 0 || e.Dropped != 0 {
			t.Errorf("got end record %+v, want %d records seen, none rejected or dropped", e, written)
		}
		written = e.Wrote + 1
	}
	if !slices.Equal(ended, m.commands) {
		t.Fatalf("got end records of %v, want of %v in this order", ended, m.commands)
	}
	if last := ends[len(ends)-1]; last.Wrote != last.Seen {
		t.Errorf("stored %d records of %d, want all", last.Wrote, last.Seen)
	}
}

// answersExamples has sqlite3 answer the queries of bt-store's man page. As
// many as there are reasons have nothing to say about this run.
func answersExamples(t *testing.T, m *Measurement, reasons ...string) {
	t.Helper()
	var silent []string
	for _, q := range store.Examples() {
		answer, err := m.ask(q.SQL, "-header")
		if err != nil {
			t.Error(err)
		}
		t.Logf("%s\n%s", q.Text, answer)
		if len(answer) == 0 {
			silent = append(silent, q.Text)
		}
	}
	if len(silent) != len(reasons) {
		t.Errorf("got no answer to %q, want answers to all but %d, for %q", silent, len(reasons), reasons)
	}
}

// magnet is the link to t with these trackers.
func magnet(t *Torrent, trackers []string) string {
	link := fmt.Sprintf("magnet:?xt=urn:btih:%x", t.InfoHash)
	for _, tracker := range trackers {
		link += "&tr=" + url.QueryEscape(tracker)
	}
	return link
}

// resolves has bt-meta make a .torrent file of a magnet link, with nothing to
// go by but the tracker or the DHT.
func resolves(t *testing.T, m *Measurement, by string, args ...string) {
	t.Helper()
	dir := filepath.Join(m.Dir, "resolved")
	cmd := exec.CommandContext(m.Stage.ctx, filepath.Join(binDir, "bt-meta"), append([]string{"--resolve", "-o", dir}, args...)...)
	cmd.Env = append(os.Environ(), m.settings(t)...)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("resolve %s: %v: %s", args, err, out)
	}
	path := filepath.Join(dir, fmt.Sprintf("%x.torrent", m.Torrent.InfoHash))
	hash, err := exec.CommandContext(m.Stage.ctx, debianPython, "-c", tellInfoHash, path).CombinedOutput()
	if want := fmt.Sprintf("%x\n", m.Torrent.InfoHash); err != nil || string(hash) != want {
		t.Errorf("libtorrent reads the info-hash %q (%v) in %s, want %q", hash, err, path, want)
	}
	t.Logf("resolved by the %s after %d questions", by, strings.Count(string(out), `"type":"request"`))
}

// tellInfoHash has libtorrent read a .torrent file.
const tellInfoHash = `import libtorrent, sys; print(libtorrent.torrent_info(sys.argv[1]).info_hash())`
