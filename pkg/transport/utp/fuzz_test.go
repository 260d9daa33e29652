package utp

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"testing"
	"time"
)

// Property: what is accepted reads the same after it has been written again,
// and no part of it lies outside the datagram.
func FuzzPacket(f *testing.F) {
	v := load(f)
	for _, p := range v.Packets {
		f.Add([]byte(p.Bytes))
	}
	for _, p := range v.Reject {
		f.Add([]byte(p.Bytes))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := Decode(b)
		if err != nil {
			return
		}
		if !IsPacket(b) || HeaderLen+len(p.SelectiveAck)+len(p.Payload) > len(b) {
			t.Fatalf("%x gives %+v, which is more", b, p)
		}
		again, err := Decode(p.Append(nil))
		if err != nil || !same(again, p) {
			t.Fatalf("%+v reads as %+v, %v", p, again, err)
		}
	})
}

// Property: whatever the network loses, copies, delays and turns over, what one
// side reads is what the other has written up to some point, nothing is held
// in the end, and both sides come to an end.
func FuzzTransfer(f *testing.F) {
	f.Add(uint64(1), uint8(0), uint8(0), uint8(0), uint16(3000), uint16(9000))
	f.Add(uint64(2), uint8(60), uint8(100), uint8(200), uint16(40000), uint16(9))
	f.Add(uint64(3), uint8(200), uint8(10), uint8(250), uint16(65535), uint16(1300))
	f.Fuzz(func(t *testing.T, seed uint64, loss, copies, jitter uint8, out, back uint16) {
		w := weather{loss: float64(loss) / 512, copies: float64(copies) / 512, delay: 5 * time.Millisecond, jitter: time.Duration(jitter) * time.Millisecond}
		a, b := content(int(out), 3), content(int(back), 4)
		sim := simulate(seed, w, Options{Tries: 4}.limits(), a, b)
		steps := 0
		for sim.step() {
			if steps++; steps == 100_000 {
				t.Fatalf("no end after %v", sim.now)
			}
			other := sim.sides[1]
			if s := sim.sides[0]; s.written == len(a) && len(s.in) == len(b) && other.stream != nil && len(other.in) == len(a) || sim.now > 10*time.Minute {
				s.Close(sim.now)
			}
		}
		for i, want := range [][]byte{b, a} {
			s := sim.sides[i]
			if !bytes.HasPrefix(want, s.in) {
				t.Fatalf("side %d reads %d bytes that nobody wrote", i, len(s.in))
			}
			if s.stream != nil && (s.held != 0 || s.phase != dead) {
				t.Fatalf("side %d holds %d bytes in the end, phase %d", i, s.held, s.phase)
			}
		}
	})
}

// payloadOf is what our hostile peer says in packet seq: always the same.
func payloadOf(seq uint16) []byte {
	return bytes.Repeat([]byte{byte(seq), byte(seq >> 8), 0x5a}, 1+int(seq%7)*50)
}

// Property: a peer may send any packets in any order, and our user may do what
// he likes: what is read are the peer's packets in order from its first one,
// memory stays below what the limits say, every packet costs a bounded number
// of answers, and there is never a time that comes again and again.
func FuzzConn(f *testing.F) {
	f.Add(uint16(7), []byte{0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 1, 3, 0, 0, 8, 0, 0, 0})
	f.Add(uint16(65534), []byte{0, 2, 0, 0, 0, 3, 0, 0, 0, 2, 9, 0, 0, 2, 9, 0, 0, 1, 0, 0, 7, 200, 0, 0, 11, 255, 0, 0, 2, 0, 1, 255, 5, 100, 0, 0})
	f.Add(uint16(1), []byte{9, 0, 0, 0, 6, 255, 255, 0, 2, 0, 4, 15, 10, 0, 0, 0, 11, 60, 0, 0, 1, 1, 1, 1, 11, 100, 0, 0})
	f.Fuzz(func(t *testing.T, first uint16, script []byte) {
		h := &hostile{now: time.Second, first: first}
		h.stream = dialled(h.now, Options{Memory: 1 << 20}.limits(), 77, 1000, func([]byte) error {
			h.answers++
			return nil
		})
		h.Tick(h.now)
		h.Feed(h.now, &Packet{Type: State, ConnectionID: 77, Seq: first, Ack: 1000, Window: 5000})
		for len(script) >= 4 {
			h.act(script[0], script[1], script[2], script[3])
			h.check(t)
			script = script[4:]
		}
		for h.phase != dead {
			h.now = max(h.Due(), h.now)
			h.Tick(h.now)
			h.check(t)
		}
		if h.forgetUnread(); h.held != 0 || h.store.left.Load() != 1<<20 {
			t.Fatalf("holds %d bytes in the end", h.held)
		}
	})
}

// hostile is a conversation whose peer is the fuzzer.
type hostile struct {
	*stream
	now     time.Duration
	first   uint16
	answers int
	in      []byte
}

