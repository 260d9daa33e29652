package confirm

import (
	"net/netip"
	"testing"

	"btkit/pkg/record"
)

// counts are the classes of a tally.
type counts struct{ confirmed, firstComplete, partial, super, censored int64 }

func countsOf(f *Fold) (c counts) {
	for _, t := range f.Tallies() {
		c.confirmed += t.Confirmed
		c.firstComplete += t.FirstComplete
		c.partial += t.PartialSeeds
		c.super += t.SuperSeeds
		c.censored += t.Censored
	}
	return c
}

func TestClasses(t *testing.T) {
	tests := []struct {
		name     string
		readings []*record.Progress
		want     counts
	}{
		{"below", []*record.Progress{see(0, 97)}, counts{censored: 1}},
		{"first read at the threshold", []*record.Progress{see(0, 98)}, counts{firstComplete: 1}},
		{"first read complete, falls, rises", []*record.Progress{see(0, 100), see(60, 50), see(120, 100)}, counts{firstComplete: 1}},
		{"crossed", []*record.Progress{see(0, 97), see(60, 98)}, counts{confirmed: 1}},
		{"crossed in one conversation", []*record.Progress{see(0, 97, session(1)), see(0, 98, session(1))}, counts{confirmed: 1}},
		{"crossed, then falls", []*record.Progress{see(0, 97), see(60, 98), see(120, 3)}, counts{confirmed: 1}},
		{"crossed, then upload only", []*record.Progress{see(0, 97), see(60, 98), see(120, 98, uploadOnly)}, counts{confirmed: 1}},

		{"unsettled below", []*record.Progress{see(0, 50, unsettled), see(60, 99)}, counts{firstComplete: 1}},
		{"unsettled above", []*record.Progress{see(0, 50), see(60, 99, unsettled)}, counts{censored: 1}},
		{"only unsettled", []*record.Progress{see(0, 50, unsettled), see(60, 99, unsettled)}, counts{}},
		{"older below after above", []*record.Progress{see(60, 99), see(0, 50), see(120, 100)}, counts{firstComplete: 1}},
		{"older above after below", []*record.Progress{see(60, 50), see(0, 99)}, counts{censored: 1}},

		{"more than all pieces", []*record.Progress{see(0, 50), see(60, 101)}, counts{censored: 1}},
		{"fewer than none", []*record.Progress{see(0, -1), see(60, 99)}, counts{firstComplete: 1}},
		{"threshold not said, so 98 %", []*record.Progress{see(0, 97, need(0)), see(60, 98, need(0))}, counts{confirmed: 1}},
		{"pieces beyond 32 bits", []*record.Progress{see(0, 0, pieces(1<<40)), see(60, 1<<32, pieces(1<<40), need(1<<32))}, counts{}},
		{"a threshold that nobody reaches", []*record.Progress{see(0, 50, need(101)), see(60, 100, need(101))}, counts{censored: 1}},

		{"partial seed", []*record.Progress{see(0, 50, uploadOnly)}, counts{partial: 1}},
		{"partial seed wants more after all", []*record.Progress{see(0, 50, uploadOnly), see(60, 51)}, counts{censored: 1}},
		{"partial seed wanted more and crossed", []*record.Progress{see(0, 50, uploadOnly), see(60, 98)}, counts{confirmed: 1}},
		{"complete and upload only", []*record.Progress{see(0, 100, uploadOnly)}, counts{firstComplete: 1}},
		{"says it wants more", []*record.Progress{see(0, 50, func(p *record.Progress) { p.UploadOnly = record.Bool(false) })}, counts{censored: 1}},

		{"hides in one conversation", []*record.Progress{see(0, 1, hiding)}, counts{censored: 1}},
		{"hides in two", []*record.Progress{see(0, 1, hiding, session(1)), see(60, 1, hiding, session(2))}, counts{censored: 1}},
		{"hides in three", []*record.Progress{see(0, 1, hiding, session(1)), see(60, 1, hiding, session(2)), see(120, 2, hiding, session(3))}, counts{super: 1}},
		{"three readings of one conversation", []*record.Progress{see(0, 1, hiding, session(1)), see(60, 1, hiding, session(1)), see(120, 2, hiding, session(1))}, counts{censored: 1}},
		{"three conversations of three runs with one number", []*record.Progress{see(0, 1, hiding, session(1), run("a")),
			see(60, 1, hiding, session(1), run("b")), see(120, 2, hiding, session(1), run("c"))}, counts{super: 1}},
		{"seen as a leecher in between", []*record.Progress{see(0, 1, hiding, session(1)), see(60, 1, hiding, session(2)),
			see(120, 5, session(3)), see(180, 1, hiding, session(4))}, counts{censored: 1}},
		{"hid twice, then shows all", []*record.Progress{see(0, 1, hiding, session(1)), see(60, 1, hiding, session(2)), see(120, 100)}, counts{censored: 1}},
		{"hid thrice, then shows all", []*record.Progress{see(0, 1, hiding, session(1)), see(60, 1, hiding, session(2)),
			see(90, 1, hiding, session(3)), see(120, 100)}, counts{super: 1}},
		{"a leecher, hid thrice, then shows all", []*record.Progress{see(0, 5, session(1)), see(60, 1, hiding, session(2)), see(120, 1, hiding, session(3)),
			see(180, 1, hiding, session(4)), see(240, 100)}, counts{super: 1}},
		{"partial seed by its own member alone", []*record.Progress{see(0, 50, func(p *record.Progress) { p.PartialSeed = true })}, counts{partial: 1}},
		{"wants nothing and hides", []*record.Progress{see(0, 1, hiding, uploadOnly, session(1)), see(60, 100)}, counts{censored: 1}},
		{"wants nothing and hides thrice", []*record.Progress{see(0, 1, hiding, uploadOnly, session(1)), see(60, 1, hiding, uploadOnly, session(2)),
			see(90, 1, hiding, uploadOnly, session(3)), see(120, 100)}, counts{super: 1}},
		{"began with nothing, shows all in another conversation", []*record.Progress{see(0, 0, began), see(60, 100)}, counts{confirmed: 1}},
		{"began with nothing, shows all in the same one", []*record.Progress{see(0, 0, began, session(1)), see(60, 100, began, session(1))}, counts{censored: 1}},
		{"began with nothing, twice, shows all in the second", []*record.Progress{see(0, 0, began, session(1)), see(60, 0, began, session(2)),
			see(61, 100, began, session(2))}, counts{confirmed: 1}},
		{"began with nothing and showed few", []*record.Progress{see(0, 0, began, session(1)), see(60, 3, began, session(1)), see(120, 100)}, counts{censored: 1}},
		{"began with nothing and showed few in a later one", []*record.Progress{see(0, 0, began), see(60, 3, began), see(120, 100)}, counts{censored: 1}},
		{"began with nothing and showed more", []*record.Progress{see(0, 0, began, session(1)), see(60, 4, began, session(1)), see(120, 100)}, counts{confirmed: 1}},
		{"began with nothing, then looked hiding", []*record.Progress{see(0, 0, began), see(60, 1, began, hiding), see(120, 100)}, counts{censored: 1}},
		{"began silently and showed few", []*record.Progress{see(0, 1, how("have")), see(120, 100)}, counts{censored: 1}},
		{"began silently and showed more", []*record.Progress{see(0, 4, how("have"), session(1)), see(120, 100, session(1))}, counts{confirmed: 1}},
		{"began with nothing, stopped hiding while watched", []*record.Progress{see(0, 0, began, session(1)), see(60, 1, began, session(1)),
			see(90, 97, began, hiding, session(1)), see(90, 98, began, session(1)), see(90, 100, began, session(1))}, counts{censored: 1}},
		{"few pieces by bitfield", []*record.Progress{see(0, 1), see(120, 100)}, counts{confirmed: 1}},
		{"few pieces of a small torrent", []*record.Progress{see(0, 1, began, pieces(8), need(8)), see(120, 8, pieces(8), need(8))}, counts{confirmed: 1}},
		{"looked hiding, then a leecher, then crossed", []*record.Progress{see(0, 1, hiding), see(60, 30), see(120, 98)}, counts{confirmed: 1}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFold(Options{})
			out := feed(f, tt.readings...)
			if got := countsOf(f); got != tt.want {
				t.Errorf("got %+v, want %+v", got, tt.want)
			}
			if got := int64(len(downloads(out))); got != tt.want.confirmed || f.Confirmed() != got {
				t.Errorf("got %d downloads and Confirmed %d, want %d", got, f.Confirmed(), tt.want.confirmed)
			}
		})
	}
}

