package visit_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"btkit/pkg/outcome"
	"btkit/pkg/peerwire"
	"btkit/pkg/record"
	"btkit/pkg/visit"
)

func TestNewTorrent(t *testing.T) {
	v2 := strings.Repeat("ab", 32)
	tests := []struct {
		name               string
		r                  record.Torrent
		ok                 bool
		pieces, need, size int64
		v2                 int
	}{
		{"all", record.Torrent{InfoHash: infohash, InfoHashV2: v2, Pieces: 1327, Need: 1300, PieceBytes: 5}, true, 1327, 1300, 5, 32},
		{"hash alone", record.Torrent{InfoHash: infohash}, true, 0, 0, 0, 0},
		{"no threshold", record.Torrent{InfoHash: infohash, Pieces: 1327}, true, 1327, 1301, 0, 0},
		{"threshold beyond the pieces", record.Torrent{InfoHash: infohash, Pieces: 100, Need: 101}, true, 100, 98, 0, 0},
		{"negative pieces", record.Torrent{InfoHash: infohash, Pieces: -5}, true, 0, 0, 0, 0},
		{"more pieces than a bitfield may have", record.Torrent{InfoHash: infohash, Pieces: visit.MaxPieces + 1}, true, 0, 0, 0, 0},
		{"as many as it may have", record.Torrent{InfoHash: infohash, Pieces: visit.MaxPieces, Need: 1}, true, visit.MaxPieces, 1, 0, 0},
		{"short v2 hash", record.Torrent{InfoHash: infohash, InfoHashV2: v2[2:]}, true, 0, 0, 0, 0},
		{"no hash", record.Torrent{}, false, 0, 0, 0, 0},
		{"short hash", record.Torrent{InfoHash: infohash[2:]}, false, 0, 0, 0, 0},
		{"no hex", record.Torrent{InfoHash: strings.Repeat("x", 40)}, false, 0, 0, 0, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := visit.NewTorrent(&tt.r)
			if !tt.ok {
				if !errors.Is(err, record.ErrNotRecord) {
					t.Errorf("got %v, want a rejected record", err)
				}
				return
			}
			if err != nil || got.Pieces() != tt.pieces || got.Need() != tt.need || got.PieceBytes() != tt.size || len(got.InfoHashV2) != tt.v2 || got.Hex() != infohash {
				t.Errorf("got %d pieces, need %d, size %d, %d bytes of v2 hash, %s (%v), want %+v", got.Pieces(), got.Need(), got.PieceBytes(), len(got.InfoHashV2), got.Hex(), err, tt)
			}
		})
	}
}

func TestNeed(t *testing.T) {
	tests := []struct{ pieces, percent, want int64 }{
		{1, 98, 1}, {49, 98, 49}, {50, 98, 49}, {1327, 98, 1301}, {1327, 100, 1327}, {1327, 1, 14}, {3, 50, 2},
	}
	for _, tt := range tests {
		if got := visit.Need(tt.pieces, tt.percent); got != tt.want {
			t.Errorf("%d %% of %d: got %d, want %d", tt.percent, tt.pieces, got, tt.want)
		}
	}
}

func TestNumberOfPiecesLearntLater(t *testing.T) {
	tests := []struct {
		name   string
		before [][]byte
		learn  int64
		want   string // told until second 20
		odd    []string
	}{
		{"bitfield", [][]byte{bitfield(100, 40)}, 100, "40@10", nil},
		{"haves", [][]byte{have(1, 5, 99)}, 100, "3@10", nil},
		{"have all", [][]byte{haveAll()}, 100, "100@10", nil},
		{"have none", [][]byte{haveNone()}, 100, "0@10", nil},
		{"bitfield, haves and donthave", [][]byte{bitfield(100, 40), have(50, 51), dontHave(0)}, 100, "41@10", nil},
		{"bitfield with spare bits", [][]byte{bitfield(104, 104)}, 100, "100@10", []string{"spare-bits"}},
		{"bitfield of another length", [][]byte{bitfield(100, 40)}, 200, "", []string{"bad-bitfield"}},
		{"have beyond the last piece", [][]byte{have(99)}, 50, "", []string{"bad-index"}},
		{"nothing", nil, 100, "", nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, 0).say(1, tt.before...).wait(9)
			if r, ok := s.c.Reading(); ok || len(s.told) > 0 || !s.c.Due().IsZero() {
				t.Errorf("got %+v, told %q, due %v while the size is unknown, want nothing", r, s.story(), s.c.Due())
			}
			s.torrent.Learn(tt.learn, 0, 1)
			s.wait(10).wait(20).wantStory(tt.want)
			s.wantOdd(tt.odd...)
		})
	}
}

func TestDueOnceTheNumberOfPiecesIsKnown(t *testing.T) {
	s := play(t, 0).say(1, bitfield(100, 40))
	s.torrent.Learn(100, 0, 1)
	if got := s.c.Due(); !got.Equal(second(4)) {
		t.Errorf("got %v, want second 4: three seconds after the bitfield", got)
	}
}

func TestLaterAnnouncementsAfterABadOne(t *testing.T) {
	s := play(t, 0).say(1, bitfield(100, 40))
	s.torrent.Learn(200, 0, 1)
	s.say(2, bitfield(200, 120)).wait(10).wantStory("120@10")
}

