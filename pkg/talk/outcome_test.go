package talk

import (
	"bytes"
	"net"
	"slices"
	"strings"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

func TestHandshakeOutcomes(t *testing.T) {
	h := theirHandshake()
	other, self := h, h
	other.InfoHash[3]++
	self.PeerID = us.PeerID
	tests := []struct {
		name  string
		run   func(*meeting)
		want  outcome.Outcome
		stage string
		known bool // whether the visit knows the peer id
	}{
		{"closed before a byte", func(m *meeting) { m.readHandshake(); m.theirs.Close() }, outcome.ClosedEarly, visit.StageHandshake, false},
		{"closed in the middle", func(m *meeting) { m.readHandshake(); m.send(h.Append(nil)[:40]); m.theirs.Close() }, outcome.Closed, visit.StageHandshake, false},
		{"reset", func(m *meeting) {
			m.readHandshake()
			_ = m.theirs.(*net.TCPConn).SetLinger(0) // a failure shows in the outcome
			m.theirs.Close()
		}, outcome.Reset, visit.StageHandshake, false},
		{"a web server", func(m *meeting) { m.readHandshake(); m.send([]byte("HTTP/1.1 400 Bad Request\r\n\r\n")) }, outcome.NotBitTorrent, visit.StageHandshake, false},
		{"an encrypted answer", func(m *meeting) { m.readHandshake(); m.send(bytes.Repeat([]byte{0xa7, 0x01}, 48)) }, outcome.Encrypted, visit.StageHandshake, false},
		{"another torrent", func(m *meeting) { m.readHandshake(); m.send(other.Append(nil)) }, outcome.WrongInfoHash, visit.StageOpen, true},
		{"ourselves", func(m *meeting) { m.readHandshake(); m.send(self.Append(nil)) }, outcome.Self, visit.StageOpen, true},
		{"closed behind it", func(m *meeting) { m.hello(h); m.greeting(); m.theirs.Close() }, outcome.Closed, visit.StageOpen, true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := open(t, scene{})
			tt.run(m)
			v := m.wantEnd(tt.want)
			if v.Stage != tt.stage || (v.PeerID != "") != tt.known {
				t.Errorf("got stage %q and peer id %q, want %q and known: %v", v.Stage, v.PeerID, tt.stage, tt.known)
			}
		})
	}
}

// greeting reads the two messages of our greeting, so that closing is no reset.
func (m *meeting) greeting() {
	m.next()
	m.next()
}

func TestHandshakeDeadline(t *testing.T) {
	tests := []struct {
		name string
		sent int
	}{{"silent", 0}, {"stops in the middle", 50}, {"stops before the last byte", 67}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := open(t, scene{manner: Manner{Handshake: 30 * time.Millisecond}})
			m.readHandshake()
			m.send(theirHandshake().Append(nil)[:tt.sent])
			m.wantEnd(outcome.Timeout)
		})
	}
}

// A peer that sends a byte now and then does not prolong the deadline: had each
// byte a deadline of its own, the handshake would succeed.
func TestHandshakeDeadlineIsForAllOfIt(t *testing.T) {
	m := open(t, scene{manner: Manner{Handshake: 100 * time.Millisecond}})
	m.readHandshake()
	for _, b := range theirHandshake().Append(nil) {
		if _, err := m.theirs.Write([]byte{b}); err != nil {
			break // we have hung up
		}
		time.Sleep(5 * time.Millisecond)
	}
	m.wantEnd(outcome.Timeout)
}

func TestConversationOutcomes(t *testing.T) {
	extended := func(b ...byte) []byte { return peerwire.AppendExtended(nil, 0, b) }
	tests := []struct {
		name   string
		frames [][]byte
		want   outcome.Outcome
	}{
		{"a seed is let go", [][]byte{peerwire.AppendHaveAll(nil)}, outcome.OK},
		{"above the threshold and content", [][]byte{extended([]byte("d11:upload_onlyi1ee")...), bitfield(100, 98)}, outcome.OK},
		{"wants nothing", [][]byte{extended([]byte("d11:upload_onlyi1ee")...), bitfield(100, 50)}, outcome.OK},
		{"hides its pieces", [][]byte{peerwire.AppendHaveNone(nil), peerwire.AppendHave(nil, 7)}, outcome.OK},
		{"a lying index", [][]byte{peerwire.AppendHave(nil, 100)}, outcome.BadIndex},
		{"a bitfield too short", [][]byte{bitfield(90, 50)}, outcome.BadBitfield},
		{"content", [][]byte{peerwire.AppendPiece(nil, 0, 0, make([]byte, 16384))}, outcome.BadPayload},
		{"a frame too large", [][]byte{{0x00, 0x20, 0, 1}}, outcome.TooLarge},
		{"a frame that makes no sense", [][]byte{{0, 0, 0, 4, 4, 0, 0, 1}}, outcome.Malformed},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := open(t, scene{})
			m.hello(theirHandshake())
			m.send(tt.frames...)
			m.wantEnd(tt.want)
		})
	}
}

