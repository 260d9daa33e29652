package refusal_test

import (
	"slices"
	"testing"
	"time"
	"unsafe"

	"btkit/pkg/outcome"
	"btkit/pkg/refusal"
	"btkit/pkg/ways"
)

var noon = time.Date(2026, 11, 20, 12, 0, 0, 0, time.UTC)

// step is an attempt so many seconds after noon. Its number in the story is its
// session.
type step struct {
	at int
	refusal.Attempt
}

func tried(at int, w ways.Way, stage string, how outcome.Outcome, change ...func(*refusal.Attempt)) step {
	s := step{at, refusal.Attempt{Way: w, Stage: stage, Outcome: how}}
	for _, c := range change {
		c(&s.Attempt)
	}
	return s
}

func closed(at int, w ways.Way, change ...func(*refusal.Attempt)) step {
	return tried(at, w, "handshake", outcome.ClosedEarly, change...)
}

func took(at int, w ways.Way, change ...func(*refusal.Attempt)) step {
	return tried(at, w, "settled", outcome.OK, change...)
}

func missed(at int, how outcome.Outcome) step { return tried(at, ways.TCP, "dial", how) }

func besides(a *refusal.Attempt)  { a.Beside = true }
func incoming(a *refusal.Attempt) { a.Incoming = true }
func answered(a *refusal.Attempt) { a.Answered = true }

func elsewhere(e refusal.Elsewhere) func(*refusal.Attempt) {
	return func(a *refusal.Attempt) { a.Elsewhere = e }
}

func has(n int64) func(*refusal.Attempt) {
	return func(a *refusal.Attempt) { a.Read, a.First, a.Have = true, n, n }
}

// grows has so many pieces at first, and so many at the end.
func grows(from, to int64) func(*refusal.Attempt) {
	return func(a *refusal.Attempt) { a.Read, a.First, a.Have = true, from, to }
}

func complete(a *refusal.Attempt) { a.Read, a.First, a.Have, a.Complete = true, 100, 100, true }

// since began so many seconds after noon.
func since(s int) func(*refusal.Attempt) {
	return func(a *refusal.Attempt) { a.Began = noon.Add(time.Duration(s) * time.Second) }
}

func play(steps []step) (h refusal.History, verdicts []refusal.Verdict) {
	for i, s := range steps {
		s.Session, s.At = uint64(i+1), noon.Add(time.Duration(s.at)*time.Second)
		v, _ := h.Add(s.Attempt)
		verdicts = append(verdicts, v)
	}
	return h, verdicts
}

const (
	plain = ways.TCP
	mse   = ways.TCPEncrypted
)

// verdict is a story, and what it says of the latest refusal.
type verdict struct {
	name  string
	steps []step
	want  refusal.Verdict
}

func check(t *testing.T, tests []verdict) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h, _ := play(tt.steps)
			if got := h.Verdict(); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
		})
	}
}

func TestFull(t *testing.T) {
	refused := elsewhere(refusal.Refused)
	check(t, []verdict{
		{"nothing yet", nil, refusal.Verdict{}},
		{"never refused", []step{took(0, plain), missed(60, outcome.Timeout)}, refusal.Verdict{}},
		{"one refusal", []step{closed(0, plain)}, refusal.Verdict{refusal.Full, 0.4, 1}},
		{"two alike", []step{closed(0, plain), closed(60, plain)}, refusal.Verdict{refusal.Full, 0.4, 2}},
		{"both sides", []step{closed(0, plain), closed(10, mse)}, refusal.Verdict{refusal.Full, 0.5, 2}},
		{"a way that worked", []step{took(0, plain), closed(60, plain)}, refusal.Verdict{refusal.Full, 0.5, 2}},
		{"refuses another torrent, too", []step{closed(0, plain, refused)}, refusal.Verdict{refusal.Full, 0.5, 1}},
		{"refuses and comes by itself", []step{closed(0, plain), took(60, mse, incoming)}, refusal.Verdict{refusal.Full, 0.5, 1}},
		{"all that speaks for full", []step{took(0, plain), closed(60, mse), closed(90, plain, refused), took(99, plain, incoming)},
			refusal.Verdict{refusal.Full, 0.8, 3}},
	})
}

