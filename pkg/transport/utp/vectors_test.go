package utp

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"testing"
	"time"
)

type hexBytes []byte

func (h *hexBytes) UnmarshalText(text []byte) error {
	b, err := hex.DecodeString(string(text))
	*h = b
	return err
}

type packetVector struct {
	Name         string
	Type         Type
	ConnectionID uint16 `json:"connection_id"`
	Timestamp    uint32
	TimestampLag uint32 `json:"timestamp_diff"`
	Window       uint32 `json:"wnd_size"`
	Seq          uint16 `json:"seq_nr"`
	Ack          uint16 `json:"ack_nr"`
	Payload      hexBytes
	Bytes        hexBytes
}

type vectors struct {
	Packets      []packetVector
	SelectiveAck []struct {
		Ack      uint16 `json:"ack_nr"`
		Received []uint16
		Mask     hexBytes `json:"mask4"`
	} `json:"selective_ack"`
	Less [][3]any `json:"sequence_compare_less"`
	RTT  struct {
		Samples []struct {
			SampleMS  float64 `json:"sample_ms"`
			RTT, Var  float64
			TimeoutMS float64 `json:"timeout_ms"`
		}
		Doubling []float64
	}
	Reject []struct {
		Why   string
		Bytes hexBytes
	}
	Session struct {
		R, S  uint16
		Steps []struct {
			From, Note string
			Bytes      hexBytes
		}
		ProberReceives hexBytes `json:"prober_receives"`
		ProberSends    hexBytes `json:"prober_sends"`
	}
}

