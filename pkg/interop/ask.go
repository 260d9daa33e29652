//go:build interop

package interop

import (
	"encoding/json"
	"fmt"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// question is one run of the toolkit's commands against some rows, on a
// torrent and from an address of its own.
type question struct {
	// Name of its folder.
	name string
	// Torrent, and place of its address.
	torrent string
	place   byte
	// Whether it announces itself to a tracker. That sees the address that the
	// kernel picks, so the IPv4 address is Home then; the port tells them apart.
	announced bool
	rows      []*row
	// Pipeline, run in that folder; see line.
	pipeline string
}

// holdsCap is how long a conversation is held at most, to see who ends it.
func (m *Matrix) holdsCap() time.Duration {
	if m.Long {
		return 25 * time.Minute
	}
	return 150 * time.Second
}

// waitsCap is how long we wait to be dialled back.
func (m *Matrix) waitsCap() time.Duration {
	if m.Long {
		return 25 * time.Minute
	}
	return 300 * time.Second
}

// dialled are the rows that can be dialled.
func (m *Matrix) dialled() (some []*row) {
	for _, r := range m.Rows {
		if !r.dialOnly {
			some = append(some, r)
		}
	}
	return some
}

// dialling are the rows that can't.
func (m *Matrix) dialling() (some []*row) {
	for _, r := range m.Rows {
		if r.dialOnly {
			some = append(some, r)
		}
	}
	return some
}

// outcomes is where a question's records lie.
func (m *Matrix) outcomes(q question) string { return filepath.Join(m.Dir, q.name, "out.ndjson") }

// addrs are the addresses of a question's visitors.
func (m *Matrix) addrs(q question) []netip.Addr {
	if q.announced {
		return []netip.Addr{m.Stage.Home(), m.Stage.addr6(q.place)}
	}
	return []netip.Addr{m.Stage.Addr(q.place), m.Stage.addr6(q.place)}
}

// line spells a pipeline out: BIND, LISTEN and TORRENT stand for this
// question's addresses and torrent. It reads the peers and writes records.
func (m *Matrix) line(q question) string {
	var bind, listen []string
	for _, ip := range m.addrs(q) {
		bind = append(bind, "--bind "+ip.String())
		listen = append(listen, fmt.Sprintf("--address '%s'", netip.AddrPortFrom(ip, visitorPort+uint16(q.place))))
	}
	return strings.NewReplacer(
		"BIND", strings.Join(bind, " "), "LISTEN", strings.Join(listen, " "), "TORRENT", "../"+q.torrent+".torrent -",
	).Replace("set -o pipefail; { " + q.pipeline + " ; } < in.ndjson > out.ndjson")
}

// visitorPort and those above are where visitors listen, not at peerPort, so
// that nobody takes them for clients.
const visitorPort = 6881

// begin starts a question.
func (m *Matrix) begin(q question) (*Line, error) {
	dir := filepath.Join(m.Dir, q.name)
	if err := makeDir(dir, map[string]string{"in.ndjson": m.peers(q)}); err != nil {
		return nil, err
	}
	for _, ip := range m.addrs(q) {
		if err := m.Stage.raise6(ip); err != nil {
			return nil, err
		}
	}
	return startLine(dir, m.line(q), []string{"BT_ALLOW_PRIVATE=1", "BT_TRACKER_EVERY=5s", "BT_TRACKER_IMPATIENT=1"})
}

// peers are the records that name the rows of q.
func (m *Matrix) peers(q question) string {
	var lines strings.Builder
	encoder := json.NewEncoder(&lines)
	for i, r := range q.rows {
		encoder.Encode(map[string]any{
			"type": "peer", "v": 1, "ts": time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"), "by": "interop", "run": "00000000", "seq": i + 1,
			"infohash": fmt.Sprintf("%x", m.torrents[q.torrent].InfoHash), "ip": r.Addr().Addr(), "port": r.Addr().Port(), "source": "file",
		})
	}
	return lines.String()
}

// ask runs a question to its end and gives the records.
func (m *Matrix) ask(q question) ([]heard, error) {
	l, err := m.begin(q)
	if err != nil {
		return nil, err
	}
	defer l.stop()
	select {
	case <-l.done:
	case <-m.Stage.ctx.Done():
		return nil, fmt.Errorf("%s: %w", q.name, m.Stage.ctx.Err())
	}
	if text, err := os.ReadFile(l.statuses); err != nil || strings.Trim(string(text), "0 \n") != "" {
		return nil, fmt.Errorf("%s: exit statuses %q (%v): %s", q.name, text, err, l.lastWords())
	}
	return readHeard(m.outcomes(q))
}