func TestTransport(t *testing.T) {
	both := []step{closed(0, plain), closed(10, mse)}
	check(t, []verdict{
		{"uTP taken at once", append(both, took(20, ways.UTP)), refusal.Verdict{refusal.Transport, 0.6, 2}},
		{"uTP taken at once, encrypted", append(both, took(20, ways.UTPEncrypted)), refusal.Verdict{refusal.Transport, 0.6, 2}},
		{"uTP taken much later", append(both, took(7200, ways.UTPEncrypted)), refusal.Verdict{refusal.Full, 0.8, 2}},
		{"uTP taken, later TCP", append(both, took(20, ways.UTP), took(600, mse)), refusal.Verdict{refusal.Full, 0.8, 2}},
		{"TCP had been taken", []step{took(0, plain), closed(60, plain), closed(70, mse), took(80, ways.UTPEncrypted)}, refusal.Verdict{refusal.Full, 0.8, 3}},
		{"one side refused only", []step{closed(0, plain), took(20, ways.UTP)}, refusal.Verdict{refusal.Transport, 0.5, 1}},
	})
}

func TestEncryption(t *testing.T) {
	check(t, []verdict{
		{"encrypted taken at once", []step{closed(0, plain), took(10, mse)}, refusal.Verdict{refusal.Encryption, 0.7, 1}},
		{"encrypted taken at once and held for long", []step{closed(0, plain), took(7200, mse, since(10))}, refusal.Verdict{refusal.Encryption, 0.7, 1}},
		{"encrypted taken within the hour", []step{closed(0, plain), took(1200, mse)}, refusal.Verdict{refusal.Full, 0.6, 1}},
		{"encrypted taken much later", []step{closed(0, plain), took(7200, mse)}, refusal.Verdict{refusal.Full, 0.6, 1}},
		{"encrypted taken, later plain", []step{closed(0, plain), took(10, mse), took(600, plain)}, refusal.Verdict{refusal.Full, 0.8, 1}},
		{"encrypted taken, plain had been", []step{took(0, plain), closed(300, plain), took(310, mse)}, refusal.Verdict{refusal.Full, 0.7, 2}},
		{"encrypted taken at the second try", []step{closed(0, plain), closed(10, mse), closed(60, plain), took(70, mse)},
			refusal.Verdict{refusal.Full, 0.7, 3}},
		{"encrypted taken at the second try, much later", []step{closed(0, mse), closed(10, plain), took(7200, mse)},
			refusal.Verdict{refusal.Full, 0.7, 2}},
		{"speaks no encryption", []step{closed(0, mse), took(10, plain)}, refusal.Verdict{refusal.Full, 0.6, 1}},
		{"plain refused twice", []step{closed(0, plain), closed(60, plain), took(70, mse)}, refusal.Verdict{refusal.Encryption, 0.85, 2}},
		{"speaks encryption, but not now", []step{closed(0, mse, answered), took(10, plain)}, refusal.Verdict{refusal.Full, 0.7, 1}},
		{"closes behind its half of the encryption", []step{tried(0, mse, "handshake", outcome.Closed, answered)}, refusal.Verdict{refusal.Full, 0.4, 1}},
		{"both refused, then plain taken", []step{closed(0, plain), closed(10, mse), took(60, plain)}, refusal.Verdict{refusal.Full, 0.7, 2}},
		{"both refused, then the same taken", []step{closed(0, plain), closed(10, mse), took(60, mse)}, refusal.Verdict{refusal.Full, 0.8, 2}},
		{"refused and taken again", []step{closed(0, plain), took(60, plain)}, refusal.Verdict{refusal.Full, 0.8, 1}},
		{"over uTP", []step{closed(0, ways.UTP), took(10, ways.UTPEncrypted)}, refusal.Verdict{refusal.Encryption, 0.7, 1}},
		{"a new story after an answer", []step{closed(0, mse), closed(10, plain), took(60, plain), closed(120, plain), took(130, mse)},
			refusal.Verdict{refusal.Full, 0.7, 4}},
	})
}

