package utp

import (
	"bytes"
	"errors"
	"syscall"
	"testing"
	"time"
)

// talk is a conversation whose peer is the test.
type talk struct {
	*stream
	t    *testing.T
	now  time.Duration
	sent []Packet
}

// opened is a conversation with a peer whose SYN-ACK has number 100, and which
// has seen our SYN of number 9.
func opened(t *testing.T, o Options) *talk {
	t.Helper()
	k := unopened(t, o)
	k.feed(Packet{Type: State, Seq: 100, Ack: 9})
	if k.phase != open {
		t.Fatal("does not open")
	}
	return k
}

func unopened(t *testing.T, o Options) *talk {
	t.Helper()
	k := &talk{t: t, now: time.Second}
	k.stream = dialled(k.now, o.limits(), 500, 9, func(b []byte) error {
		p, err := Decode(bytes.Clone(b))
		if err != nil {
			t.Fatalf("sends %x: %v", b, err)
		}
		k.sent = append(k.sent, p)
		return nil
	})
	k.Tick(k.now)
	return k
}

// feed gives a packet, 50 ms later; without a window it has a wide one.
func (k *talk) feed(p Packet) {
	k.now += 50 * time.Millisecond
	p.ConnectionID = k.recvID
	if p.Window == 0 {
		p.Window = 1 << 20
	}
	p.Timestamp = micros(k.now)
	p.TimestampLag = 1000
	k.Feed(k.now, &p)
}

// wait lets time pass, with all that is due in it.
func (k *talk) wait(d time.Duration) {
	end := k.now + d
	for k.Due() != 0 && k.Due() <= end {
		k.now = max(k.now, k.Due())
		k.Tick(k.now)
	}
	k.now = end
}

// taken gives what was sent since the last call.
func (k *talk) taken() []Packet {
	sent := k.sent
	k.sent = nil
	return sent
}

func (k *talk) wantSent(what string, want ...Packet) {
	k.t.Helper()
	got := k.taken()
	if len(got) != len(want) {
		k.t.Fatalf("%s: sent %+v, want %d packets", what, got, len(want))
	}
	for i := range want {
		if g, w := got[i], want[i]; g.Type != w.Type || g.Seq != w.Seq || g.Ack != w.Ack || !bytes.Equal(g.SelectiveAck, w.SelectiveAck) || g.ConnectionID != 501 && g.Type != Syn {
			k.t.Errorf("%s: sent %+v, want %+v", what, g, w)
		}
	}
}

func (k *talk) wantRead(want string) {
	k.t.Helper()
	if got := readAll(k.stream, k.now); string(got) != want {
		k.t.Errorf("read %q, want %q", got, want)
	}
}

func (k *talk) wantEnd(err error) {
	k.t.Helper()
	if k.phase != dead || !errors.Is(k.err, err) {
		k.t.Errorf("phase %d, %v; want the end with %v", k.phase, k.err, err)
	}
}

func data(seq, ack uint16, text string) Packet {
	return Packet{Type: Data, Seq: seq, Ack: ack, Payload: []byte(text)}
}

// A SYN is sent at 0, 3 and 9 seconds; after 15 the dial fails.
func TestSynIsRepeated(t *testing.T) {
	k := unopened(t, Options{})
	var at []time.Duration
	for k.phase == opening {
		if len(k.taken()) > 0 {
			at = append(at, k.now-time.Second)
		}
		k.now = k.Due()
		k.Tick(k.now)
	}
	if len(at) != 3 || at[1] != 3*time.Second || at[2] != 9*time.Second || k.now != 16*time.Second {
		t.Errorf("SYNs at %v, end at %v; want 0, 3, 9 and 15 s", at, k.now-time.Second)
	}
	k.wantEnd(syscall.ETIMEDOUT)
}

