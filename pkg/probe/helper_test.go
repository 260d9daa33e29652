package probe

import (
	"context"
	"net/netip"
	"sync/atomic"
	"testing"
	"time"

	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/talk"
	"btkit/pkg/talk/talktest"
	"btkit/pkg/visit"
)

var ourID = [20]byte([]byte("-XX0100-ourownpeerid"))

// clock is the time of a schedule; it moves when the test moves it.
type clock struct{ ahead atomic.Int64 }

var epoch = time.Now()

func (c *clock) now() time.Time          { return epoch.Add(time.Duration(c.ahead.Load())) }
func (c *clock) advance(d time.Duration) { c.ahead.Add(int64(d)) }

// room is a probe and the swarm that it visits.
type room struct {
	*Probe
	t       *testing.T
	swarm   *talktest.Swarm
	journal *talktest.Journal
	clock   *clock
	cancel  context.CancelFunc
	done    chan error
}

// set prepares a probe that knows a torrent of 100 pieces. Its schedule follows
// a clock of the test when one is given.
func set(t *testing.T, o Options, c *clock) *room {
	t.Helper()
	r := &room{t: t, swarm: talktest.NewSwarm(t), journal: talktest.NewJournal(), clock: c, done: make(chan error, 1)}
	if c != nil {
		o.Now = c.now
	}
	if o.Dial == nil {
		o.Dial = r.swarm.Dial
	}
	if o.Manner == (talk.Manner{}) {
		o.Manner = talk.Manner{Handshake: talktest.Patience}
	}
	o.Rules = visit.Rules{Quiet: 10 * time.Millisecond, Longest: time.Second, Sample: time.Hour}
	o.Self.PeerID = ourID
	out := record.NewWriter(r.journal, "bt-probe", "run1", false)
	r.Probe = New(o, out)
	t.Cleanup(func() { _ = out.Close() }) // its failure is a matter of one test
	return r
}

// begin lets the probe work.
func begin(t *testing.T, o Options) *room {
	t.Helper()
	r := set(t, o, nil)
	r.run()
	r.hear(&record.Torrent{InfoHash: talktest.InfoHash, Pieces: 100})
	return r
}

func (r *room) run() {
	var ctx context.Context
	ctx, r.cancel = context.WithCancel(context.Background())
	go func() { r.done <- r.Work(ctx) }()
	r.t.Cleanup(func() { r.stop() })
}

func (r *room) hear(records ...record.Record) {
	r.t.Helper()
	for _, rec := range records {
		if err := r.Hear(talktest.Line(r.t, rec)); err != nil {
			r.t.Fatal(err)
		}
	}
}

// stop ends the work and gives its error.
func (r *room) stop() error {
	r.cancel()
	return r.ended()
}

func (r *room) ended() error {
	select {
	case err := <-r.done:
		r.done <- err // for who asks again
		return err
	case <-time.After(talktest.Patience):
		r.t.Error("the work does not end")
		return nil
	}
}

// join adds peers that hold on: the i-th at 192.0.2.i with the given frames.
func (r *room) join(n int, frames ...[]byte) (addrs []netip.AddrPort) {
	for i := range n {
		to := address(i)
		r.swarm.Join(to, talktest.Holds(byte(i), frames...))
		addrs = append(addrs, to)
	}
	return addrs
}

// address is that of the i-th peer.
func address(i int) netip.AddrPort {
	return netip.AddrPortFrom(netip.AddrFrom4([4]byte{192, 0, byte(2 + i/200), byte(1 + i%200)}), 6881)
}

// named are the records of a source that names peers.
func named(addrs ...netip.AddrPort) (all []record.Record) {
	for _, a := range addrs {
		all = append(all, &record.Peer{InfoHash: talktest.InfoHash, IP: a.Addr(), Port: a.Port(), Source: "tracker"})
	}
	return all
}

// readers are the addresses of which there is a reading.
func readers(all []record.Progress) map[netip.Addr]int {
	n := map[netip.Addr]int{}
	for _, p := range all {
		n[p.IP]++
	}
	return n
}

func outcomes(all []record.Visit) map[string]int {
	n := map[string]int{}
	for _, v := range all {
		n[v.Outcome]++
	}
	return n
}

func bits(n int) []byte { return talktest.Bitfield(100, n) }

// step starts what is due and takes in events until those conversations have
// ended.
func (r *room) step() {
	r.t.Helper()
	r.dispatch()
	for r.running > 0 {
		r.event()
	}
}

// event takes in one event.
func (r *room) event() event {
	r.t.Helper()
	select {
	case e := <-r.events:
		r.apply(e)
		return e
	case <-time.After(talktest.Patience):
		r.t.Fatal("waited in vain for an event")
		return event{}
	}
}

// peerAt is what the schedule knows of an address.
func (r *room) peerAt(addr netip.AddrPort) *peer {
	r.t.Helper()
	x := r.find(r.torrents[talktest.InfoHash].at(addr.Addr()), addr.Port())
	if x == nil {
		r.t.Fatalf("%v is not known", addr)
	}
	return x
}

var haveAll = peerwire.AppendHaveAll(nil)

const settled = visit.StageSettled