func TestDuplicate(t *testing.T) {
	check(t, []verdict{
		{"beside another conversation", []step{closed(0, plain, besides)}, refusal.Verdict{refusal.Duplicate, 0.9, 1}},
		{"beside another, later alone", []step{closed(0, plain, besides), took(60, plain)}, refusal.Verdict{refusal.Duplicate, 0.95, 1}},
		{"beside another, later alone but refused", []step{closed(0, plain, besides), closed(60, plain)}, refusal.Verdict{refusal.Full, 0.4, 2}},
	})
}

func TestElsewhereTaken(t *testing.T) {
	other := elsewhere(refusal.Took)
	check(t, []verdict{
		{"takes another torrent, not this", []step{closed(0, plain, other)}, refusal.Verdict{refusal.NotThisTorrent, 0.6, 1}},
		{"again and again", []step{closed(0, plain, other), closed(60, mse, other), closed(300, plain, other), closed(600, mse, other)},
			refusal.Verdict{refusal.NotThisTorrent, 0.8, 4}},
		{"takes another, was read in this", []step{took(0, plain, has(50)), closed(60, plain, other)}, refusal.Verdict{refusal.Paused, 0.6, 2}},
		{"and has the same afterwards", []step{took(0, plain, has(50)), closed(60, plain, other), took(900, plain, has(50))},
			refusal.Verdict{refusal.Paused, 0.85, 2}},
		{"and the same at first", []step{took(0, plain, has(50)), closed(60, plain, other), took(900, plain, grows(50, 60))},
			refusal.Verdict{refusal.Paused, 0.85, 2}},
		{"and has more afterwards", []step{took(0, plain, has(50)), closed(60, plain, other), took(900, plain, has(51))},
			refusal.Verdict{refusal.Full, 0.8, 2}},
		{"and tells nothing afterwards", []step{took(0, plain, has(50)), closed(60, plain, other), took(900, plain)},
			refusal.Verdict{refusal.Paused, 0.6, 2}},
		{"a seed has the same in any case", []step{took(0, plain, complete), closed(60, plain, other), took(900, plain, complete)},
			refusal.Verdict{refusal.Paused, 0.6, 2}},
		{"later readings say nothing of the pause", []step{took(0, plain, has(50)), closed(60, plain, other), took(900, plain, has(50)), took(999, plain, has(60))},
			refusal.Verdict{refusal.Paused, 0.85, 2}},
	})
}

func TestGone(t *testing.T) {
	check(t, []verdict{
		{"cannot be reached afterwards", []step{closed(0, plain), missed(60, outcome.Timeout)}, refusal.Verdict{refusal.Gone, 0.45, 1}},
		{"its port is closed afterwards", []step{closed(0, plain), missed(60, outcome.Refused)}, refusal.Verdict{refusal.Gone, 0.6, 1}},
		{"for long", []step{closed(0, plain), missed(60, outcome.Timeout), missed(180, outcome.Refused), missed(3600, outcome.Refused), missed(7200, outcome.Unreachable)},
			refusal.Verdict{refusal.Gone, 0.95, 1}},
		{"but is there again", []step{closed(0, plain), missed(60, outcome.Timeout), took(180, plain)}, refusal.Verdict{refusal.Full, 0.8, 1}},
		{"but its system is there again", []step{closed(0, plain), missed(60, outcome.Timeout), tried(180, plain, "handshake", outcome.Timeout)},
			refusal.Verdict{refusal.Full, 0.4, 1}},
		{"cannot be reached much later", []step{closed(0, plain), missed(7200, outcome.Timeout)}, refusal.Verdict{refusal.Full, 0.4, 1}},
		{"cannot be reached over uTP", []step{closed(0, plain), tried(60, ways.UTP, "dial", outcome.Timeout)}, refusal.Verdict{refusal.Full, 0.4, 1}},
	})
}

