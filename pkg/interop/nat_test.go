//go:build interop

package interop

import (
	"fmt"
	"net"
	"net/netip"
	"path/filepath"
	"testing"
	"time"

	"btkit/pkg/outcome"
)

// placePublic is the place on the stage of a client that everybody can dial.
const placePublic = placeMatrixSeed

// hidden is a swarm of a public client and one behind a NAT.
type hidden struct {
	*Swarm
	nat    *nat
	public Client
	// The one behind the NAT; its Addr is what it thinks, natHome.
	home Client
}

// newHidden starts tracker and NAT, no clients yet.
func newHidden(t *testing.T, stage *Stage, size int) *hidden {
	t.Helper()
	if !stage.Namespace {
		t.Skip("a NAT needs network namespaces, which this system does not allow")
	}
	h := &hidden{Swarm: &Swarm{Stage: stage, Dir: tempDir(t), history: newHistory()}}
	tracker := stage.Addr(placeTracker)
	var err error
	if h.Torrent, err = newTorrent(h.Dir, "swarm", 2, size, matrixPieceSize, trackerURLs(tracker)); err != nil {
		t.Fatal(err)
	}
	if h.Tracker, err = startTracker(stage.ctx, filepath.Join(h.Dir, "opentracker"), tracker, []*Torrent{h.Torrent}); err != nil {
		t.Fatal(err)
	}
	h.watch()
	t.Cleanup(h.end)
	if h.nat, err = newNAT(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(h.nat.close)
	return h
}

// startHome starts a libtorrent behind the NAT.
func (h *hidden) startHome(t *testing.T, choices Choices) {
	t.Helper()
	err := h.nat.home.do(func() (err error) {
		h.home, err = startLibtorrent(h.Stage.ctx, filepath.Join(h.Dir, "home"), "home", netip.AddrPortFrom(natHome, peerPort), nil, choices)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	h.Clients = append(h.Clients, h.home)
}

// cannotBeDialled wants nobody to get through to the one behind the NAT.
func cannotBeDialled(t *testing.T) {
	t.Helper()
	conn, err := net.DialTimeout("tcp", netip.AddrPortFrom(natOutside, peerPort).String(), 3*time.Second)
	if err == nil {
		conn.Close()
	}
	if got := outcome.Of(err); got != outcome.Timeout {
		t.Errorf("dialling through the NAT: got %q (%v), want %q", got, err, outcome.Timeout)
	}
}

// A client behind a NAT is read, and its crossing is confirmed: the tracker
// tells it of our listener, and it dials.
func TestBehindNAT(t *testing.T) {
	t.Parallel()
	onStage(t, func(t *testing.T, stage *Stage) {
		h := newHidden(t, stage, growBytes)
		h.public = h.join(t, member{start: startLibtorrent, name: "public", place: placePublic, seed: true, choices: Choices{NoDHT: true}})
		line, err := startLine(h.Dir, fmt.Sprintf("bt-listen -q --address %s:%d swarm.torrent | bt-peers-tracker -q | bt-probe -q"+
			" | tee out.ndjson | bt-confirm -q | bt-store -q --keep-ip out.db", stage.Home(), visitorPort), toOurselves)
		if err != nil {
			t.Fatal(err)
		}
		defer line.stop()
		h.startHome(t, Choices{NoDHT: true, Down: growRate})
		if err := h.home.Add(stage.ctx, h.Torrent, filepath.Join(h.Dir, "home")); err != nil {
			t.Fatal(err)
		}
		h.history.follow(h.home, h.Torrent)
		cannotBeDialled(t)
		db := Database(filepath.Join(h.Dir, "out.db"))
		limit := time.Now().Add(natPatience)
		h.await(t, "its download to be confirmed", func() (bool, error) {
			answer, _ := db.ask("SELECT count(*) FROM download") // no table at first
			return string(answer) == "1\n" || time.Now().After(limit), nil
		})
		if statuses, err := line.interrupt(); err != nil {
			t.Fatalf("%v: %v", statuses, err)
		}
		confirmedBehindNAT(t, h, db)
	})
}

// toOurselves are the settings of a network that is all ours.
var toOurselves = []string{"BT_ALLOW_PRIVATE=1", "BT_TRACKER_EVERY=5s", "BT_TRACKER_IMPATIENT=1"}

// natPatience is how long a swarm with a NAT may take at most.
const natPatience = 4 * time.Minute

// confirmedBehindNAT compares the download with the client's own report. Every
// reading must be from a conversation that the client opened.
func confirmedBehindNAT(t *testing.T, h *hidden, db Database) {
	t.Helper()
	reported, ok := h.history.crossed(h.home, h.Torrent)
	if !ok {
		t.Fatal("its interface never reported the crossing")
	}
	all, err := rows[downloadRow](db, "SELECT * FROM download")
	if err != nil {
		t.Fatal(err)
	}
	if len(all) != 1 || all[0].IP != natOutside.String() {
		t.Fatalf("got downloads %+v, want one of %s", all, natOutside)
	}
	delay := all[0].AboveTS.Sub(reported)
	t.Logf("confirmed %.1f s after its own report, between readings of %d and %d of %d pieces, direction %q",
		delay.Seconds(), all[0].BelowHave, all[0].AboveHave, h.Torrent.Pieces, all[0].Direction)
	if delay > crossingLimit || all[0].BelowHave >= h.Torrent.Need {
		t.Errorf("got %+v, %v after its own report, want within %v and from below", all[0], delay, crossingLimit)
	}
	heardOnly(t, h, "in")
}

// heardOnly wants readings of the one behind the NAT, and all of them from
// conversations of this direction.
func heardOnly(t *testing.T, h *hidden, direction string) []heard {
	t.Helper()
	records, err := readHeard(filepath.Join(h.Dir, "out.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range pick(records, "visit", natOutside) {
		t.Logf("%s %s, %s, %s at %s, relay %q, %d pieces", v.Direction, v.how(), clock(records[0].TS, v.TS), v.Outcome, v.Stage, v.Relay, v.Have)
	}
	readings := pick(records, "progress", natOutside)
	if len(readings) == 0 {
		t.Error("got no reading of the client behind the NAT, want one")
	}
	for _, p := range readings {
		if p.Direction != direction {
			t.Errorf("got a reading by a conversation %q, want %q", p.Direction, direction)
		}
	}
	return readings
}

// A client behind a NAT that was never told of a listener of ours is reached
// by hole punching (BEP 55): a public client that both know introduces us.
func TestHolePunch(t *testing.T) {
	t.Parallel()
	onStage(t, func(t *testing.T, stage *Stage) {
		h := newHidden(t, stage, stillBytes)
		want := h.acquaint(t)
		cannotBeDialled(t)
		line, err := startLine(h.Dir, "bt-peers-tracker -q swarm.torrent | bt-probe -q > out.ndjson", toOurselves)
		if err != nil {
			t.Fatal(err)
		}
		defer line.stop()
		limit := time.Now().Add(natPatience)
		h.await(t, "a reading of the one behind the NAT", func() (bool, error) {
			records, err := readHeard(filepath.Join(h.Dir, "out.ndjson"))
			return err == nil && len(pick(records, "progress", natOutside)) > 0 || time.Now().After(limit), nil
		})
		if statuses, err := line.interrupt(); err != nil {
			t.Fatalf("%v: %v", statuses, err)
		}
		for _, p := range heardOnly(t, h, "out") {
			if p.Have != want {
				t.Errorf("got a reading of %d pieces, want %d as its interface says", p.Have, want)
			}
		}
		punched(t, h)
	})
}

// acquaint starts both clients with the same pieces, so that they stay as
// they are, and waits until the one behind the NAT has dialled the public one.
// It gives the number of pieces.
func (h *hidden) acquaint(t *testing.T) (want int) {
	t.Helper()
	h.public = h.join(t, member{start: startLibtorrent, name: "public", place: placePublic, empty: true, choices: Choices{NoDHT: true}})
	h.startHome(t, Choices{NoDHT: true})
	for _, c := range h.Clients {
		r := &row{program: c.Name(), place: placePublic, Client: c}
		var err error
		if want, err = r.have(h.Stage.ctx, h.Torrent, filepath.Join(h.Dir, c.Name())); err != nil {
			t.Fatal(err)
		}
		h.await(t, c.Name()+" to have checked its pieces", func() (bool, error) {
			status, err := c.Status(h.Stage.ctx, h.Torrent)
			return status.Have == want, err
		})
	}
	h.await(t, "the two to meet", func() (bool, error) {
		peers, err := h.public.Peers(h.Stage.ctx, h.Torrent)
		return len(peers) == 1, err
	})
	return want
}

// punched wants the conversation with the one behind the NAT to be over uTP
// and by the public client's introduction.
func punched(t *testing.T, h *hidden) {
	t.Helper()
	records, err := readHeard(filepath.Join(h.Dir, "out.ndjson"))
	if err != nil {
		t.Fatal(err)
	}
	for _, v := range pick(records, "visit", natOutside) {
		if v.accepted() && (v.Transport != "utp" || v.Relay != h.public.Addr().String()) {
			t.Errorf("got a conversation over %s by relay %q, want utp and %q", v.Transport, v.Relay, h.public.Addr())
		}
	}
}
