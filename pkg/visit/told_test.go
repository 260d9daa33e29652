package visit_test

import (
	"encoding/base64"
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

func TestTold(t *testing.T) {
	tests := []struct {
		name string
		run  func(*scene) // settled at second 3 with 90 of 100 pieces
		want string
	}{
		{"once", func(s *scene) { s.wait(4).wait(600) }, "90@3"},
		{"a change within the sample interval", func(s *scene) { s.say(10, have(90)).wait(11) }, "90@3"},
		{"a change, when the interval is over", func(s *scene) { s.say(10, have(90)).say(20, have(91)).wait(62.9).wait(63) }, "90@3 92@20"},
		{"several intervals", func(s *scene) { s.say(10, have(90)).wait(63).say(70, have(91)).wait(123).wait(200) }, "90@3 91@10 92@70"},
		{"a change after a long time", func(s *scene) { s.say(500, have(90)) }, "90@3 91@500"},
		{"the crossing from the value told", func(s *scene) { s.say(10, have(from(90, 7)...)).wait(63).say(65, have(97)) }, "90@3 97@10 98@65"},
		{"the crossing with the last value below", func(s *scene) { s.say(10, have(90)).say(11, have(from(91, 6)...)).say(12, have(97)) }, "90@3 97@11 98@12"},
		{"the crossing among the messages of one read", func(s *scene) { s.say(10, have(from(90, 10)...)) }, "90@3 97@10 98@10 100@10"},
		{"the crossing in one step", func(s *scene) { s.say(10, bitfield(100, 99)) }, "90@3 99@10"},
		{"complete in one step", func(s *scene) { s.say(10, haveAll()) }, "90@3 100@10"},
		{"above the threshold it waits for the interval", func(s *scene) { s.say(10, have(from(90, 8)...)).say(20, have(98)).wait(69).wait(70) }, "90@3 97@10 98@10 99@20"},
		{"complete at once", func(s *scene) { s.say(10, have(from(90, 8)...)).say(20, have(98)).say(21, have(99)) }, "90@3 97@10 98@10 100@21"},
		{"a fall at once", func(s *scene) { s.say(10, dontHave(0)) }, "90@3 89@10"},
		{"a fall below what was told only", func(s *scene) { s.say(10, have(90, 91)).say(20, dontHave(0)) }, "90@3"},
		{"the end tells what is left", func(s *scene) { s.say(10, have(90)); s.end(20, outcome.Closed) }, "90@3 91@10"},
		{"the end has nothing to tell", func(s *scene) { s.end(20, outcome.Closed) }, "90@3"},
		{"up and down again", func(s *scene) { s.say(10, have(90)).say(11, dontHave(90)).wait(100) }, "90@3"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, 100).say(0, bitfield(100, 90)).wait(3)
			tt.run(s)
			s.wantStory(tt.want)
			if s.err != nil {
				t.Errorf("got %v, want no error", s.err)
			}
		})
	}
}

func dontHave(i uint32) []byte { return peerwire.AppendDontHave(nil, visit.ExtDontHave, i) }

func TestProgressRecord(t *testing.T) {
	s := playAs(t, 100, visit.Start{Direction: visit.In}, peerwire.BitFast|peerwire.BitExt)
	s.say(1, extHandshake(peerwire.ExtHandshake{V: "Transmission 4.0.5", P: 51413, UploadOnly: record.Bool(true)}), bitfield(100, 12)).wait(4)
	want := record.Progress{InfoHash: infohash, IP: s.c.Addr().Addr(), Port: 6881, Session: 7, Direction: "in", ListenPort: 51413,
		PeerID: "2d5858333030302d6162636465666768696a6b6c", Client: "Transmission 4.0.5", Have: 12, Pieces: 100, Need: 98,
		PieceBytes: 1 << 18, How: "bitfield", Settled: true, UploadOnly: record.Bool(true), PartialSeed: true}
	want.TS = second(4)
	if len(s.told) != 1 {
		t.Fatalf("got %d records, want 1", len(s.told))
	}
	if got, want := string(record.Append(nil, s.told[0])), string(record.Append(nil, &want)); got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
}

func TestBitfieldIsOptIn(t *testing.T) {
	for _, on := range []bool{false, true} {
		start := startOf(0)
		start.Rules.Bitfield = on
		s := playAs(t, 20, start, peerwire.BitFast).say(1, bitfield(20, 9)).wait(4)
		want := ""
		if on {
			want = base64.StdEncoding.EncodeToString([]byte{0xff, 0x80, 0})
		}
		if len(s.told) != 1 || s.told[0].BitfieldB64 != want {
			t.Errorf("opt-in %v: got %+v, want bitfield %q", on, s.told, want)
		}
	}
}

func TestBitfieldBelongsToItsReading(t *testing.T) {
	start := startOf(0)
	start.Rules.Bitfield = true
	s := playAs(t, 100, start, peerwire.BitFast).say(0, bitfield(100, 90)).wait(3).say(10, have(from(90, 7)...)).say(11, have(97))
	s.wantStory("90@3 97@10 98@11")
	for _, p := range s.told {
		raw, err := base64.StdEncoding.DecodeString(p.BitfieldB64)
		if err != nil {
			t.Fatal(err)
		}
		if p.BitfieldB64 == "" {
			continue
		}
		b := peerwire.NewBitfield(100)
		if _, err := b.Load(raw); err != nil || int64(b.Count()) != p.Have {
			t.Errorf("got a bitfield of %d pieces beside %d (%v), want as many", b.Count(), p.Have, err)
		}
	}
}

func TestSampleInterval(t *testing.T) {
	s := playAs(t, 100, startOf(10*time.Second), peerwire.BitFast).say(0, bitfield(100, 50)).wait(3)
	for i := range 30 {
		s.say(4+float64(i), have(uint32(50+i)))
	}
	s.wantStory("50@3 60@13 70@23 80@33")
}

func TestReading(t *testing.T) {
	s := play(t, 100)
	if r, ok := s.c.Reading(); ok {
		t.Errorf("got %+v before any announcement, want none", r)
	}
	s.say(1, bitfield(100, 40))
	if r, ok := s.c.Reading(); !ok || r.Settled || r.Have != 40 || r.Pieces != 100 || r.Need != 98 {
		t.Errorf("got %+v, %v, want 40 of 100, not settled", r, ok)
	}
}

func TestCanCross(t *testing.T) {
	tests := []struct {
		name string
		r    visit.Reading
		want bool
	}{
		{"below", visit.Reading{Have: 97, Need: 98, Pieces: 100}, true},
		{"at the threshold", visit.Reading{Have: 98, Need: 98, Pieces: 100}, false},
		{"complete", visit.Reading{Have: 100, Need: 98, Pieces: 100, Complete: true}, false},
		{"wants nothing", visit.Reading{Have: 5, Need: 98, Pieces: 100, UploadOnly: true}, false},
		{"hides", visit.Reading{Have: 1, Need: 98, Pieces: 100, SuperSeed: true}, false},
	}
	for _, tt := range tests {
		if got := tt.r.CanCross(); got != tt.want {
			t.Errorf("%s: got %v, want %v", tt.name, got, tt.want)
		}
	}
}