// A punched hole is knocked at evenly, and what the network says is ignored.
func TestStubbornSyn(t *testing.T) {
	k := unopened(t, Options{SynInterval: time.Second})
	k.stubborn = true
	k.Unreachable(syscall.ECONNREFUSED)
	k.wait(20 * time.Second)
	if n := len(k.taken()); n != 14 && n != 15 {
		t.Errorf("%d SYNs, want one a second", n)
	}
	k.wantEnd(syscall.ETIMEDOUT)
}

func TestOpeningIgnores(t *testing.T) {
	for name, p := range map[string]Packet{
		"an ack of another SYN": {Type: State, Seq: 100, Ack: 8},
		"data":                  data(100, 9, "x"),
		"a RESET of another":    {Type: Reset, Seq: 100, Ack: 2000},
		"a SYN":                 {Type: Syn, Seq: 100},
	} {
		t.Run(name, func(t *testing.T) {
			k := unopened(t, Options{})
			k.feed(p)
			if k.phase != opening {
				t.Errorf("phase %d, want it ignored", k.phase)
			}
		})
	}
	k := unopened(t, Options{})
	k.feed(Packet{Type: Reset, Ack: 9})
	k.wantEnd(syscall.ECONNREFUSED)
}

// Who opens and says nothing greets, so that the peer knows it was heard.
func TestGreeting(t *testing.T) {
	k := opened(t, Options{})
	k.taken()
	k.wait(greeting)
	k.wantSent("after a while", Packet{Type: State, Seq: 10, Ack: 99})
	k.wait(greeting)
	k.wantSent("once")
}

// The first data has the number of the SYN-ACK. A gap is told by a selective
// ack, a repeated packet by another ack.
func TestReceiving(t *testing.T) {
	k := opened(t, Options{})
	k.taken()
	k.feed(data(100, 9, "a"))
	k.wantSent("first", Packet{Type: State, Seq: 10, Ack: 100})
	k.feed(data(102, 9, "c"))
	k.wantSent("gap", Packet{Type: State, Seq: 10, Ack: 100, SelectiveAck: []byte{1, 0, 0, 0}})
	k.feed(data(102, 9, "c"))
	k.wantSent("again", Packet{Type: State, Seq: 10, Ack: 100, SelectiveAck: []byte{1, 0, 0, 0}})
	k.wantRead("a")
	k.feed(data(101, 9, "b"))
	k.wantSent("filled", Packet{Type: State, Seq: 10, Ack: 102})
	k.wantRead("bc")
	k.feed(data(99, 9, "?"))
	k.wantSent("old", Packet{Type: State, Seq: 10, Ack: 102})
	k.feed(data(102+maxAhead+1, 9, "?"))
	k.wantSent("far ahead", Packet{Type: State, Seq: 10, Ack: 102})
	k.feed(Packet{Type: Fin, Seq: 104, Ack: 9})
	k.feed(data(103, 9, "d"))
	k.feed(data(105, 9, "after the end"))
	k.wantRead("d")
	if !k.eof || k.ack != 104 || k.held != 0 {
		t.Errorf("end %v, ack %d, holds %d; want the end at 104", k.eof, k.ack, k.held)
	}
}

// A peer whose first data comes one number later than it should is understood
// after two repetitions, unless it has shown that it counts like others.
func TestSkewedPeer(t *testing.T) {
	for name, c := range map[string]struct {
		packets []Packet
		want    string
	}{
		"repeats":        {[]Packet{data(101, 10, "a"), data(101, 10, "a"), data(102, 10, "b"), data(101, 10, "a")}, "ab"},
		"once":           {[]Packet{data(101, 10, "a"), data(101, 10, "a")}, ""},
		"first was late": {[]Packet{data(101, 10, "b"), data(101, 10, "b"), data(100, 10, "a"), data(101, 10, "b")}, "ab"},
		"counts as we do": {[]Packet{{Type: State, Seq: 100, Ack: 10}, data(101, 10, "a"), data(101, 10, "a"),
			data(101, 10, "a")}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			k := opened(t, Options{})
			k.Write(k.now, []byte("x"))
			for _, p := range c.packets {
				k.feed(p)
			}
			k.wantRead(c.want)
			if k.skewed != (name == "repeats") {
				t.Errorf("skewed is %v", k.skewed)
			}
		})
	}
}