// A partial seed that was seen to get pieces until it wanted no more has
// finished the files that it selected: a download of its own kind.
func TestPartialFinished(t *testing.T) {
	wanting := func(p *record.Progress) { p.UploadOnly = record.Bool(false) }
	tests := []struct {
		name     string
		readings []*record.Progress
		partial  int64
		finished int64
	}{
		{"finished while watched", []*record.Progress{see(0, 20), see(60, 40), see(61, 40, uploadOnly), see(62, 40, partialSeeding)}, 1, 1},
		{"finished between visits", []*record.Progress{see(0, 20, wanting), see(600, 40, partialSeeding)}, 1, 1},
		{"a partial seed from the start", []*record.Progress{see(0, 40, partialSeeding), see(60, 40, partialSeeding)}, 1, 0},
		{"said so late, without having got a piece", []*record.Progress{see(0, 40), see(5, 40, partialSeeding)}, 1, 0},
		{"wants more after all", []*record.Progress{see(0, 20), see(60, 40, partialSeeding), see(90, 41)}, 0, 0},
		{"finished a second selection", []*record.Progress{see(0, 20), see(60, 40, partialSeeding), see(90, 41), see(120, 50, partialSeeding)}, 1, 1},
		{"its last pieces were under way", []*record.Progress{see(0, 20), see(60, 97, uploadOnly), see(61, 98, uploadOnly), see(61, 100, uploadOnly)}, 0, 0},
		{"hides", []*record.Progress{see(0, 1), see(60, 2, hiding, partialSeeding)}, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFold(Options{})
			feed(f, tt.readings...)
			for _, fold := range []*Fold{f, reopened(t, f)} {
				if got := tallyOf(t, fold, hashA); got.PartialSeeds != tt.partial || got.PartialFinished != tt.finished {
					t.Errorf("got %d partial seeds, %d finished, want %d and %d", got.PartialSeeds, got.PartialFinished, tt.partial, tt.finished)
				}
			}
		})
	}
}

