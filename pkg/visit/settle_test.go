package visit_test

import (
	"testing"
	"time"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/visit"
)

// startOf is a start with a sample interval, 0 for the usual rules.
func startOf(sample time.Duration) (s visit.Start) {
	s.Rules = visit.DefaultRules()
	if sample > 0 {
		s.Rules.Sample = sample
	}
	return s
}

func TestSettling(t *testing.T) {
	tests := []struct {
		name string
		run  func(*scene)
		want string // what was told: pieces and second
	}{
		{"quiet after a bitfield", func(s *scene) {
			s.say(1, bitfield(1000, 500)).wait(2).wait(3.999).wait(4).wait(5)
		}, "500@4"},
		{"other messages do not matter", func(s *scene) {
			s.say(1, bitfield(1000, 500)).say(2, unchoke()).say(3, keepAlive()).say(4, unchoke()).wait(5)
		}, "500@4"},
		{"complete by bitfield, at once", func(s *scene) { s.say(1, bitfield(1000, 1000)) }, "1000@1"},
		{"complete by have all, at once", func(s *scene) { s.say(1, haveAll()) }, "1000@1"},
		{"complete by a lazy bitfield and haves", func(s *scene) {
			s.say(1, bitfield(1000, 975)).say(1.5, have(from(975, 24)...)).say(2, have(999))
		}, "1000@2"},
		{"haves begin the quiet anew", func(s *scene) {
			s.say(1, bitfield(1000, 970)).say(3, have(970)).say(5, have(971)).wait(6).wait(8)
		}, "972@8"},
		{"slow haves settle at 45 s at the latest", func(s *scene) {
			s.say(1, bitfield(1000, 930))
			for i := range 44 {
				s.say(2+float64(i), have(uint32(930+i)))
			}
			s.wait(46)
		}, "974@46"},
		{"past the threshold it cannot fall back", func(s *scene) {
			s.say(1, bitfield(1000, 978)).say(2, have(978)).say(3, have(979)).say(4, have(980)).say(5, have(981))
		}, "981@4"},
		{"a stream far below the threshold settles after the quiet time", func(s *scene) {
			s.say(0, bitfield(1000, 100)).say(1, have(100)).say(2, have(101)).say(2.9, have(102)).say(3, have(103))
		}, "104@3"},
		{"a stream within reach of the threshold does not", func(s *scene) {
			s.say(0, bitfield(1000, 920)).say(1, have(920)).say(2, have(921)).say(2.9, have(922)).say(3, have(923)).say(5, have(924))
		}, ""},
		{"a stream that used up what can be hidden does", func(s *scene) {
			s.say(0, bitfield(1000, 850)).say(1, have(from(850, 60)...)).say(3, have(910))
		}, "911@3"},
		{"a stream without a bitfield waits", func(s *scene) {
			s.say(0, have(1)).say(1, have(2)).say(2, have(3)).say(3, have(4)).say(4, have(5)).wait(7)
		}, "5@7"},
		{"have none", func(s *scene) { s.say(1, haveNone()).wait(4) }, "0@4"},
		{"an empty bitfield", func(s *scene) { s.say(1, bitfield(1000, 0)).wait(4) }, "0@4"},
		{"nothing said is not zero", func(s *scene) { s.say(1, unchoke(), keepAlive()).wait(100) }, ""},
		{"closed before it settled", func(s *scene) { s.say(1, bitfield(1000, 500)).end(2, outcome.Closed) }, ""},
		{"closed when it was settled but not asked", func(s *scene) { s.say(1, bitfield(1000, 500)).end(5, outcome.Closed) }, "500@5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, 1000)
			tt.run(s)
			s.wantStory(tt.want)
			if s.err != nil {
				t.Errorf("got %v, want no error", s.err)
			}
			for _, p := range s.told {
				if !p.Settled || p.Complete != (p.Have == 1000) || p.Pieces != 1000 || p.Need != 980 {
					t.Errorf("got %+v, want a settled reading of 1000 pieces with the threshold at 980", p)
				}
			}
		})
	}
}

func TestStageSettled(t *testing.T) {
	s := play(t, 1000)
	stages := []string{s.c.Stage()}
	s.say(1, bitfield(1000, 500))
	stages = append(stages, s.c.Stage())
	s.wait(4)
	stages = append(stages, s.c.Stage())
	want := []string{visit.StageOpen, visit.StageOpen, visit.StageSettled}
	for i := range want {
		if stages[i] != want[i] {
			t.Errorf("got stages %q, want %q", stages, want)
			break
		}
	}
}