// A copy that the network made is no repetition of a skewed peer.
func TestCopiesAreNoSkew(t *testing.T) {
	k := opened(t, Options{})
	for range 9 {
		p := data(101, 9, "b")
		p.Timestamp, p.ConnectionID, p.Window = 77, k.recvID, 1<<16
		k.Feed(k.now, &p)
	}
	if k.wantRead(""); k.skewed {
		t.Error("copies are taken for repetitions")
	}
}

// One packet goes out, and more as acks come.
func TestWindowOpens(t *testing.T) {
	k := opened(t, Options{})
	k.taken()
	k.Write(k.now, make([]byte, 20*packetSize))
	k.wantSent("at first", data(10, 99, ""))
	k.feed(Packet{Type: State, Seq: 100, Ack: 10})
	k.wantSent("after an ack", data(11, 99, ""), data(12, 99, ""))
	k.feed(Packet{Type: State, Seq: 100, Ack: 12, Window: 2 * packetSize})
	k.wantSent("within the peer's window", data(13, 99, ""), data(14, 99, ""))
}

// A packet that three later ones overtook is sent again, once.
func TestFastRetransmit(t *testing.T) {
	k := opened(t, Options{})
	k.flow.size = 10 * packetSize
	k.Write(k.now, make([]byte, 6*packetSize))
	k.taken()
	for _, mask := range []byte{1, 3} {
		k.feed(Packet{Type: State, Seq: 100, Ack: 9, SelectiveAck: []byte{mask, 0, 0, 0}})
		k.wantSent("after fewer than three")
	}
	k.feed(Packet{Type: State, Seq: 100, Ack: 9, SelectiveAck: []byte{7, 0, 0, 0}})
	k.wantSent("after three", data(10, 99, ""))
	k.feed(Packet{Type: State, Seq: 100, Ack: 9, SelectiveAck: []byte{15, 0, 0, 0}})
	k.wantSent("it is on its way")
	k.feed(Packet{Type: State, Seq: 100, Ack: 15})
	if len(k.packets) != 0 || k.repeatAt != 0 || k.queued != 0 {
		t.Errorf("%d packets wait, %d bytes; want none", len(k.packets), k.queued)
	}
}

func TestDuplicateAcks(t *testing.T) {
	k := opened(t, Options{})
	k.flow.size = 10 * packetSize
	k.Write(k.now, make([]byte, 3*packetSize))
	k.taken()
	for range 2 {
		k.feed(Packet{Type: State, Seq: 100, Ack: 9})
	}
	k.wantSent("after two")
	k.feed(Packet{Type: State, Seq: 100, Ack: 9})
	k.wantSent("after three", data(10, 99, ""))
}

// Without an answer a packet is sent four times, at growing distance, and only
// the first of those that were in flight.
func TestTimeouts(t *testing.T) {
	k := opened(t, Options{})
	k.flow.size = 10 * packetSize
	k.Write(k.now, make([]byte, 3*packetSize))
	k.taken()
	for range 3 {
		k.now = k.repeatAt
		k.Tick(k.now)
		k.wantSent("timeout", data(10, 99, ""))
	}
	if k.flow.size != packetSize {
		t.Errorf("window is %d after timeouts, want one packet", k.flow.size)
	}
	k.now = k.repeatAt
	k.Tick(k.now)
	k.wantSent("the end", Packet{Type: Reset, Seq: 13, Ack: 99})
	k.wantEnd(syscall.ETIMEDOUT)
}