func TestTorrentThatChangesItsSize(t *testing.T) {
	s := play(t, 100).say(1, bitfield(100, 80)).wait(4)
	s.torrent.Learn(50, 0, 1)
	s.say(5, have(90)).wait(100)
	s.wantStory("80@4 81@5")
	if r, _ := s.c.Reading(); r.Have != 81 || r.Pieces != 100 || r.Need != 98 {
		t.Errorf("got %+v, want 81 of 100: a number of pieces that is known stays", r)
	}
	s.torrent.Learn(100, 90, 1)
	if r, _ := s.c.Reading(); r.Need != 90 {
		t.Errorf("got threshold %d, want the one learnt later, 90", r.Need)
	}
}

func TestVisitRecord(t *testing.T) {
	s := play(t, 100)
	s.c.Moved(500, 200)
	s.c.Moved(50, 20)
	s.say(1, extHandshake(peerwire.ExtHandshake{V: "Tr\x01ansmission", P: 51413}), bitfield(100, 40), unchoke())
	s.say(2, have(41), have(42), keepAlive(), peerwire.AppendPort(nil, 6881), []byte{0, 0, 0, 1, 99})
	s.say(9.5, have(43))
	v := s.end(10, outcome.Closed)
	got := fmt.Sprintf("%s %s took %v gap %v have %d of %d, %q %s port %d dht %d rx %d tx %d reserved %s", v.Outcome, v.Stage, v.TookMS, v.GapMS,
		*v.Have, v.Pieces, v.Client, v.PeerID, v.ListenPort, v.DHTPort, v.RxBytes, v.TxBytes, v.Reserved)
	want := `closed settled took 10000 gap 7500 have 43 of 100, "Tr�ansmission" 2d5858333030302d6162636465666768696a6b6c port 51413 dht 6881 rx 550 tx 220 reserved 0000000000100004`
	if got != want {
		t.Errorf("got\n%s, want\n%s", got, want)
	}
	if v.ClientHex != "547201616e736d697373696f6e" {
		t.Errorf("got raw name %q, want the bytes as they came", v.ClientHex)
	}
	counts := fmt.Sprint(v.Messages)
	if want := "map[bitfield:1 extended:1 have:3 keep_alive:1 port:1 unchoke:1 unknown:1]"; counts != want {
		t.Errorf("got %s, want %s", counts, want)
	}
}

// The longest silence is the one between messages that matter, of which the
// extension handshake is one.
func TestGap(t *testing.T) {
	tests := []struct {
		name string
		run  func(*scene)
		want float64 // milliseconds
	}{
		{"nothing said", func(*scene) {}, 0},
		{"before the bitfield", func(s *scene) { s.say(4, bitfield(100, 5)) }, 4000},
		{"between haves", func(s *scene) { s.say(1, bitfield(100, 5)).say(3, have(6)).say(8, have(7)).say(9, have(8)) }, 5000},
		{"an extension handshake between", func(s *scene) {
			s.say(3, extHandshake(peerwire.ExtHandshake{V: "x"})).say(5, bitfield(100, 5))
		}, 3000},
		{"other messages don't matter", func(s *scene) { s.say(3, unchoke()).say(5, bitfield(100, 5)) }, 5000},
		{"behind the last one", func(s *scene) { s.say(1, bitfield(100, 5)) }, 1000},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := play(t, 100)
			tt.run(s)
			if v := s.end(60, outcome.Closed); v.GapMS != tt.want {
				t.Errorf("got %v ms, want %v", v.GapMS, tt.want)
			}
		})
	}
}

func TestVisitThatNeverConnected(t *testing.T) {
	torrent, err := visit.NewTorrent(&record.Torrent{InfoHash: infohash})
	if err != nil {
		t.Fatal(err)
	}
	c := visit.New(visit.Start{Torrent: torrent, At: start, Direction: visit.Out, N: 3})
	told, v := c.End(second(10), outcome.Timeout)
	if len(told) != 0 || v.Stage != visit.StageDial || v.Have != nil || v.PeerID != "" || v.Reserved != "" || v.N != 3 || v.TookMS != 10000 || v.Outcome != "timeout" {
		t.Errorf("got %+v and %d readings, want a visit that knows nothing", v, len(told))
	}
}

func TestVisitWithoutHandshake(t *testing.T) {
	torrent, err := visit.NewTorrent(&record.Torrent{InfoHash: infohash, Pieces: 100})
	if err != nil {
		t.Fatal(err)
	}
	c := visit.New(visit.Start{Torrent: torrent, At: start})
	c.Connected(second(0.25))
	_, v := c.End(second(1), outcome.ClosedEarly)
	if v.Stage != visit.StageHandshake || v.RttMS != 250 || v.PeerID != "" || v.Have != nil {
		t.Errorf("got %+v, want stage handshake after 250 ms and no peer id", v)
	}
}

func TestParseInfoHash(t *testing.T) {
	if got, err := visit.ParseInfoHash(infohash); err != nil || got[0] != 1 || got[19] != 0x67 {
		t.Errorf("got %x, %v, want %s", got, err, infohash)
	}
}