func (h *hostile) act(what, a, b, c byte) {
	h.answers = 0
	p := Packet{Type: Type(what % 5), Seq: h.ack + uint16(int8(a)), Ack: h.next() - 1 + uint16(int8(b)), Timestamp: uint32(c), TimestampLag: uint32(c) << 24, Window: uint32(c) << 8}
	switch what % 12 {
	case 0, 1:
		if p.Type == Data {
			p.Payload = payloadOf(p.Seq)
		}
		h.Feed(h.now, &p)
	case 2, 3:
		p.Type, p.SelectiveAck = State, []byte{a, b, c, a}
		h.Feed(h.now, &p)
	case 4:
		p.Seq, p.Ack, p.Type = h.ack+uint16(a)<<8+uint16(b), h.next()-1, Data
		p.Payload = payloadOf(p.Seq)
		h.Feed(h.now, &p)
	case 5:
		got := make([]byte, int(a)*20)
		h.in = append(h.in, got[:h.Read(h.now, got)]...)
	case 6:
		h.Write(h.now, make([]byte, int(a)*256+int(b)))
	case 7:
		h.now += time.Duration(a) * time.Millisecond
	case 8:
		h.in = append(h.in, readAll(h.stream, h.now)...)
	case 9:
		for i := range uint16(c) {
			h.Feed(h.now, &Packet{Type: Data, Seq: h.ack + 2 + i, Ack: h.next() - 1, Payload: payloadOf(h.ack + 2 + i), Window: 1 << 16})
			h.answers = 0
		}
	case 10:
		h.Close(h.now)
	case 11:
		h.now = max(h.now, min(h.Due(), h.now+time.Duration(a)*time.Second))
		h.Tick(h.now)
	}
}

func (h *hostile) check(t *testing.T) {
	t.Helper()
	var want []byte
	seq := h.first
	if h.skewed {
		seq++
	}
	for ; len(want) < len(h.in); seq++ {
		want = append(want, payloadOf(seq)...)
	}
	if !bytes.Equal(h.in, want[:len(h.in)]) {
		t.Fatalf("read %d bytes that are not the packets from %d on", len(h.in), h.first)
	}
	if h.held < 0 || h.toRead < 0 || h.held > h.most() || len(h.early) > maxAhead || h.queued > h.limits.queue || h.flown > maxFlown {
		t.Fatalf("holds %d bytes and %d packets, queues %d in %d", h.held, len(h.early), h.queued, h.flown)
	}
	if h.answers > maxFlown+3 {
		t.Fatalf("%d answers to one thing", h.answers)
	}
	for ticks := 0; h.phase != dead && h.Due() <= h.now; ticks++ {
		if ticks == 3 {
			t.Fatalf("due again and again at %v", h.now)
		}
		h.Tick(h.now)
	}
}

// Property: whatever strangers send to the port, the tables stay within their
// limits and nobody gets more bytes of answers than he has sent.
func FuzzStrangers(f *testing.F) {
	for _, p := range load(f).Packets {
		f.Add([]byte(p.Bytes))
	}
	f.Add([]byte("d1:ad2:id20:abcdefghij0123456789"))
	f.Fuzz(func(t *testing.T, script []byte) {
		n := newFakeNet(1, weather{})
		defer n.late.Wait()
		s := newSocket(n.open("10.0.0.1:1"), Options{Backlog: 2, MaxConns: 3, MaxHalf: 4})
		meter := &meter{wire: s.wire}
		s.wire = meter
		for at := 0; at < len(script); at += 24 {
			b := bytes.Clone(script[at:min(at+48, len(script))])
			peer := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 0, 1, script[at] >> 5}), 9)
			meter.steer(b)
			sent := meter.bytes
			s.handle(b, peer)
			// A second packet opens, and is answered by an ack with an empty mask at most.
			if meter.bytes-sent > len(b)+8 {
				t.Fatalf("%d bytes are answered by %d", len(b), meter.bytes-sent)
			}
		}
		if len(s.conns) > 3 || len(s.half.guests) > 4 || len(s.half.order) > 4 || len(s.backlog) > 2 {
			t.Fatalf("%d conversations, %d strangers in %d places", len(s.conns), len(s.half.guests), len(s.half.order))
		}
	})
}

// meter counts what is sent, and keeps the number of the last SYN-ACK.
type meter struct {
	wire
	bytes int
	seq   uint16
}

func (m *meter) write(b []byte, to netip.AddrPort) error {
	m.bytes += len(b)
	if p, err := Decode(b); err == nil && p.Type == State {
		m.seq = p.Seq
	}
	return nil
}

// steer lets the fuzzer find the right ack, which it could only guess.
func (m *meter) steer(b []byte) {
	if len(b) >= HeaderLen && b[18] == 0x5a {
		binary.BigEndian.PutUint16(b[18:], m.seq-1)
	}
}