func TestHow(t *testing.T) {
	tests := []struct {
		name  string
		frame [][]byte
		want  string
		have  int64
	}{
		{"bitfield", [][]byte{bitfield(1000, 7)}, "bitfield", 7},
		{"have", [][]byte{have(3)}, "have", 1},
		{"have all", [][]byte{haveAll()}, "have-all", 1000},
		{"have none", [][]byte{haveNone()}, "have-none", 0},
		{"have none and haves", [][]byte{haveNone(), have(1, 2, 3)}, "have-none", 3},
		{"bitfield and haves", [][]byte{bitfield(1000, 7), have(8)}, "bitfield", 8},
		{"haves and bitfield", [][]byte{have(900), bitfield(1000, 7)}, "bitfield", 8},
		{"the same have twice", [][]byte{have(900, 900)}, "have", 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, 1000).say(1, tt.frame...).wait(60)
			if len(s.told) != 1 || s.told[0].How != tt.want || s.told[0].Have != tt.have {
				t.Errorf("got %q by %+v, want %d by %q", s.story(), s.told, tt.have, tt.want)
			}
		})
	}
}

func TestOrderOfAnnouncements(t *testing.T) {
	tests := []struct {
		name   string
		frames [][]byte
		have   int64
		odd    []string
	}{
		{"have before bitfield", [][]byte{have(90, 91), bitfield(100, 10)}, 12, []string{"have-before-bitfield"}},
		{"second bitfield replaces", [][]byte{bitfield(100, 50), bitfield(100, 10)}, 10, []string{"second-bitfield"}},
		{"second bitfield and haves between", [][]byte{bitfield(100, 50), have(60), bitfield(100, 10), have(61)}, 11, []string{"second-bitfield"}},
		{"have all after a bitfield", [][]byte{bitfield(100, 50), haveAll()}, 100, []string{"second-bitfield"}},
		{"bitfield after have all replaces", [][]byte{haveAll(), bitfield(100, 50)}, 50, []string{"second-bitfield"}},
		{"have none after a bitfield", [][]byte{bitfield(100, 50), haveNone()}, 50, []string{"second-bitfield"}},
		{"bitfield after have none", [][]byte{haveNone(), bitfield(100, 50)}, 50, nil},
		{"bitfield behind other messages", [][]byte{unchoke(), keepAlive(), extHandshake(peerwire.ExtHandshake{V: "x"}), bitfield(100, 50)}, 50, nil},
		{"spare bits", [][]byte{peerwire.AppendBitfield(nil, append(make([]byte, 12), 0x0f))}, 0, []string{"spare-bits"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, 100).say(1, tt.frames...)
			if r, ok := s.c.Reading(); !ok || r.Have != tt.have {
				t.Errorf("got %+v, want %d pieces (%v)", r, tt.have, s.err)
			}
			s.wantOdd(tt.odd...)
		})
	}
}

func TestDue(t *testing.T) {
	tests := []struct {
		name string
		run  func(*scene)
		want float64 // second, -1 for not before another message
	}{
		{"nothing said", func(s *scene) { s.say(1, unchoke()) }, -1},
		{"bitfield", func(s *scene) { s.say(1, bitfield(1000, 5)) }, 4},
		{"have", func(s *scene) { s.say(1, bitfield(1000, 5)).say(2, have(10)) }, 5},
		{"longest", func(s *scene) {
			s.say(1, bitfield(1000, 940))
			for i := range 44 {
				s.say(1.5+float64(i), have(uint32(940+i)))
			}
		}, 46},
		{"settled, nothing new", func(s *scene) { s.say(1, bitfield(1000, 5)).wait(4) }, -1},
		{"settled, something new", func(s *scene) { s.say(1, bitfield(1000, 5)).wait(4).say(10, have(10)) }, 64},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, 1000)
			tt.run(s)
			want := time.Time{}
			if tt.want >= 0 {
				want = second(tt.want)
			}
			if got := s.c.Due(); !got.Equal(want) {
				t.Errorf("got %v, want %v", got, want)
			}
		})
	}
}