func TestTooMuchIsRefused(t *testing.T) {
	m := open(t, scene{})
	m.hello(theirHandshake())
	chatter := bytes.Repeat(peerwire.AppendExtended(nil, 99, make([]byte, 60000)), 4)
	for range budget/len(chatter) + 2 {
		if _, err := m.theirs.Write(chatter); err != nil {
			break // we have hung up
		}
	}
	m.wantEnd(outcome.TooLarge)
}

func TestHybridAnswersWithItsOtherHash(t *testing.T) {
	v2 := strings.Repeat("cd", 32)
	tests := []struct {
		name, v2 string
		want     outcome.Outcome
	}{{"hybrid", v2, outcome.OK}, {"not a hybrid", "", outcome.WrongInfoHash}}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := open(t, scene{v2: tt.v2})
			h := theirHandshake()
			copy(h.InfoHash[:], bytes.Repeat([]byte{0xcd}, 20))
			m.readHandshake()
			m.send(append(h.Append(nil), peerwire.AppendHaveAll(nil)...))
			m.wantEnd(tt.want)
		})
	}
}

func TestSilence(t *testing.T) {
	t.Run("not held", func(t *testing.T) {
		m := open(t, scene{manner: Manner{Silence: 20 * time.Millisecond}})
		m.hello(theirHandshake())
		m.send(peerwire.AppendUnchoke(nil))
		m.wantEnd(outcome.Timeout)
		if len(m.silent) != 1 || len(m.told) != 0 {
			t.Errorf("got %d questions and %d readings, want 1 and 0", len(m.silent), len(m.told))
		}
	})
	t.Run("held", func(t *testing.T) {
		m := open(t, scene{manner: Manner{Silence: 20 * time.Millisecond}, host: func(w *witness) { w.hold = true }})
		m.hello(theirHandshake())
		wait(t, "the question", m.silent)
		m.send(bitfield(100, 40))
		if p := wait(t, "the reading", m.told); p.Have != 40 {
			t.Errorf("got %d pieces, want 40 after the silence", p.Have)
		}
		m.c.Leave()
		m.wantEnd(outcome.OK)
		if len(m.silent) != 0 {
			t.Errorf("got %d more questions, want one in all", len(m.silent))
		}
	})
	t.Run("spoken in time", func(t *testing.T) {
		m := open(t, scene{manner: Manner{Silence: 30 * time.Millisecond, Hold: 120 * time.Millisecond}})
		m.hello(theirHandshake())
		m.send(peerwire.AppendHaveNone(nil))
		m.wantEnd(outcome.OK)
		if len(m.silent) != 0 || len(m.told) != 1 {
			t.Errorf("got %d questions and %d readings, want 0 and 1", len(m.silent), len(m.told))
		}
	})
}

// The conversation goes on beyond the threshold, so that the completion is seen
// as well.
func TestHoldUntilComplete(t *testing.T) {
	m := open(t, scene{})
	m.hello(theirHandshake())
	m.send(bitfield(100, 90))
	wait(t, "the first reading", m.told)
	for i := uint32(90); i < 100; i++ {
		m.send(peerwire.AppendHave(nil, i))
	}
	v := m.wantEnd(outcome.OK)
	var got []int64
	for len(m.told) > 0 {
		got = append(got, (<-m.told).Have)
	}
	if !slices.Equal(got, []int64{97, 98, 100}) || v.Have == nil || *v.Have != 100 || v.Stage != visit.StageSettled {
		t.Errorf("got readings %v and %+v, want 97, 98 and 100, and the peer let go", got, v)
	}
}