func load(t testing.TB) vectors {
	t.Helper()
	text, err := os.ReadFile("testdata/utp.json")
	if err != nil {
		t.Fatal(err)
	}
	var v vectors
	if err := json.Unmarshal(text, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

func TestPackets(t *testing.T) {
	masks := map[string][]byte{
		"state_with_selective_ack":    {0x85, 1, 0, 0x80},
		"unknown_extension_then_sack": {0x85, 1, 0, 0x80},
	}
	for _, v := range load(t).Packets {
		t.Run(v.Name, func(t *testing.T) {
			want := Packet{Type: v.Type, ConnectionID: v.ConnectionID, Timestamp: v.Timestamp, TimestampLag: v.TimestampLag,
				Window: v.Window, Seq: v.Seq, Ack: v.Ack, SelectiveAck: masks[v.Name], Payload: []byte(v.Payload)}
			if v.Name == "close_reason_extension_3" {
				want.CloseReason = 15
			}
			got, err := Decode(v.Bytes)
			if err != nil || !same(got, want) {
				t.Errorf("got %+v, %v, want %+v", got, err, want)
			}
			if !IsPacket(v.Bytes) {
				t.Error("is not taken for uTP")
			}
			if v.Name == "unknown_extension_then_sack" {
				return // what we don't know we don't write
			}
			if got := want.Append(nil); !bytes.Equal(got, v.Bytes) {
				t.Errorf("encodes to %x, want %x", got, v.Bytes)
			}
		})
	}
}

func same(a, b Packet) bool {
	x, y := a, b
	x.SelectiveAck, y.SelectiveAck, x.Payload, y.Payload = nil, nil, nil, nil
	return bytes.Equal(a.SelectiveAck, b.SelectiveAck) && bytes.Equal(a.Payload, b.Payload) &&
		x.Type == y.Type && x.ConnectionID == y.ConnectionID && x.Timestamp == y.Timestamp && x.TimestampLag == y.TimestampLag &&
		x.Window == y.Window && x.Seq == y.Seq && x.Ack == y.Ack && x.CloseReason == y.CloseReason
}

func TestReject(t *testing.T) {
	for _, v := range load(t).Reject {
		t.Run(v.Why, func(t *testing.T) {
			if p, err := Decode(v.Bytes); err == nil {
				t.Errorf("got %+v, want an error", p)
			}
		})
	}
}

func TestMask(t *testing.T) {
	for _, v := range load(t).SelectiveAck {
		got := Mask(v.Ack, v.Received)
		if !bytes.Equal(got, v.Mask) {
			t.Errorf("mask of %v over %d is %x, want %x", v.Received, v.Ack, got, v.Mask)
		}
		for ahead := uint16(2); ahead < 2+32; ahead++ {
			seq, want := v.Ack+ahead, false
			for _, r := range v.Received {
				want = want || r == seq
			}
			if got := masked(v.Mask, v.Ack, seq); got != want {
				t.Errorf("mask %x over %d has %d: %v, want %v", v.Mask, v.Ack, seq, got, want)
			}
		}
	}
	if got := Mask(10, []uint16{9, 10, 11, 5000}); got != nil {
		t.Errorf("mask of numbers out of reach is %x, want none", got)
	}
}

func TestBefore(t *testing.T) {
	for _, v := range load(t).Less {
		a, b, want := uint16(v[0].(float64)), uint16(v[1].(float64)), v[2].(bool)
		if got := before(a, b); got != want {
			t.Errorf("%d before %d: %v, want %v", a, b, got, want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	v := load(t).RTT
	near := func(got time.Duration, ms float64) bool { return math.Abs(float64(got)/1e6-ms) < 1e-3 }
	r := roundTrip{known: true} // the vectors start at zero
	for i, s := range v.Samples {
		r.sample(time.Duration(s.SampleMS * float64(time.Millisecond)))
		if !near(r.mean, s.RTT) || !near(r.deviation, s.Var) || !near(r.timeout(), s.TimeoutMS) {
			t.Errorf("sample %d: got %v, %v, timeout %v; want %v, %v, %v ms", i, r.mean, r.deviation, r.timeout(), s.RTT, s.Var, s.TimeoutMS)
		}
	}
	var fresh roundTrip
	for i, ms := range v.Doubling {
		fresh.backoff = uint8(i)
		if got := fresh.timeout(); !near(got, ms) {
			t.Errorf("timeout %d is %v, want %v ms", i, got, ms)
		}
	}
	if fresh.backoff = 200; fresh.timeout() != maxTimeout {
		t.Errorf("timeout after many is %v, want %v", fresh.timeout(), maxTimeout)
	}
	fresh.sample(80 * time.Millisecond)
	if fresh.mean != 80*time.Millisecond || fresh.deviation != 40*time.Millisecond {
		t.Errorf("first sample gives %v, %v, want itself and half of it", fresh.mean, fresh.deviation)
	}
}

// The scripted session: the prober must send what the script says it sends, in
// that order, and read what was meant for it.
func TestSession(t *testing.T) {
	v := load(t).Session
	var sent [][]byte
	s := dialled(time.Second, Options{}.limits(), v.R, 1, func(b []byte) error {
		sent = append(sent, bytes.Clone(b))
		return nil
	})
	now := time.Second
	s.Tick(now)
	var got []byte
	for i, step := range v.Steps {
		now += 50 * time.Millisecond
		if step.From == "peer" {
			p, err := Decode(step.Bytes)
			if err != nil {
				t.Fatal(err)
			}
			s.Feed(now, &p)
			got = append(got, readAll(s, now)...)
			continue
		}
		switch i {
		case 2:
			s.Write(now, v.ProberSends)
		case 9:
			s.Close(now)
		}
		if sent = afterPacket(sent, step.Bytes); sent == nil {
			t.Fatalf("step %d (%s): not sent: %x", i, step.Note, step.Bytes)
		}
	}
	if !bytes.Equal(got, v.ProberReceives) {
		t.Errorf("received %x, want %x", got, v.ProberReceives)
	}
	if len(s.packets) > 0 || s.stage != waiting {
		t.Errorf("%d packets unacknowledged, stage %d; want the FIN acknowledged", len(s.packets), s.stage)
	}
}

// afterPacket finds a packet among those sent and gives what follows it, not
// nil. The clock of the script is not ours, and its window never shrinks.
func afterPacket(sent [][]byte, want []byte) [][]byte {
	w, _ := Decode(want)
	for i, b := range sent {
		p, err := Decode(b)
		p.Timestamp, p.TimestampLag, p.Window = w.Timestamp, w.TimestampLag, max(p.Window, w.Window)
		if err == nil && same(p, w) {
			return sent[i+1 : len(sent) : len(sent)]
		}
	}
	return nil
}

func readAll(s *stream, now time.Duration) []byte {
	var all []byte
	b := make([]byte, 700)
	for {
		n := s.Read(now, b)
		if n == 0 {
			return all
		}
		all = append(all, b[:n]...)
	}
}
