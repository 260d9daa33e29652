//go:build interop

package interop

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"testing"
	"time"
)

// The swarm itself: every client is found through the tracker, answers a
// plain handshake with the pieces that its own interface reports, streams
// HAVE while held, and dials an address that only the tracker told it.
func TestClients(t *testing.T) {
	t.Parallel()
	onStage(t, func(t *testing.T, stage *Stage) {
		swarm := newSwarm(t, stage)
		elsewhere := stage.Addr(placeProbe)
		listener, err := rawListen(elsewhere, swarm.Torrent)
		if err != nil {
			t.Fatal(err)
		}
		defer listener.close()
		start := time.Now()
		t.Logf("tracker answers %q", announce(t, swarm, elsewhere, listener.port()))
		leechers := swarm.addLeechers(t)
		held := map[string]*rawPeer{}
		for _, c := range swarm.Clients {
			held[c.Name()] = answersLikeItsInterface(t, swarm, c, listener.port())
		}
		knownInDHT(t, swarm, start)
		for _, c := range leechers {
			crossesWhileHeld(t, swarm, c, held[c.Name()], start)
		}
		for _, c := range swarm.Clients {
			held[c.Name()].close()
			t.Logf("%s: %s", c.Name(), held[c.Name()].story())
			tellVisits(t, c, listener, start)
		}
		for _, c := range leechers {
			if stage.venturesOut(c) && len(listener.from(c.Addr().Addr())) == 0 {
				t.Errorf("%s: never dialled the address that the tracker gave it", c.Name())
			}
		}
	})
}

// announce tells the tracker that ip listens on port, and returns its answer.
func announce(t *testing.T, swarm *Swarm, ip netip.Addr, port uint16) string {
	t.Helper()
	query := url.Values{"info_hash": {string(swarm.Torrent.InfoHash[:])}, "peer_id": {"-BK0000-rawlistener0"},
		"port": {fmt.Sprint(port)}, "uploaded": {"0"}, "downloaded": {"0"}, "left": {"1000"}, "compact": {"1"}, "event": {"started"}}
	dialer := &net.Dialer{LocalAddr: net.TCPAddrFromAddrPort(netip.AddrPortFrom(ip, 0))}
	client := http.Client{Transport: &http.Transport{DisableKeepAlives: true, DialContext: func(ctx context.Context, network, addr string) (net.Conn, error) {
		return dialer.DialContext(ctx, network, addr)
	}}}
	reply, err := client.Get(fmt.Sprintf("http://%s/announce?%s", swarm.Tracker.addr, query.Encode()))
	if err != nil {
		t.Fatal(err)
	}
	defer reply.Body.Close()
	body, err := io.ReadAll(io.LimitReader(reply.Body, 1<<16))
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// answersLikeItsInterface opens a conversation with c and compares its first
// reading with what c reports. A leecher gains pieces meanwhile: its reading
// must lie between the reports before and after.
func answersLikeItsInterface(t *testing.T, swarm *Swarm, c Client, port uint16) *rawPeer {
	t.Helper()
	ctx := swarm.Stage.ctx
	before, err := c.Status(ctx, swarm.Torrent)
	if err != nil {
		t.Fatal(err)
	}
	started := time.Now()
	p, err := rawDial(c.Addr(), swarm.Torrent, "-BK0000-rawprobe0001", port)
	if err != nil {
		t.Fatalf("%s: %v", c.Name(), err)
	}
	swarm.await(t, c.Name()+" to state its pieces", func() (bool, error) { _, stated := p.count(); return stated, nil })
	took := time.Since(started)
	got, _ := p.count()
	after, err := c.Status(ctx, swarm.Torrent)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%s (%s): %d pieces on the wire after %v, %d to %d by its interface", c.Name(), before.State, got, took.Round(time.Millisecond), before.Have, after.Have)
	if got < before.Have || got > after.Have {
		t.Errorf("%s: got %d pieces on the wire, want %d to %d as its interface says", c.Name(), got, before.Have, after.Have)
	}
	return p
}

// crossesWhileHeld waits for a leecher to finish, and compares the times of
// its crossing here and there, and its pieces at the end.
func crossesWhileHeld(t *testing.T, swarm *Swarm, c Client, p *rawPeer, start time.Time) {
	t.Helper()
	swarm.await(t, c.Name()+" to finish", func() (bool, error) {
		n, _ := p.count()
		return n == swarm.Torrent.Pieces, p.ended()
	})
	reported, ok := swarm.history.crossed(c, swarm.Torrent)
	if !ok {
		t.Fatalf("%s: its interface never reported the crossing", c.Name())
	}
	pieces, crossed := p.state()
	t.Logf("%s: crossed at %s on the wire, %s by its interface", c.Name(), clock(start, crossed), clock(start, reported))
	status, err := c.Status(swarm.Stage.ctx, swarm.Torrent)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(pieces, status.Bitfield) {
		t.Errorf("%s: got pieces %x on the wire, want %x as its interface says", c.Name(), pieces, status.Bitfield)
	}
}

// tellVisits logs how c came to see listener.
func tellVisits(t *testing.T, c Client, listener *rawListener, start time.Time) {
	for _, d := range listener.from(c.Addr().Addr()) {
		t.Logf("%s: came at %s from %s over %s, plain %v, % x after %v", c.Name(), clock(start, d.At), d.From, d.Proto, d.Plain, d.First[:min(8, len(d.First))], d.Waited)
		if d.peer != nil {
			t.Logf("%s: held: %s", c.Name(), d.peer.story())
		}
	}
}