func TestOnce(t *testing.T) {
	m := open(t, scene{manner: Manner{Once: true}})
	m.hello(theirHandshake())
	m.send(bitfield(100, 50))
	v := m.wantEnd(outcome.OK)
	if v.Stage != visit.StageSettled || len(m.told) != 1 {
		t.Errorf("got stage %q and %d readings, want one settled reading", v.Stage, len(m.told))
	}
}

func TestHoldHasAnEnd(t *testing.T) {
	m := open(t, scene{manner: Manner{Hold: 50 * time.Millisecond}})
	m.hello(theirHandshake())
	m.send(bitfield(100, 50))
	m.wantEnd(outcome.OK)
}

func TestLeave(t *testing.T) {
	tests := []struct {
		name string
		run  func(*meeting)
		want outcome.Outcome
	}{
		{"before it began", func(m *meeting) { m.c.Leave(); m.begin(m.c.Open) }, outcome.Canceled},
		{"in the handshake", func(m *meeting) { m.begin(m.c.Open); m.readHandshake(); m.c.Leave() }, outcome.Canceled},
		{"in the middle", func(m *meeting) { m.begin(m.c.Open); m.hello(theirHandshake()); m.next(); m.c.Leave() }, outcome.OK},
		{"twice", func(m *meeting) { m.begin(m.c.Open); m.hello(theirHandshake()); m.next(); m.c.Leave(); m.c.Leave() }, outcome.OK},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := set(t, scene{})
			tt.run(m)
			m.wantEnd(tt.want)
		})
	}
}

// late is a stream on which the n-th deadline is set just after somebody else
// has asked to leave, which it undoes.
type late struct {
	net.Conn
	n     int
	asked func()
}

func (l *late) SetReadDeadline(t time.Time) error {
	if l.n--; l.n == 0 {
		l.asked()
	}
	return l.Conn.SetReadDeadline(t)
}

func TestLeaveIsNotForgotten(t *testing.T) {
	for _, tt := range []struct {
		name string
		n    int
		want outcome.Outcome
	}{{"in the handshake", 1, outcome.Canceled}, {"in the first round", 2, outcome.OK}, {"in a later round", 3, outcome.OK}} {
		t.Run(tt.name, func(t *testing.T) {
			m := set(t, scene{})
			m.c.conn = &late{Conn: m.c.conn, n: tt.n, asked: m.c.Leave}
			m.c.stream = m.c.conn
			m.begin(m.c.Open)
			if tt.n > 1 {
				m.hello(theirHandshake())
				m.greeting()
				m.send(bitfield(100, 50))
			}
			m.wantEnd(tt.want)
		})
	}
}

func TestPexIsPassedOn(t *testing.T) {
	m := open(t, scene{})
	m.hello(theirHandshake())
	peers := []peerwire.PexPeer{{Addr: addr("192.0.2.1:6881"), Flags: 2}, {Addr: addr("127.0.0.2:7")}, {Addr: addr("[2001:db8::1]:8"), Flags: 1}}
	m.send(peerwire.AppendExtended(nil, visit.ExtPex, []byte("no dictionary")), peerwire.AppendPex(nil, visit.ExtPex, nil, peers),
		peerwire.AppendPex(nil, visit.ExtPex, peers, nil))
	got := wait(t, "the addresses", m.exchanged)
	if len(got) != 3 || got[0] != peers[0] || got[1] != peers[1] || got[2] != peers[2] {
		t.Errorf("got %v, want %v: the choice is the host's", got, peers)
	}
	m.c.Leave()
	m.wantEnd(outcome.OK)
	if len(m.exchanged) != 0 {
		t.Errorf("got %d more lists, want none for nothing added", len(m.exchanged))
	}
}

func TestManyHavesInManyPieces(t *testing.T) {
	m := open(t, scene{pieces: 5000, rules: visit.Rules{Quiet: patience, Longest: patience, Sample: time.Hour}})
	m.hello(theirHandshake())
	var all []byte
	for i := range uint32(5000) {
		all = peerwire.AppendHave(all, i)
	}
	for len(all) > 0 { // cut at odd places, over the size of both buffers
		n := min(len(all), 777)
		m.send(all[:n])
		all = all[n:]
	}
	m.wantEnd(outcome.OK)
	var last *record.Progress
	for len(m.told) > 0 {
		last = <-m.told
	}
	if last == nil || last.Have != 5000 || !last.Complete {
		t.Errorf("got %+v, want all 5000 pieces", last)
	}
}