func run(id string) change { return func(p *record.Progress) { p.Run = id } }

func TestDownloadIsWrittenOnce(t *testing.T) {
	f := NewFold(Options{})
	out := feed(f, see(0, 97), see(60, 98), see(120, 50), see(180, 99), see(240, 100))
	if got := downloads(out); len(got) != 1 || !got[0].AboveTS.Equal(second(60)) {
		t.Errorf("got %s, want the download of second 60 alone", text(out))
	}
}

func TestThresholdOption(t *testing.T) {
	tests := []struct {
		percent int64
		want    int // downloads of a peer that goes from 40 to 60 of 100 pieces, by the records 98
	}{{0, 0}, {41, 1}, {60, 1}, {61, 0}, {100, 0}, {40, 0}}
	for _, tt := range tests {
		f := NewFold(Options{Percent: tt.percent})
		if got := len(downloads(feed(f, see(0, 40), see(60, 60)))); got != tt.want {
			t.Errorf("%d %%: got %d downloads, want %d", tt.percent, got, tt.want)
		}
	}
}

func TestRegressionRecord(t *testing.T) {
	addr := netip.MustParseAddr("192.0.2.1")
	tests := []struct {
		name  string
		then  *record.Progress
		want  record.Regression
		fell  int64
		first int64
	}{
		{"below the threshold", see(60, 50), record.Regression{InfoHash: hashA, IP: addr, Port: 6881, FromHave: 60, ToHave: 50}, 1, 60},
		{"across the threshold", see(60, 50), record.Regression{InfoHash: hashA, IP: addr, Port: 6881, FromHave: 99, ToHave: 50, Below: true}, 1, 99},
		{"above the threshold", see(60, 98), record.Regression{InfoHash: hashA, IP: addr, Port: 6881, FromHave: 99, ToHave: 98}, 1, 99},
		{"inbound, with the port of the identity", see(60, 50, inbound("192.0.2.1:50001", 6881)),
			record.Regression{InfoHash: hashA, IP: addr, Port: 6881, FromHave: 60, ToHave: 50}, 1, 60},
		{"no fall", see(60, 60), record.Regression{}, 0, 60},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := NewFold(Options{})
			got := regressions(feed(f, see(0, tt.first), tt.then))
			if int64(len(got)) != tt.fell || tallyOf(t, f, hashA).Regressions != tt.fell {
				t.Fatalf("got %d regressions, tallied %d, want %d", len(got), tallyOf(t, f, hashA).Regressions, tt.fell)
			}
			if tt.fell == 0 {
				return
			}
			tt.want.TS = second(60)
			if *got[0] != tt.want {
				t.Errorf("got %+v, want %+v", *got[0], tt.want)
			}
		})
	}
}

func TestTalliesKeepTorrentsApart(t *testing.T) {
	f := NewFold(Options{})
	feed(f, see(0, 50), see(60, 99), see(0, 100, torrentIs(hashB), need(100)), see(0, 30, torrentIs(hashB), need(100), from("192.0.2.2:1")))
	a, b := tallyOf(t, f, hashA), tallyOf(t, f, hashB)
	wantA := record.Tally{InfoHash: hashA, Peers: 1, Confirmed: 1, ConfirmedAddrs: 1, Need: 98}
	wantB := record.Tally{InfoHash: hashB, Peers: 2, FirstComplete: 1, Censored: 1, Need: 100}
	if a != wantA || b != wantB {
		t.Errorf("got %+v and %+v, want %+v and %+v", a, b, wantA, wantB)
	}
}
