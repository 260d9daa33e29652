package visit_test

import (
	"fmt"
	"strings"
	"testing"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/visit"
)

// wishes is what was told, with a "u" at readings of peers that want nothing
// and a "p" at partial seeds.
func (s *scene) wishes() string {
	var all []string
	for _, p := range s.told {
		mark := ""
		if p.UploadOnly != nil && *p.UploadOnly {
			mark += "u"
		}
		if p.PartialSeed {
			mark += "p"
		}
		all = append(all, fmt.Sprintf("%d%s@%v", p.Have, mark, p.TS.Sub(start).Seconds()))
	}
	return strings.Join(all, " ")
}

func wants(nothing bool) []byte {
	return peerwire.AppendUploadOnly(nil, visit.ExtUploadOnly, nothing)
}

// Completion announced by upload_only (BEP 21), and what it means below the
// threshold.
func TestWantsNothing(t *testing.T) {
	const libtorrent, unknown, biglyBT, uTorrent = "-LT20B0-", "-XX3000-", "-BI3500-", "-UT3550-"
	tests := []struct {
		name, id string
		run      func(*scene) // of 1000 pieces, the threshold at 980
		want     string
	}{
		{"complete, then says so", libtorrent, func(s *scene) {
			s.say(0, bitfield(1000, 970)).wait(3).say(10, have(from(970, 30)...)).say(11, wants(true)).wait(60)
		}, "970@3 979@10 980@10 1000@10"},
		{"says so in mid-conversation, lacking pieces", libtorrent, func(s *scene) {
			s.say(0, bitfield(1000, 400)).wait(3).say(20, have(400)).say(21, wants(true)).wait(21.9).wait(22).wait(60)
		}, "400@3 401u@21 401up@22"},
		{"an unknown client is given the quiet time", unknown, func(s *scene) {
			s.say(0, bitfield(1000, 400)).wait(3).say(21, wants(true)).wait(23.9).wait(24).wait(60)
		}, "400@3 400u@21 400up@24"},
		{"the last announcements come behind it", unknown, func(s *scene) {
			s.say(0, bitfield(1000, 970)).wait(3).say(21, wants(true)).say(22, have(from(970, 30)...)).wait(60)
		}, "970@3 970u@21 979u@22 980u@22 1000u@22"},
		{"some announcements behind it prolong the quiet time", unknown, func(s *scene) {
			s.say(0, bitfield(1000, 400)).wait(3).say(21, wants(true)).say(23, have(400)).wait(25.9).wait(26).wait(90)
		}, "400@3 400u@21 401up@26"},
		{"what lacks little may be a seed that has not told all", uTorrent, func(s *scene) {
			s.say(0, bitfield(1000, 900)).wait(3).say(20, have(from(900, 74)...)).say(21, wants(true)).wait(65.9).wait(66)
		}, "900@3 974u@21 974up@66"},
		{"a short selection of a client with lazy bitfields", biglyBT, func(s *scene) {
			s.say(0, bitfield(1000, 400)).wait(3).say(21, wants(true)).wait(24)
		}, "400@3 400u@21 400up@24"},
		{"a client that keeps announcements back", "-lt0D60-", func(s *scene) {
			s.say(0, bitfield(1000, 400)).wait(3).say(21, wants(true)).wait(140).wait(141)
		}, "400@3 400u@21 400up@141"},
		{"past the threshold", libtorrent, func(s *scene) {
			s.say(0, bitfield(1000, 979)).wait(3).say(20, have(979)).say(21, wants(true)).wait(22)
		}, "979@3 980@20 980u@21 980up@22"},
		{"wants more after all", libtorrent, func(s *scene) {
			s.say(0, bitfield(1000, 400)).wait(3).say(21, wants(true)).wait(22).say(30, wants(false)).wait(200)
		}, "400@3 400u@21 400up@22 400@30"},
		{"says it wants more: no news", libtorrent, func(s *scene) {
			s.say(0, bitfield(1000, 400)).wait(3).say(21, wants(false)).wait(200)
		}, "400@3"},
		{"says the same twice", libtorrent, func(s *scene) {
			s.say(0, bitfield(1000, 400)).wait(3).say(21, wants(true)).wait(22).say(30, wants(true)).wait(31)
		}, "400@3 400u@21 400up@22"},
		{"by a second extension handshake", libtorrent, func(s *scene) {
			yes := true
			s.say(0, bitfield(1000, 400)).wait(3).say(21, extHandshake(peerwire.ExtHandshake{UploadOnly: &yes})).wait(22)
		}, "400@3 400u@21 400up@22"},
		{"before its pieces", libtorrent, func(s *scene) { s.say(0, wants(true), bitfield(1000, 400)).wait(3) }, "400up@3"},
		{"before its pieces, and asked early", libtorrent, func(s *scene) {
			s.say(0, wants(true), bitfield(1000, 400)).say(1.8, unchoke()).wait(2).wait(4)
		}, "400up@1.8"},
		{"before its pieces, complete", libtorrent, func(s *scene) { s.say(0, wants(true), haveAll()) }, "1000u@0"},
		{"without any pieces it is no reading", libtorrent, func(s *scene) { s.say(0, wants(true)).wait(100) }, ""},
		{"closed right behind it", unknown, func(s *scene) {
			s.say(0, bitfield(1000, 400)).wait(3).say(21, wants(true)).end(21.5, outcome.Closed)
		}, "400@3 400u@21"},
		{"closed when it was certain but not asked", unknown, func(s *scene) {
			s.say(0, bitfield(1000, 400)).wait(3).say(21, wants(true)).end(30, outcome.Closed)
		}, "400@3 400u@21 400up@30"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, 1000)
			s.greet(peerwire.BitFast|peerwire.BitExt, [20]byte([]byte(tt.id+"abcdefghijkl")))
			tt.run(s)
			if got := s.wishes(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

// A peer that has just said that it wants nothing is not let go before its last
// announcements have had their time.
func TestExactAfterUploadOnly(t *testing.T) {
	s := play(t, 1000).say(0, bitfield(1000, 900)).wait(3)
	exact := func(want bool) {
		t.Helper()
		if r, _ := s.c.Reading(); r.Exact != want || r.PartialSeed != (want && r.UploadOnly) {
			t.Errorf("got %+v, want exact: %v", r, want)
		}
	}
	exact(true)
	s.say(10, wants(true))
	exact(false)
	if got := s.c.Due(); !got.Equal(second(13)) {
		t.Errorf("got due %v, want second 13", got.Sub(start))
	}
	s.wait(13)
	exact(true)
}