// A peer without room is asked now and then, and given up after 30 s.
func TestZeroWindow(t *testing.T) {
	k := opened(t, Options{})
	k.feed(Packet{Type: State, Seq: 100, Ack: 9, Window: 1})
	k.taken()
	k.Write(k.now, make([]byte, packetSize))
	begun, asked := k.now, 0
	k.wantSent("no room")
	for k.phase == open {
		k.now = k.Due()
		if k.Tick(k.now); k.phase == open {
			asked++
			k.feed(Packet{Type: State, Seq: 100, Ack: 9, Window: 1})
		}
	}
	if took := k.now - begun; asked < 3 || asked > 60 || took < zeroWindow || took > zeroWindow+2*time.Second {
		t.Errorf("asked %d times, gave up after %v; want some times and 30 s", asked, took)
	}
	k.wantEnd(syscall.ETIMEDOUT)
}

// Acks of what was never sent, and RESETs that are guesses, change nothing.
func TestGuesses(t *testing.T) {
	for name, p := range map[string]Packet{
		"ack of the future": data(100, 11, "x"),
		"ack of the past":   data(100, uint16(65536+9-ackTolerance-1), "x"),
		"RESET, future":     {Type: Reset, Ack: 12},
		"RESET, past":       {Type: Reset, Ack: 5},
	} {
		t.Run(name, func(t *testing.T) {
			k := opened(t, Options{})
			k.Write(k.now, []byte("x"))
			k.taken()
			k.feed(p)
			k.wantSent("nothing")
			if k.wantRead(""); k.phase != open || k.unacked != 10 {
				t.Errorf("phase %d, %d unacknowledged; want it ignored", k.phase, k.unacked)
			}
		})
	}
	k := opened(t, Options{})
	k.Write(k.now, []byte("x"))
	k.feed(Packet{Type: Reset, Ack: 10})
	k.wantEnd(syscall.ECONNRESET)
}

// Silence ends a conversation; until then NATs are reminded of it.
func TestIdle(t *testing.T) {
	k := opened(t, Options{IdleTimeout: time.Minute})
	k.Write(k.now, []byte("x"))
	k.feed(Packet{Type: State, Seq: 100, Ack: 10})
	k.taken()
	k.wait(2 * keepAlive)
	k.wantSent("reminders", Packet{Type: State, Seq: 11, Ack: 99}, Packet{Type: State, Seq: 11, Ack: 99})
	k.wait(time.Minute)
	k.wantEnd(syscall.ETIMEDOUT)
}

func TestClosing(t *testing.T) {
	fin := Packet{Type: Fin, Seq: 100, Ack: 10}
	for name, c := range map[string]struct {
		first bool // our FIN is acknowledged before theirs comes
		reset bool // how it ends
		feed  []Packet
		wait  time.Duration
	}{
		"both":            {feed: []Packet{{Type: State, Seq: 100, Ack: 10}, fin, fin}, wait: linger + time.Millisecond},
		"peer stays":      {feed: []Packet{{Type: State, Seq: 100, Ack: 10}, data(100, 10, "x")}, wait: answerToFin, reset: true},
		"peer is silent":  {wait: 10 * time.Second, reset: true},
		"peer resets":     {feed: []Packet{{Type: Reset, Seq: 100, Ack: 10}}},
		"peer went first": {feed: []Packet{{Type: Fin, Seq: 100, Ack: 9}, {Type: State, Seq: 101, Ack: 10}}, wait: linger + time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			k := opened(t, Options{})
			k.taken()
			k.Close(k.now)
			k.wantSent("close", Packet{Type: Fin, Seq: 10, Ack: 99})
			for _, p := range c.feed {
				k.feed(p)
			}
			if len(c.feed) > 1 && k.phase != open {
				t.Error("is forgotten before its time")
			}
			k.wait(c.wait)
			k.wantEnd(nil)
			sent := k.taken()
			if last := len(sent) - 1; (last >= 0 && sent[last].Type == Reset) != c.reset {
				t.Errorf("sent %+v, ended by RESET: want %v", sent, c.reset)
			}
			if k.held != 0 {
				t.Errorf("holds %d bytes", k.held)
			}
		})
	}
}

