package probe

import (
	"testing"
	"time"

	"btkit/pkg/record"
	"btkit/pkg/talk/talktest"
)

func TestFailuresOfABusyAddressCostNoRate(t *testing.T) {
	r := loop(t, Options{Rate: 1})
	r.join(2, haveAll)
	r.take(&record.Peer{InfoHash: talktest.InfoHash, IP: address(0).Addr(), Port: 50001, Source: "incoming"})
	r.names(address(0), address(1))
	r.step()
	if got := r.swarm.Dials(address(1)); got != 1 {
		t.Errorf("got %d dials of the peer that may be dialled, want 1", got)
	}
}

func TestRateAndNetworkLimits(t *testing.T) {
	t.Run("rate", func(t *testing.T) {
		r := loop(t, Options{Rate: 2})
		r.names(r.join(10, haveAll)...)
		r.step()
		first := r.swarm.AllDials()
		r.clock.advance(time.Second)
		r.step()
		if got := r.swarm.AllDials(); first != 1 || got != 2 {
			t.Errorf("got %d dials at once and %d after a second, want 1 and 2 (no burst)", first, got)
		}
		if wait := r.untilNext(); wait <= 0 || wait > 500*time.Millisecond+time.Millisecond {
			t.Errorf("got a sleep of %v, want until the next may begin", wait)
		}
	})
	t.Run("network", func(t *testing.T) {
		r := loop(t, Options{PerNet: 3, Slots: 20})
		r.names(r.join(10, bits(50))...)
		r.dispatch()
		if r.running != 3 {
			t.Errorf("got %d conversations with one network, want 3", r.running)
		}
		for len(r.held) < 3 {
			r.event()
		}
		for x := range r.held {
			r.release(x)
		}
		for r.running > 0 {
			r.event()
		}
		r.clock.advance(busyPause * 2)
		r.dispatch()
		if r.running != 3 {
			t.Errorf("got %d conversations after those had ended, want 3 more", r.running)
		}
		r.releaseAll()
	})
}

// releaseAll ends what is under way.
func (r *room) releaseAll() {
	for _, x := range r.active {
		x.stop = true
		r.leaving++
		if x.conv != nil {
			x.conv.Leave()
		}
	}
	for r.running > 0 {
		r.event()
	}
}

func TestUntilNext(t *testing.T) {
	peerDue := func(in time.Duration) *peer { return &peer{due: epoch.Add(in)} }
	tests := []struct {
		name             string
		slots, running   int
		unread, revisits []*peer
		want             time.Duration
	}{
		{"nothing to do", 2, 0, nil, nil, idle},
		{"due now", 2, 0, []*peer{peerDue(0)}, nil, 0},
		{"overdue", 2, 0, []*peer{peerDue(-time.Hour)}, nil, 0},
		{"due later", 2, 0, []*peer{peerDue(20 * time.Second)}, []*peer{peerDue(10 * time.Second)}, 10 * time.Second},
		{"due much later", 2, 0, []*peer{peerDue(time.Hour)}, nil, idle},
		{"full, due later: a held one may have to go then", 2, 2, nil, []*peer{peerDue(10 * time.Second)}, 10 * time.Second},
		{"full, due now: it waits for an event", 2, 2, []*peer{peerDue(0)}, []*peer{peerDue(-time.Second)}, idle},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := set(t, Options{Slots: tt.slots}, new(clock))
			r.running = tt.running
			for _, x := range tt.unread {
				r.unread.add(x)
			}
			for _, x := range tt.revisits {
				r.revisits.add(x)
			}
			if got := r.untilNext(); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// quiet turns the loop until every conversation is held.
func (r *room) quiet() {
	r.t.Helper()
	r.dispatch()
	for r.running > len(r.held) || r.leaving > 0 {
		r.event()
		r.dispatch()
	}
}

// With fewer slots than peers, all are read first; then those nearest to the
// threshold are held and the others go round.
func TestSlotsHoldThoseNearestToTheThreshold(t *testing.T) {
	r := loop(t, Options{Slots: 4})
	for i := range 8 {
		r.swarm.Join(address(i), talktest.Holds(byte(i), bits(10*i+10)))
		r.names(address(i))
	}
	r.quiet()
	for i := range 8 {
		if x := r.peerAt(address(i)); !x.read || x.attempts != 1 {
			t.Errorf("peer %d: got read %v after %d visits, want one reading of each first", i, x.read, x.attempts)
		}
	}
	for range 10 {
		r.clock.advance(time.Minute)
		r.quiet()
	}
	for i := range 8 {
		x := r.peerAt(address(i))
		if nearest := i >= 5; nearest && !x.held {
			t.Errorf("peer %d with %d of 98 pieces: got let go, want it held", i, x.reading.Have)
		}
		if i < 5 && x.attempts < 3 {
			t.Errorf("peer %d: got %d visits in ten minutes, want it seen in turn", i, x.attempts)
		}
	}
	if r.swarm.Most() > 4 {
		t.Errorf("got %d conversations at once, want at most 4", r.swarm.Most())
	}
	r.releaseAll()
}

// A held peer gives its slot to one that was never read, but not to one that
// failed and is tried again, while more than a quarter of the slots goes round.
func TestWhoMayDisplaceAHeldPeer(t *testing.T) {
	tests := []struct {
		name string
		next peer
		held int
		want int // released
	}{
		{"never tried", peer{}, 2, 1},
		{"never tried, all held", peer{}, 4, 1},
		{"failed before", peer{attempts: 1}, 2, 0},
		{"failed before, all held", peer{attempts: 1}, 4, 1},
		{"read before", peer{attempts: 1, read: true}, 2, 0},
		{"read before, all held", peer{attempts: 1, read: true}, 4, 1},
		{"not due yet", peer{due: epoch.Add(time.Second)}, 4, 0},
		{"nobody held", peer{}, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := set(t, Options{Slots: 4}, new(clock))
			r.running = 4
			for range tt.held {
				r.held[&peer{state: busy, read: true, reading: reading(10)}] = struct{}{}
			}
			r.enqueue(&tt.next)
			r.makeRoom(r.clock.now())
			if got := tt.held - len(r.held); got != tt.want || r.leaving != tt.want {
				t.Errorf("got %d let go, %d leaving, want %d", got, r.leaving, tt.want)
			}
		})
	}
}

func TestPeerThatHasCrossedGoesFirst(t *testing.T) {
	r := set(t, Options{}, new(clock))
	now := r.clock.now()
	near := &peer{read: true, reading: reading(970), readAt: now, rate: 1}
	far := &peer{read: true, reading: reading(700), readAt: now, rate: 1}
	crossed := &peer{read: true, reading: reading(985), readAt: now, rate: 1}
	for _, step := range []*peer{crossed, far, near} {
		r.held = map[*peer]struct{}{near: {}, far: {}}
		if step == crossed {
			r.held[crossed] = struct{}{}
		}
		if step == near {
			delete(r.held, far)
		}
		if got := r.farthest(now); got != step {
			t.Errorf("got the one with %d pieces, want the one with %d", got.reading.Have, step.reading.Have)
		}
	}
}
