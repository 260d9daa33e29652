package probe

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"net/netip"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/talk"
	"btkit/pkg/talk/talktest"
	"btkit/pkg/visit"
)

// fate is how a random world deals with a schedule: every dial hangs until the
// world lets it fail; readings are made up meanwhile.
type fate struct {
	*room
	dice  *rand.Rand
	dials chan chan error
	open  []chan error
}

func newFate(t *testing.T, seed uint64) *fate {
	f := &fate{dice: rand.New(rand.NewPCG(seed, seed)), dials: make(chan chan error, 1000)}
	o := Options{Slots: 1 + f.dice.IntN(12), PerNet: f.dice.IntN(4), Rate: float64(f.dice.IntN(3) * 5), Revisit: time.Minute, Roll: f.dice.Float64}
	o.Dial = func(context.Context, netip.AddrPort) (net.Conn, error) {
		end := make(chan error)
		f.dials <- end
		return nil, <-end
	}
	o.UTP = o.Dial
	o.Punch = func(ctx context.Context, _, to netip.AddrPort) (net.Conn, error) { return o.Dial(ctx, to) }
	f.room = loop(t, o)
	return f
}

// turn does one thing that can happen.
func (f *fate) turn() {
	ip := netip.AddrFrom4([4]byte{192, 0, byte(f.dice.IntN(4)), byte(f.dice.IntN(5))})
	switch f.dice.IntN(9) {
	case 0, 1:
		f.names(netip.AddrPortFrom(ip, uint16(1+f.dice.IntN(6))))
	case 2:
		f.take(&record.Peer{InfoHash: talktest.InfoHash, IP: ip, Port: 9, Source: "incoming"})
	case 3:
		f.take(&record.Visit{InfoHash: talktest.InfoHash, IP: ip, Direction: visit.In})
	case 4:
		p := &record.Progress{InfoHash: talktest.InfoHash, IP: ip, ListenPort: uint16(1 + f.dice.IntN(6)), Direction: visit.In, Have: int64(f.dice.IntN(101)), Pieces: 100, Need: 98, Settled: true}
		p.TS = f.clock.now()
		f.take(p)
	case 5:
		f.read()
	case 6:
		f.fail()
	case 7:
		f.clock.advance(time.Duration(f.dice.IntN(120)) * time.Second)
	case 8:
		f.introduce()
	}
	f.dispatch()
}

// read makes up a reading, or silence, of somebody who is being visited.
func (f *fate) read() {
	for _, x := range f.active {
		if f.dice.IntN(3) == 0 {
			f.apply(event{p: x, silent: true})
			return
		}
		have := int64(f.dice.IntN(101))
		r := visit.Reading{Have: have, Pieces: 100, Need: 98, Settled: true, Complete: have == 100, UploadOnly: f.dice.IntN(10) == 0}
		f.apply(event{p: x, reading: &r, at: f.clock.now()})
		return
	}
}

// introduce lets somebody who is being visited introduce somebody who waits.
func (f *fate) introduce() {
	for _, relay := range f.active {
		for _, x := range f.unread {
			if f.dice.IntN(3) > 0 {
				continue
			}
			ours, _ := net.Pipe()
			relay.conv = talk.New(ours, nil, talk.Self{}, talk.Manner{}, nil)
			f.expected[introduction{x.t.first, x.addr}] = x
			kind := []peerwire.HolepunchKind{peerwire.HolepunchConnect, peerwire.HolepunchError}[f.dice.IntN(2)]
			f.apply(event{p: relay, answer: &peerwire.Holepunch{Kind: kind, Addr: x.addr}})
			return
		}
	}
}

// fail lets one dial fail.
func (f *fate) fail() {
	for len(f.open) < f.running {
		f.open = append(f.open, <-f.dials)
	}
	if len(f.open) == 0 {
		return
	}
	i := f.dice.IntN(len(f.open))
	how := []outcome.Outcome{outcome.Refused, outcome.Timeout, outcome.LocalError, outcome.ClosedEarly, outcome.Self, outcome.Denied, outcome.Canceled}[f.dice.IntN(7)]
	f.open[i] <- outcome.Fail(how, errors.New("so it goes"))
	f.open = append(f.open[:i], f.open[i+1:]...)
	f.event()
}

// wrong says what does not add up.
func (f *fate) wrong() string {
	leaving, queued := 0, 0
	for at, x := range f.active {
		if x.state != busy || x.place() != at {
			return fmt.Sprintf("%v is visited in state %d", x.addr, x.state)
		}
		if x.stop {
			leaving++
		}
	}
	for x := range f.held {
		if f.active[x.place()] != x || x.stop {
			return fmt.Sprintf("%v is held but not open", x.addr)
		}
	}
	for _, at := range f.peers {
		for _, x := range at {
			if x.state == waiting {
				queued++
			}
		}
		if len(at) > maxPorts {
			return fmt.Sprintf("%d ports of one address", len(at))
		}
	}
	switch {
	case f.running > f.options.Slots || f.running != len(f.active):
		return fmt.Sprintf("%d run, %d are open, %d slots", f.running, len(f.active), f.options.Slots)
	case leaving != f.leaving:
		return fmt.Sprintf("%d leave, counted %d", leaving, f.leaving)
	case queued != len(f.unread)+len(f.revisits):
		return fmt.Sprintf("%d wait, %d stand in queues", queued, len(f.unread)+len(f.revisits))
	}
	return f.wrongQueue()
}

func (f *fate) wrongQueue() string {
	for _, q := range []queue{f.unread, f.revisits} {
		for i, x := range q {
			if x.index != i || x.state != waiting {
				return fmt.Sprintf("%v stands at %d, thinks %d, state %d", x.addr, i, x.index, x.state)
			}
		}
	}
	for _, x := range f.unread {
		if x.read {
			return fmt.Sprintf("%v has been read and waits for its first reading", x.addr)
		}
	}
	for _, x := range f.revisits {
		if !x.read {
			return fmt.Sprintf("%v waits to be seen again, but was never read", x.addr)
		}
	}
	return ""
}

// TestScheduleAddsUp: whatever happens in whatever order, no slot, place,
// network or queue is lost or used twice, and all is free again at the end.
func TestScheduleAddsUp(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			f := newFate(t, seed)
			for turn := range 400 {
				f.turn()
				if why := f.wrong(); why != "" {
					t.Fatalf("turn %d: %s", turn, why)
				}
			}
			for f.running > 0 {
				f.fail()
			}
			if why := f.wrong(); why != "" || f.leaving != 0 || len(f.held) != 0 || f.nets.Open() != 0 {
				t.Errorf("got %q, %d leaving, %d held, %d networks open at the end, want none", why, f.leaving, len(f.held), f.nets.Open())
			}
		})
	}
}

// TestOnceAlwaysEnds: whatever happens in a round of one visit each, it ends when
// no more input comes.
func TestOnceAlwaysEnds(t *testing.T) {
	for seed := range uint64(30) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			f := newFate(t, 1000+seed)
			f.options.Once = true
			for range 200 {
				f.turn()
			}
			f.inputEnded()
			for turn := 0; !f.finished(); turn++ {
				if turn > 5000 {
					t.Fatalf("got %d running, %d and %d waiting, want the end", f.running, len(f.unread), len(f.revisits))
				}
				f.clock.advance(time.Duration(f.dice.IntN(30)) * time.Second)
				f.dispatch()
				f.fail()
			}
		})
	}
}
