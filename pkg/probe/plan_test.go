package probe

import (
	"testing"
	"time"

	"btkit/pkg/client"
	"btkit/pkg/outcome"
	"btkit/pkg/record"
	"btkit/pkg/talk"
	"btkit/pkg/visit"
)

func reading(have int64) visit.Reading {
	return visit.Reading{Have: have, Pieces: 1000, Need: 980, Settled: true, Complete: have == 1000}
}

func TestRemaining(t *testing.T) {
	now := epoch
	tests := []struct {
		name string
		p    peer
		want time.Duration
	}{
		{"never read", peer{}, time.Hour},
		{"rate known", peer{read: true, reading: reading(880), readAt: now, rate: 2}, 50 * time.Second},
		{"some of it has passed", peer{read: true, reading: reading(880), readAt: now.Add(-20 * time.Second), rate: 2}, 30 * time.Second},
		{"all of it has passed", peer{read: true, reading: reading(880), readAt: now.Add(-time.Hour), rate: 2}, 0},
		{"rate not known: an hour for the whole", peer{read: true, reading: reading(480), readAt: now}, 30 * time.Minute},
		{"across the threshold", peer{read: true, reading: reading(980), readAt: now, rate: 2}, 0},
		{"pieces not known", peer{read: true, reading: visit.Reading{Need: 1}, readAt: now}, 0},
	}
	for _, tt := range tests {
		if got := tt.p.remaining(now).Round(time.Second); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestAfterReading(t *testing.T) {
	now := epoch
	at := func(r visit.Reading, rate float64) *peer {
		return &peer{read: true, reading: r, readAt: now, rate: rate, began: now}
	}
	uploadOnly, hiding, above := reading(500), reading(1), reading(990)
	uploadOnly.UploadOnly, hiding.SuperSeed = true, true
	late := at(reading(880), 10)
	late.began = now.Add(-10 * time.Minute) // was held that long
	tests := []struct {
		name    string
		p       *peer
		revisit time.Duration
		want    time.Duration
	}{
		{"complete", at(reading(1000), 0), time.Minute, seedPause},
		{"across the threshold", at(above, 0), time.Minute, lastPause},
		{"wants nothing", at(uploadOnly, 0), time.Minute, idlePause},
		{"hides its pieces", at(hiding, 0), time.Minute, hidingPause},
		{"rate not known: again soon", at(reading(100), 0), time.Minute, time.Minute},
		{"half of what is left", at(reading(380), 1), time.Minute, 5 * time.Minute},
		{"at most ten minutes", at(reading(80), 0.1), time.Minute, farthest},
		{"near the threshold more often", at(reading(920), 1), time.Minute, 30 * time.Second},
		{"but not below the nearest", at(reading(970), 10), time.Minute, nearest},
		{"unless the world is quicker", at(reading(970), 10), 2 * time.Second, 2 * time.Second},
		{"what was held may be seen at once", late, time.Minute, 5 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := tt.p.afterReading(now, &Options{Revisit: tt.revisit}).Sub(now); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

// after plans what follows an attempt that ended like this.
func after(t *testing.T, x *peer, how outcome.Outcome, stage string, o Options) time.Duration {
	t.Helper()
	if o.Roll == nil {
		o.Roll = func() float64 { return 0.5 }
	}
	c := new(clock)
	p := set(t, o, c).Probe
	return p.next(x, event{how: how, end: &record.Visit{Stage: stage}}).Sub(c.now())
}

func TestNextAfterFailures(t *testing.T) {
	silent := []time.Duration{time.Minute, 2 * time.Minute, 5 * time.Minute, 10 * time.Minute, 20 * time.Minute, 40 * time.Minute, 40 * time.Minute}
	there := []time.Duration{time.Minute, time.Minute, 2 * time.Minute, 2 * time.Minute, 4 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute,
		30 * time.Minute, 30 * time.Minute}
	for stage, steps := range map[string][]time.Duration{visit.StageDial: silent, visit.StageHandshake: there, visit.StageOpen: there} {
		for _, how := range []outcome.Outcome{outcome.Refused, outcome.Timeout, outcome.ClosedEarly, outcome.Reset, outcome.Closed, outcome.Unreachable} {
			x := &peer{}
			for i, want := range steps {
				x.began = epoch
				if got := after(t, x, how, stage, Options{}); got != want || x.failures != i+1 {
					t.Errorf("%s at %s, failure %d: got %v and %d in a row, want %v", how, stage, i+1, got, x.failures, want)
				}
			}
		}
	}
}

func TestNext(t *testing.T) {
	now := epoch
	libtorrent := client.Of([20]byte([]byte("-LT20B0-abcdefghijkl")), "")
	transmission := client.Of([20]byte([]byte("-TR3000-abcdefghijkl")), "")
	listening := talk.Self{Port: 6881}
	crosses := peer{attempts: 1, began: now, read: true, reading: reading(880), readAt: now, rate: 0.25, failures: 5} // in 400 s
	tests := []struct {
		name     string
		p        peer
		how      outcome.Outcome
		stage    string
		o        Options
		want     time.Duration
		failures int
		attempts int64
	}{
		{"our own shortage is not its failure", peer{attempts: 3, failures: 1}, outcome.LocalError, visit.StageDial, Options{}, shortage, 1, 2},
		{"nor is our leave", peer{attempts: 3}, outcome.Canceled, visit.StageHandshake, Options{}, shortage, 0, 2},
		{"a reading ends the failures", peer{attempts: 3, failures: 4, began: now, read: true, reading: reading(1000)}, outcome.OK, settled, Options{}, seedPause, 0, 3},
		{"closed by a leecher that was held long", peer{attempts: 1, began: now.Add(-time.Hour), read: true, reading: reading(100), readAt: now, rate: 1},
			outcome.Closed, settled, Options{}, soonest, 0, 1},
		{"closed by one that does not close idle connections", peer{attempts: 1, began: now.Add(-5 * time.Minute), read: true, reading: reading(100), readAt: now, rate: 1, habits: libtorrent},
			outcome.Closed, settled, Options{}, time.Minute, 0, 1},
		{"closed by one that does, after its time", peer{attempts: 1, began: now.Add(-5 * time.Minute), read: true, reading: reading(100), readAt: now, rate: 1, habits: transmission},
			outcome.Closed, settled, Options{}, soonest, 0, 1},
		{"closed by one that was held shortly", peer{attempts: 1, began: now.Add(-10 * time.Second), read: true, reading: reading(100), readAt: now, rate: 1},
			outcome.Closed, settled, Options{}, 50 * time.Second, 0, 1},
		{"closed by one that comes by itself", peer{attempts: 1, began: now.Add(-time.Hour), read: true, reading: reading(100), readAt: now, rate: 1, habits: libtorrent, came: now},
			outcome.Closed, settled, Options{Self: listening}, time.Minute + waitSlack, 0, 1},
		{"which it cannot if we don't listen", peer{attempts: 1, began: now.Add(-time.Hour), read: true, reading: reading(100), readAt: now, rate: 1, habits: libtorrent, came: now},
			outcome.Closed, settled, Options{}, soonest, 0, 1},
		{"nor if it never has", peer{attempts: 1, began: now.Add(-time.Hour), read: true, reading: reading(100), readAt: now, rate: 1, habits: libtorrent},
			outcome.Closed, settled, Options{Self: listening}, soonest, 0, 1},
		{"left by us: half of what it needs", peer{attempts: 1, began: now.Add(-time.Hour), read: true, reading: reading(380), readAt: now, rate: 1},
			outcome.OK, settled, Options{}, 5 * time.Minute, 0, 1},
		{"refused near the crossing", crosses, outcome.ClosedEarly, visit.StageHandshake, Options{}, 200 * time.Second, 6, 1},
		{"a quicker world", peer{attempts: 1, began: now}, outcome.Refused, visit.StageDial, Options{Revisit: 10 * time.Second}, 10 * time.Second, 1, 1},
		{"but not below the soonest", peer{attempts: 1, began: now}, outcome.Refused, visit.StageDial, Options{Revisit: time.Second}, soonest, 1, 1},
		{"the delay counts from the dial", peer{attempts: 1, began: now.Add(-20 * time.Second)}, outcome.Timeout, visit.StageDial, Options{}, 40 * time.Second, 1, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := after(t, &tt.p, tt.how, tt.stage, tt.o)
			if got != tt.want || tt.p.failures != tt.failures || tt.p.attempts != tt.attempts {
				t.Errorf("got %v, %d failures, %d attempts, want %v, %d, %d", got, tt.p.failures, tt.p.attempts, tt.want, tt.failures, tt.attempts)
			}
		})
	}
}

func TestJitter(t *testing.T) {
	for _, tt := range []struct {
		roll float64
		want time.Duration
	}{{0, 48 * time.Second}, {0.5, time.Minute}, {0.75, 66 * time.Second}} {
		x := &peer{began: epoch}
		got := after(t, x, outcome.Refused, visit.StageDial, Options{Roll: func() float64 { return tt.roll }})
		if got.Round(time.Millisecond) != tt.want {
			t.Errorf("roll %v: got %v, want %v", tt.roll, got, tt.want)
		}
	}
}

func TestIsGone(t *testing.T) {
	tests := []struct {
		name     string
		failures int
		since    time.Duration
		want     bool
	}{
		{"never failed", 0, 100 * time.Hour, false}, {"often but not long", 6, time.Hour, false},
		{"long but not often", 5, 3 * time.Hour, false}, {"long and often", 6, 2 * time.Hour, true},
	}
	for _, tt := range tests {
		x := &peer{failures: tt.failures, failed: epoch}
		if got := x.isGone(epoch.Add(tt.since)); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

func TestLearn(t *testing.T) {
	type seen struct {
		have int64
		at   time.Duration
	}
	tests := []struct {
		name string
		seen []seen
		rate float64
		base int64 // the count from which the next rate is taken
	}{
		{"one reading", []seen{{100, 0}}, 0, 100},
		{"two", []seen{{100, 0}, {200, 10 * time.Second}}, 10, 200},
		{"too near to give a rate", []seen{{100, 0}, {200, 4 * time.Second}}, 0, 100},
		{"near ones add up", []seen{{100, 0}, {200, 4 * time.Second}, {300, 10 * time.Second}}, 20, 300},
		{"averaged", []seen{{100, 0}, {200, 10 * time.Second}, {220, 20 * time.Second}}, 6, 220},
		{"a fall begins anew", []seen{{100, 0}, {200, 10 * time.Second}, {50, 20 * time.Second}}, 0, 50},
		{"near but complete", []seen{{990, 0}, {1000, time.Second}}, 0, 1000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var x peer
			for _, s := range tt.seen {
				x.learn(reading(s.have), epoch.Add(s.at))
			}
			if x.rate != tt.rate || x.reading.Have != tt.base || !x.read {
				t.Errorf("got %v pieces/s from %d, want %v from %d", x.rate, x.reading.Have, tt.rate, tt.base)
			}
		})
	}
}

func TestFatal(t *testing.T) {
	want := map[outcome.Outcome]bool{outcome.Self: true, outcome.Denied: true}
	for _, o := range outcome.All {
		if got := fatal(o); got != want[o] {
			t.Errorf("%s: got %v, want %v", o, got, want[o])
		}
	}
}

func TestRoundTime(t *testing.T) {
	tests := []struct {
		name  string
		slots int
		rate  float64
		held  int
		queue int
		want  time.Duration
	}{
		{"nobody waits", 8, 0, 8, 0, 0},
		{"all slots go round", 8, 0, 0, 80, 40 * time.Second},
		{"held ones leave a quarter", 8, 0, 8, 80, 160 * time.Second},
		{"some are held", 8, 0, 4, 80, 80 * time.Second},
		{"the rate is slower", 8, 0.5, 0, 80, 160 * time.Second},
		{"one slot", 1, 0, 1, 10, 40 * time.Second},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := set(t, Options{Slots: tt.slots, Rate: tt.rate}, new(clock))
			r.count.talk = 4 * time.Second
			for range tt.queue {
				r.unread.add(&peer{})
			}
			for range tt.held {
				r.held[&peer{}] = struct{}{}
			}
			if got := r.roundTime(); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
}

func TestQueueIsInOrderOfTime(t *testing.T) {
	var q queue
	for i, due := range []time.Duration{5, 1, 3, 1, 4, 2} {
		q.add(&peer{due: epoch.Add(due), order: uint64(i)})
	}
	q.remove(q[len(q)-1])
	var last *peer
	for n := len(q); n > 0; n-- {
		if !q.isDue(q.first().due) || q.isDue(q.first().due.Add(-1)) {
			t.Error("got due at another time than its own")
		}
		x := q.take()
		if last != nil && (x.due.Before(last.due) || x.due.Equal(last.due) && x.order < last.order) {
			t.Errorf("got %v (%d) after %v (%d), want order of time, then of arrival", x.due, x.order, last.due, last.order)
		}
		last = x
	}
	if q.first() != nil || q.isDue(epoch.Add(time.Hour)) {
		t.Error("got something from an empty queue")
	}
}