func TestWhatCounts(t *testing.T) {
	check(t, []verdict{
		{"reset before a byte", []step{tried(0, plain, "handshake", outcome.Reset)}, refusal.Verdict{refusal.Full, 0.4, 1}},
		{"reset behind a byte", []step{tried(0, plain, "handshake", outcome.Reset, answered)}, refusal.Verdict{}},
		{"closed behind a byte", []step{tried(0, plain, "handshake", outcome.Closed, answered)}, refusal.Verdict{}},
		{"our own fault", []step{tried(0, plain, "dial", outcome.LocalError), tried(9, plain, "handshake", outcome.Canceled)}, refusal.Verdict{}},
		{"another torrent's handshake", []step{closed(0, plain), tried(9, plain, "open", outcome.WrongInfoHash)}, refusal.Verdict{refusal.Full, 0.4, 1}},
		{"a caller that hangs up", []step{closed(0, plain, incoming)}, refusal.Verdict{}},
	})
}

func TestEveryReasonCanBeReached(t *testing.T) {
	seen := map[refusal.Reason]bool{}
	for _, steps := range [][]step{
		{closed(0, plain)}, {closed(0, plain), took(10, mse)}, {closed(0, plain), closed(10, mse), took(20, ways.UTP)},
		{closed(0, plain, besides)}, {closed(0, plain, elsewhere(refusal.Took))},
		{took(0, plain, has(1)), closed(60, plain, elsewhere(refusal.Took))}, {closed(0, plain), missed(60, outcome.Refused)},
	} {
		h, _ := play(steps)
		seen[h.Verdict().Reason] = true
	}
	for _, r := range refusal.Reasons {
		if !seen[r] {
			t.Errorf("no story leads to %q", r)
		}
	}
	if len(seen) != len(refusal.Reasons) {
		t.Errorf("got %v, want only those of %v", seen, refusal.Reasons)
	}
}

