package visit_test

import (
	"fmt"
	"strings"
	"testing"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/visit"
)

// marked is what was told, with an "h" at readings of a seed that may hide.
func (s *scene) marked() string {
	var all []string
	for _, p := range s.told {
		mark := ""
		if p.SuperSeed {
			mark = "h"
		}
		all = append(all, fmt.Sprintf("%d%s@%v", p.Have, mark, p.TS.Sub(start).Seconds()))
	}
	return strings.Join(all, " ")
}

// A seed that stops hiding shows all pieces at once. The readings on the way up
// must not look like those of a leecher.
func TestSeedThatStopsHiding(t *testing.T) {
	tests := []struct {
		name string
		run  func(*scene)
		want string
	}{
		{"with haves, in one read", func(s *scene) { s.say(0, haveNone()).wait(3).say(500, have(from(0, 1000)...)) }, "0@3 1@500 979h@500 980@500 1000@500"},
		{"with haves, in two seconds", func(s *scene) {
			s.say(0, haveNone()).wait(3).say(500, have(from(0, 400)...)).wait(501).say(502, have(from(400, 600)...))
		}, "0@3 1@500 979h@502 980@502 1000@502"},
		{"with have all", func(s *scene) { s.say(0, haveNone()).wait(3).say(500, haveAll()) }, "0@3 1000@500"},
		{"with a bitfield", func(s *scene) { s.say(0, bitfield(1000, 0)).wait(3).say(500, bitfield(1000, 1000)) }, "0@3 1000@500"},
		{"after some pieces that others passed on", func(s *scene) {
			s.say(0, haveNone()).wait(3)
			for i := range 12 {
				s.say(float64(100*i+100), have(uint32(i)))
			}
			s.say(1500, have(from(12, 988)...))
		}, "0@3 1@100 2@200 3@300 4@400 5@500 6@600 7@700 8@800 9@900 10@1000 11@1100 12@1200 979h@1500 980@1500 1000@1500"},
		{"closed on the way", func(s *scene) {
			s.say(0, haveNone()).wait(3).say(500, have(from(0, 400)...)).end(501, outcome.Closed)
		}, "0@3 1@500 400h@500"},
		{"a leecher shows more for a while", func(s *scene) {
			s.say(0, haveNone()).wait(3).say(10, have(from(0, 13)...)).say(12, have(13)).wait(12.9).wait(13).say(40, have(from(14, 986)...))
		}, "0@3 14@13 979@40 980@40 1000@40"},
		{"a leecher that was loading when it settled", func(s *scene) {
			s.say(0, haveNone())
			for i := range 10 {
				s.say(1+float64(i)/2, have(from(uint32(10*i), 10)...))
			}
			s.wait(7)
		}, "71@4.5"},
		{"a leecher that began with a piece", func(s *scene) { s.say(0, bitfield(1000, 1)).wait(3).say(500, haveAll()) }, "1@3 1000@500"},
		{"a bitfield of some in mid-conversation", func(s *scene) {
			s.say(0, haveNone()).wait(3).say(500, bitfield(1000, 400)).wait(503)
		}, "0@3 400@503"},
		{"what it had when the number of pieces was not known", func(s *scene) {
			s.say(0, haveNone()).say(10, have(from(0, 40)...))
			s.torrent.Learn(1000, 0, 1)
			s.wait(10.5).wait(12.9).wait(13)
		}, "40@13"},
		{"a torrent of few pieces", func(s *scene) {
			s.torrent.Learn(8, 0, 1)
			s.say(0, haveNone()).wait(3).say(4, have(from(0, 8)...))
		}, "0@3 7@4 8@4"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			pieces := int64(1000)
			if strings.Contains(tt.name, "few") || strings.Contains(tt.name, "not known") {
				pieces = 0
			}
			s := play(t, pieces)
			tt.run(s)
			if got := s.marked(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A seed that hides its pieces is no partial seed, though it wants nothing.
func TestHidingSeedThatWantsNothing(t *testing.T) {
	s := play(t, 1000).say(0, wants(true), haveNone(), have(5)).wait(45)
	if len(s.told) != 1 || !s.told[0].SuperSeed || s.told[0].PartialSeed {
		t.Errorf("got %+v, want one reading of a hiding seed", s.told)
	}
}

// While it is open whether a peer has just stopped hiding, Due says when that
// is decided.
func TestDueWhileItMayHide(t *testing.T) {
	s := play(t, 1000).say(0, haveNone()).wait(3).say(100, have(from(0, 50)...))
	if got := s.c.Due(); !got.Equal(second(103)) {
		t.Errorf("got %v, want second 103", got.Sub(start))
	}
	s.wait(103).wantStory("0@3 1@100 50@103")
}

// rTorrent without a piece says nothing, and so does one that hides all of its
// own: silence is no reading. What follows on it is read like what follows on
// "have none".
func TestSilenceIsNoReading(t *testing.T) {
	rTorrent := [20]byte([]byte("-lt0D60-abcdefghijkl"))
	stream := func(s *scene) {
		for i := range 40 {
			s.say(30+float64(i)/4, have(from(uint32(10*i), 10)...))
		}
	}
	tests := []struct {
		name string
		id   [20]byte
		run  func(*scene)
		want string
	}{
		{"silent", rTorrent, func(s *scene) { s.say(1, keepAlive()).wait(1000).end(1001, outcome.Closed) }, ""},
		{"silent, of an unknown client", peerID, func(s *scene) { s.say(1, keepAlive()).wait(1000).end(1001, outcome.Closed) }, ""},
		{"silent, then a stream", rTorrent, stream, "131@33.25"},
		{"silent, then a stream, of an unknown client", peerID, stream, ""},
		{"silent, then all pieces", rTorrent, func(s *scene) { s.say(30, have(from(0, 1000)...)) }, "1000@30"},
		{"silent, then one piece", rTorrent, func(s *scene) { s.say(30, have(4)).wait(33) }, "1h@33"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := playAs(t, 1000, visit.Start{}, peerwire.BitExt)
			s.greet(peerwire.BitExt, tt.id)
			tt.run(s)
			if got := s.marked(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
