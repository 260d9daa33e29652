package visit_test

import (
	"testing"

	"btkit/pkg/peerwire"
	"btkit/pkg/visit"
)

// How soon a reading settles while announcements keep coming depends on what
// the client is known to hold back.
func TestSettlingByClient(t *testing.T) {
	stream := func(s *scene) {
		s.say(0, bitfield(1000, 940)).say(0.5, have(940)).say(1.5, have(941)).say(2.5, have(942)).say(3.5, have(943)).say(4.5, have(944))
	}
	begins := func(s *scene) {
		s.say(0, haveNone()).say(0.5, have(1)).say(1.5, have(2)).say(2.5, have(3)).say(3.5, have(4))
	}
	tests := []struct {
		name, id string
		run      func(*scene)
		want     string
	}{
		{"libtorrent holds nothing back", "-LT20B0-", stream, "942@1.5"},
		{"Transmission holds nothing back", "-TR3000-", stream, "942@1.5"},
		{"BiglyBT holds few back", "-BI3500-", stream, "944@3.5"},
		{"an unknown client may hold back more", "-XX3000-", stream, ""},
		{"a seed of a client that holds back, between two of its haves", "-UT3550-", func(s *scene) {
			s.say(0, bitfield(1000, 976), uploadOnly()).wait(3.5).say(4, have(from(976, 24)...))
		}, "980@4 1000@4"},
		{"a partial seed of a client that holds back nothing", "-LT20B0-", func(s *scene) {
			s.say(0, bitfield(1000, 976), uploadOnly()).wait(3)
		}, "976@3"},
		{"a partial seed that lacks more than can be held back", "-UT3550-", func(s *scene) {
			s.say(0, bitfield(1000, 900), uploadOnly()).wait(3)
		}, "900@3"},
		{"a partial seed that lacks little", "-UT3550-", func(s *scene) {
			s.say(0, bitfield(1000, 976), uploadOnly()).wait(3).wait(45)
		}, "976@45"},
		{"have none and a stream, of a client that holds nothing back", "-qB4650-", begins, "3@2.5"},
		{"have none and a stream, of an unknown client", "-XX3000-", begins, "4@3.5"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, 1000)
			s.greet(peerwire.BitFast|peerwire.BitExt, [20]byte([]byte(tt.id+"abcdefghijkl")))
			tt.run(s)
			s.wantStory(tt.want)
		})
	}
}

// uploadOnly says that the peer wants nothing (BEP 21).
func uploadOnly() []byte { return peerwire.AppendUploadOnly(nil, visit.ExtUploadOnly, true) }
