package visit_test

import (
	"math"
	"testing"

	"btkit/pkg/outcome"
)

// stream lets the peer get so many pieces a second.
func (s *scene) stream(from, to int, first, perSecond uint32) {
	for i := from; i < to; i++ {
		for k := range perSecond {
			s.say(float64(i)+0.5, have(first+uint32(i-from)*perSecond+k))
		}
	}
}

func TestRate(t *testing.T) {
	tests := []struct {
		name string
		run  func(*scene)
		want float64 // -1 for none
	}{
		{"nothing said", func(s *scene) {}, -1},
		{"not settled", func(s *scene) { s.say(0, bitfield(10000, 100)) }, -1},
		{"just settled", func(s *scene) { s.say(0, bitfield(10000, 100)).wait(3) }, -1},
		{"a steady stream", func(s *scene) { s.say(0, bitfield(10000, 100)).wait(3); s.stream(3, 103, 100, 5); s.wait(103) }, 5},
		{"a stream that began a moment ago", func(s *scene) { s.say(0, bitfield(10000, 100)).wait(3).say(5, have(from(100, 50)...)) }, -1},
		{"the burst behind a lazy bitfield", func(s *scene) {
			s.say(0, bitfield(10000, 9000)).say(0.5, have(from(9000, 60)...)).say(1, have(from(9060, 60)...)).wait(4).wait(64)
		}, 0},
		{"the burst, then a stream", func(s *scene) {
			s.say(0, bitfield(10000, 9000)).say(0.5, have(from(9000, 60)...)).wait(3.5)
			s.stream(4, 34, 9100, 2)
			s.wait(33.5)
		}, 2},
		{"standing still", func(s *scene) { s.say(0, bitfield(10000, 100)).wait(3).wait(200) }, 0},
		{"a stream that stopped", func(s *scene) {
			s.say(0, bitfield(10000, 100)).wait(3)
			s.stream(3, 103, 100, 4)
			s.wait(183)
		}, 400.0 / 180},
		{"faster than before", func(s *scene) {
			s.say(0, bitfield(10000, 100)).wait(3)
			s.stream(3, 203, 100, 1)
			s.stream(203, 403, 300, 10)
			s.wait(403)
		}, 10},
		{"pieces that take long", func(s *scene) {
			s.say(0, bitfield(10000, 100)).wait(3)
			for i := range 30 {
				s.say(float64(3+40*(i+1)), have(uint32(100+i)))
			}
		}, 1.0 / 40},
		{"long pieces that come in pairs", func(s *scene) {
			s.say(0, bitfield(10000, 100)).wait(3)
			for i := range 20 {
				s.say(float64(3+120*i+100), have(uint32(100+2*i))).say(float64(3+120*i+120), have(uint32(101+2*i)))
			}
		}, 1.0 / 60},
		{"all at once is no speed", func(s *scene) {
			s.say(0, bitfield(10000, 100)).wait(3)
			s.stream(3, 63, 100, 1)
			s.say(63, bitfield(10000, 5000)).wait(64)
		}, -1},
		{"a stream behind a second bitfield", func(s *scene) {
			s.say(0, bitfield(10000, 100)).wait(3).say(63, bitfield(10000, 5000)).wait(64)
			s.stream(64, 94, 5000, 3)
			s.wait(94)
		}, 3},
		{"taken back", func(s *scene) {
			s.say(0, bitfield(10000, 100)).wait(3)
			s.stream(3, 63, 100, 1)
			s.say(63, dontHave(5))
		}, -1},
		{"at the end", func(s *scene) {
			s.say(0, bitfield(10000, 100)).wait(3)
			s.stream(3, 63, 100, 1)
			s.end(123, outcome.Closed)
		}, 0.5},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, 10000)
			tt.run(s)
			got, ok := s.c.Rate()
			if ok != (tt.want >= 0) || ok && math.Abs(got-tt.want) > 0.05*tt.want+1e-9 {
				t.Errorf("got %v, %v, want %v", got, ok, tt.want)
			}
		})
	}
}