func TestAddSaysWhatChanged(t *testing.T) {
	var h refusal.History
	steps := []step{took(0, plain), closed(60, plain), missed(120, outcome.Canceled), took(180, plain), took(240, plain)}
	var got []bool
	for i, s := range steps {
		s.Session, s.At = uint64(i+1), noon.Add(time.Duration(s.at)*time.Second)
		v, changed := h.Add(s.Attempt)
		got = append(got, changed)
		if v != h.Verdict() {
			t.Errorf("step %d: got %+v, want what Verdict says, %+v", i, v, h.Verdict())
		}
	}
	if want := []bool{false, true, false, true, false}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// The more of the same is seen, the surer a reason is.
func TestMoreEvidenceIsSurer(t *testing.T) {
	other := elsewhere(refusal.Took)
	stories := map[string][]step{
		"gone":             {closed(0, plain), missed(60, outcome.Timeout), missed(120, outcome.Timeout), missed(300, outcome.Refused), missed(900, outcome.Timeout)},
		"not this torrent": {closed(0, plain, other), closed(60, mse, other), closed(120, plain, other)},
		"paused":           {took(0, plain, has(9)), closed(60, mse, other), closed(120, plain, other), took(900, plain, has(9))},
		"duplicate":        {closed(0, plain, besides), took(60, plain)},
		"full":             {closed(0, plain), closed(10, mse), took(60, mse)},
	}
	for name, steps := range stories {
		t.Run(name, func(t *testing.T) {
			_, verdicts := play(steps)
			for i := 1; i < len(verdicts); i++ {
				a, b := verdicts[i-1], verdicts[i]
				if a.Reason == b.Reason && b.Sure < a.Sure {
					t.Errorf("step %d: got %+v after %+v, want it no less sure", i+1, b, a)
				}
			}
		})
	}
}

func TestHistoryIsSmall(t *testing.T) {
	if got := unsafe.Sizeof(refusal.History{}); got > 40 {
		t.Errorf("got %d bytes for each peer, want at most 40", got)
	}
}

func TestAddress(t *testing.T) {
	at := func(s int) time.Time { return noon.Add(time.Duration(s) * time.Second) }
	var a refusal.Address
	if got := a.Elsewhere(1, noon); got != refusal.Unknown {
		t.Errorf("of a new address: got %v, want unknown", got)
	}
	a.Note(1, at(0), refusal.Took)
	a.Note(2, at(30), refusal.Refused)
	a.Note(2, at(60), refusal.Refused)
	tests := map[string]struct {
		torrent uint64
		at      int
		want    refusal.Elsewhere
	}{
		"the second knows of the first":  {2, 60, refusal.Took},
		"the first knows of the second":  {1, 60, refusal.Refused},
		"taken says more than refused":   {3, 60, refusal.Took},
		"that was long ago":              {2, 200, refusal.Unknown},
		"what comes soon after counts":   {2, -100, refusal.Took},
		"what comes much later does not": {2, -200, refusal.Unknown},
	}
	for name, tt := range tests {
		if got := a.Elsewhere(tt.torrent, at(tt.at)); got != tt.want {
			t.Errorf("%s: got %v, want %v", name, got, tt.want)
		}
	}
	a.Note(3, at(90), refusal.Took)
	if got := a.Elsewhere(2, at(90)); got != refusal.Took {
		t.Errorf("after a third: got %v, want that it was taken", got)
	}
	if got := a.Elsewhere(3, at(150)); got != refusal.Refused {
		t.Errorf("of the others long after the first: got %v, want that the second was refused", got)
	}
}

// FuzzAdd: whatever attempts come in whatever order, a verdict is of the list,
// is sure between 0 and 1, and is about a visit that was refused.
func FuzzAdd(f *testing.F) {
	f.Add([]byte{0x61, 0, 0, 0x61, 1, 9})
	f.Add([]byte{0x61, 0x20, 0, 0x01, 0, 200, 0x30, 0x41, 1, 0x63, 9, 9})
	stages := []string{"dial", "handshake", "open", "settled", ""}
	outcomes := append([]outcome.Outcome{outcome.ClosedEarly, outcome.Reset, outcome.Timeout, outcome.Refused}, outcome.All...)
	f.Fuzz(func(t *testing.T, script []byte) {
		var h refusal.History
		early := map[uint64]bool{}
		at := noon
		for i := 0; i+2 < len(script); i += 3 {
			b, c, d := script[i], script[i+1], script[i+2]
			at = at.Add(time.Duration(int8(d)) * time.Duration(1+int(d)*int(d)) * time.Second)
			a := refusal.Attempt{At: at, Session: uint64(i + 1), Stage: stages[int(b)%len(stages)], Outcome: outcomes[int(c)%len(outcomes)],
				Way: ways.Way(d % 5), Incoming: b&0x10 != 0, Answered: b&0x20 != 0, Beside: b&0x40 != 0,
				Elsewhere: refusal.Elsewhere(c % 3), Read: d&1 != 0, First: int64(c), Have: int64(d) << (c % 64), Complete: c&4 != 0}
			early[a.Session] = a.Stage == "handshake" && !a.Incoming
			v, changed := h.Add(a)
			if v == (refusal.Verdict{}) {
				if changed {
					t.Fatalf("step %d: forgot a refusal", i)
				}
				continue
			}
			if !slices.Contains(refusal.Reasons, v.Reason) || v.Sure <= 0 || v.Sure > 1 || !early[v.Session] {
				t.Fatalf("step %d: got %+v", i, v)
			}
		}
	})
}
