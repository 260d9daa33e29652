package utp

import (
	"bytes"
	"container/heap"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"testing"
	"time"
)

// weather is what a network does to packets.
type weather struct {
	loss, copies  float64       // probabilities
	delay, jitter time.Duration // one way
	rate          int           // bytes a second, 0 without a limit
	queue         time.Duration // what waits longer before a slow line is dropped
}

// side is one end of a simulated conversation, with a user who writes out and
// keeps what came in.
type side struct {
	*stream
	out, in  []byte
	written  int
	lastData time.Duration
	lineBy   time.Duration // when its line is free again
	lazy     bool          // reads only when the other has no room left, or nothing comes
}

// simulation is two sides, a network and a clock, all made from one seed.
type simulation struct {
	weather
	random *rand.Rand
	now    time.Duration
	sides  [2]*side
	half   halfOpen
	air    airQueue
	sent   int
	queued time.Duration // longest wait before a line
}

type inAir struct {
	at    time.Duration
	order int
	to    int
	bytes []byte
}

type airQueue []inAir

func (q airQueue) Len() int { return len(q) }
func (q airQueue) Less(i, j int) bool {
	return q[i].at < q[j].at || q[i].at == q[j].at && q[i].order < q[j].order
}
func (q airQueue) Swap(i, j int) { q[i], q[j] = q[j], q[i] }
func (q *airQueue) Push(x any)   { *q = append(*q, x.(inAir)) }
func (q *airQueue) Pop() any {
	last := (*q)[len(*q)-1]
	*q = (*q)[:len(*q)-1]
	return last
}

func simulate(seed uint64, w weather, limits limits, out, back []byte) *simulation {
	sim := &simulation{weather: w, random: rand.New(rand.NewPCG(seed, 2)), now: time.Second, half: newHalfOpen(4)}
	sim.sides[0] = &side{out: out}
	sim.sides[1] = &side{out: back}
	sim.sides[0].stream = dialled(sim.now, limits, uint16(sim.random.Uint32()), uint16(sim.random.Uint32()), sim.sender(1))
	return sim
}

// sender puts packets into the air, towards a side.
func (sim *simulation) sender(to int) func([]byte) error {
	return func(b []byte) error {
		sim.sent++
		from := sim.sides[1-to]
		wait := max(from.lineBy-sim.now, 0)
		if sim.rate > 0 {
			if wait > sim.weather.queue {
				return nil
			}
			sim.queued = max(sim.queued, wait)
			from.lineBy = max(from.lineBy, sim.now) + time.Duration(len(b)+28)*time.Second/time.Duration(sim.rate)
		}
		for copies := 1; copies > 0; copies-- {
			if sim.random.Float64() < sim.copies {
				copies++
			}
			if sim.random.Float64() < sim.loss {
				continue
			}
			late := time.Duration(sim.random.Float64() * float64(sim.jitter))
			heap.Push(&sim.air, inAir{sim.now + wait + sim.delay + late, sim.sent, to, bytes.Clone(b)})
		}
		return nil
	}
}

// step moves the clock to what happens next; false if nothing will.
func (sim *simulation) step() bool {
	next := time.Duration(0)
	sooner := func(at time.Duration) {
		if at != 0 && (next == 0 || at < next) {
			next = at
		}
	}
	if len(sim.air) > 0 {
		sooner(sim.air[0].at)
	}
	for _, s := range sim.sides {
		if s.stream != nil {
			sooner(s.Due())
		}
	}
	if next == 0 {
		return false
	}
	sim.now = max(sim.now, next)
	for len(sim.air) > 0 && sim.air[0].at <= sim.now {
		sim.arrive(heap.Pop(&sim.air).(inAir))
	}
	for _, s := range sim.sides {
		if s.stream != nil {
			if due := s.Due(); due != 0 && due <= sim.now {
				s.Tick(sim.now)
			}
			s.use(sim.now)
		}
	}
	return true
}

func (sim *simulation) arrive(a inAir) {
	p, err := Decode(a.bytes)
	s := sim.sides[a.to]
	if err == nil && s.stream == nil {
		sim.enter(s, &p)
	}
	if err != nil || s.stream == nil {
		return
	}
	if id := p.ConnectionID; id == s.recvID || p.Type == Syn && id+1 == s.recvID {
		if p.Type == Data {
			s.lastData = sim.now
		}
		s.Feed(sim.now, &p)
		s.use(sim.now)
	}
}