// If Close is by RESET, the peer gets what was written before.
func TestCloseByReset(t *testing.T) {
	k := opened(t, Options{CloseByReset: true})
	k.taken()
	k.Write(k.now, []byte("bye"))
	k.Close(k.now)
	k.wantSent("close", data(10, 99, ""))
	k.feed(Packet{Type: State, Seq: 100, Ack: 10})
	k.wantSent("after the ack", Packet{Type: Reset, Seq: 11, Ack: 99})
	k.wantEnd(nil)

	k = opened(t, Options{CloseByReset: true})
	k.taken()
	k.Close(k.now)
	k.wantSent("with nothing to say", Packet{Type: Reset, Seq: 10, Ack: 99})
	k.wantEnd(nil)
}

// What was written before Close comes before FIN.
func TestCloseFlushes(t *testing.T) {
	k := opened(t, Options{})
	k.taken()
	k.Write(k.now, make([]byte, 2*packetSize))
	k.Close(k.now)
	k.wantSent("close", data(10, 99, ""))
	k.feed(Packet{Type: State, Seq: 100, Ack: 10})
	k.wantSent("after an ack", data(11, 99, ""), Packet{Type: Fin, Seq: 12, Ack: 99})
	if n := k.Write(k.now, []byte("late")); n != 0 {
		t.Errorf("takes %d bytes after Close", n)
	}
}

// A peer that sends more than was offered is kept to the limits, and goes on
// when there is room again.
func TestFlood(t *testing.T) {
	k := opened(t, Options{})
	for seq := uint16(100); seq < 300; seq++ {
		k.feed(data(seq, 9, string(make([]byte, 1300))))
	}
	for seq := uint16(400); seq < 600; seq++ {
		k.feed(data(seq, 9, string(make([]byte, 1300))))
	}
	if k.held > k.most() || k.offer() != 0 {
		t.Errorf("holds %d bytes, offers %d; want no more than %d and nothing", k.held, k.offer(), k.most())
	}
	taken := k.ack
	k.taken()
	readAll(k.stream, k.now)
	if sent := k.taken(); len(sent) != 1 || sent[0].Window < uint32(k.window)/2 {
		t.Errorf("sent %+v, want the news that there is room", sent)
	}
	k.wait(16 * time.Second)
	if sent := k.taken(); len(sent) != reminders || sent[0].Window != k.offer() {
		t.Errorf("sent %+v, want the news again", sent)
	}
	k.feed(data(taken+1, 9, "on"))
	k.wantRead("on")
}

// Times of the peer slow us down at most to one packet, or up to the limit.
func TestTimesOfThePeer(t *testing.T) {
	for name, lag := range map[string]func(i int) uint32{
		"none":      func(int) uint32 { return 0 },
		"wild":      func(i int) uint32 { return uint32(i) * 0x9e3779b9 },
		"growing":   func(i int) uint32 { return uint32(i) * 50_000 },
		"shrinking": func(i int) uint32 { return -uint32(i) * 50_000 },
		"constant":  func(int) uint32 { return 5 },
	} {
		t.Run(name, func(t *testing.T) {
			w := newWindow()
			for i := range 10_000 {
				w.acked(time.Duration(i)*time.Millisecond, packetSize, w.size, lag(i))
				if w.size < packetSize || w.size > maxWindow {
					t.Fatalf("window is %d", w.size)
				}
			}
			if blind := name == "none"; blind != (w.size == blindWindow) {
				t.Errorf("window is %d in the end", w.size)
			}
			if name == "growing" && w.size > 4*packetSize || name == "constant" && w.size != maxWindow {
				t.Errorf("window is %d in the end", w.size)
			}
		})
	}
}