// enter is what a Socket does with strangers.
func (sim *simulation) enter(s *side, p *Packet) {
	k := key{netip.AddrPort{}, p.ConnectionID}
	if p.Type == Syn {
		k.id++
		g := sim.half.knock(sim.now, k, p.Seq, uint16(sim.random.Uint32()))
		answer := Packet{Type: State, ConnectionID: p.ConnectionID, Timestamp: micros(sim.now),
			TimestampLag: micros(sim.now) - p.Timestamp, Window: 1 << 16, Seq: g.seq, Ack: p.Seq}
		sim.sender(0)(answer.Append(nil))
		return
	}
	if g, ok := sim.half.find(sim.now, k); ok {
		s.stream = accepted(sim.now, sim.sides[0].limits, p.ConnectionID-1, g.seq, g.peerSeq, sim.sender(0))
	}
}

// use writes, reads, and closes when all is said.
func (s *side) use(now time.Duration) {
	if !s.lazy || s.offer() < packetSize || s.eof || now-s.lastData > 5*time.Second {
		s.in = append(s.in, readAll(s.stream, now)...)
	}
	for s.written < len(s.out) {
		n := s.Write(now, s.out[s.written:])
		if s.written += n; n == 0 {
			break
		}
	}
	if s.written == len(s.out) && s.eof && len(s.unread) == 0 {
		s.Close(now)
	}
}

func content(n int, seed byte) []byte {
	b := make([]byte, n)
	rand.NewChaCha8([32]byte{seed}).Read(b)
	return b
}

var weathers = map[string]weather{
	"fair":             {delay: 25 * time.Millisecond},
	"loopback":         {},
	"one in fifty":     {delay: 25 * time.Millisecond, loss: 0.02},
	"one in ten":       {delay: 25 * time.Millisecond, loss: 0.1},
	"reordered":        {delay: 5 * time.Millisecond, jitter: 60 * time.Millisecond},
	"copied":           {delay: 25 * time.Millisecond, copies: 0.3, jitter: time.Millisecond},
	"everything":       {delay: 10 * time.Millisecond, loss: 0.05, copies: 0.1, jitter: 80 * time.Millisecond},
	"slow line":        {delay: 25 * time.Millisecond, rate: 200_000, queue: time.Second},
	"slow, short line": {delay: 25 * time.Millisecond, rate: 200_000, queue: 30 * time.Millisecond},
	"far away":         {delay: 400 * time.Millisecond, loss: 0.01},
}

// A megabyte arrives as it was sent, whatever the network does, while some
// goes the other way; then both sides let go.
func TestTransfer(t *testing.T) {
	for name, w := range weathers {
		for seed := range uint64(3) {
			t.Run(fmt.Sprint(name, " ", seed), func(t *testing.T) {
				t.Parallel()
				out, back := content(1<<20, 1), content(100_000, 2)
				l := Options{Tries: 8}.limits()
				sim := simulate(seed, w, l, out, back)
				sim.sides[1].lazy = seed == 2
				started := sim.now
				var took time.Duration
				for sim.step() {
					if took == 0 && sim.sides[1].stream != nil && len(sim.sides[1].in) == len(out) {
						took = sim.now - started
						sim.sides[0].Close(sim.now)
					}
				}
				checkTransfer(t, sim, out, back)
				t.Logf("took %v, %d packets, waited %v before a line", took, sim.sent, sim.queued)
			})
		}
	}
}

func checkTransfer(t *testing.T, sim *simulation, out, back []byte) {
	t.Helper()
	a, b := sim.sides[0], sim.sides[1]
	if b.stream == nil {
		t.Fatalf("never opened: %v", a.err)
	}
	if !bytes.Equal(b.in, out) {
		t.Errorf("got %d bytes, the same %v, want all %d; ended with %v", len(b.in), bytes.HasPrefix(out, b.in), len(out), b.err)
	}
	if !bytes.HasPrefix(back, a.in) {
		t.Errorf("got %d bytes back that are not those sent", len(a.in))
	}
	for i, s := range sim.sides {
		if s.phase != dead || s.err != nil || s.held != 0 || s.queued != 0 {
			t.Errorf("side %d: phase %d, %v, holds %d and %d bytes; want it forgotten", i, s.phase, s.err, s.held, s.queued)
		}
	}
}
