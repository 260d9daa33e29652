package script

import (
	"crypto/sha1"
	"errors"
	"reflect"
	"testing"
	"time"

	"btkit/pkg/benc"
)

func play(t *testing.T, change func(*Options)) *Script {
	t.Helper()
	o := Defaults()
	change(&o)
	s, err := New(o)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func count(s *Script, is func(*Peer) bool) int { return len(where(s.Peers, is)) }

func TestSameSeedSamePlay(t *testing.T) {
	a, b := play(t, func(o *Options) {}), play(t, func(o *Options) {})
	if !reflect.DeepEqual(a, b) {
		t.Error("two plays of one seed differ")
	}
	c := play(t, func(o *Options) { o.Seed = 2 })
	if reflect.DeepEqual(a.Peers, c.Peers) || a.Torrents[0].InfoHash == c.Torrents[0].InfoHash {
		t.Error("two seeds give one play")
	}
}

func TestSharesAreExact(t *testing.T) {
	s := play(t, func(o *Options) {
		o.Leechers, o.Seeds, o.Partial, o.Super, o.Hostile = 1500, 480, 15, 5, 8
		o.Finishing = 300
	})
	for _, c := range []struct {
		name string
		is   func(*Peer) bool
		want int
	}{
		{"peers", func(*Peer) bool { return true }, 2008},
		{"leechers", func(p *Peer) bool { return p.Role == Leecher }, 1500},
		{"unreachable", func(p *Peer) bool { return p.Reach != Open }, 800},
		{"silent", func(p *Peer) bool { return p.Reach == Silent }, 400},
		{"mute", func(p *Peer) bool { return p.Reach != Open && !p.Dials }, 80},
		{"lazy", func(p *Peer) bool { return p.Withhold > 0 }, 200},
		{"busy", func(p *Peer) bool { return p.Busy }, 120},
		{"regressing", func(p *Peer) bool { return p.Lose > 0 }, 30},
		{"crossing in time", func(p *Peer) bool { return crossing(s, p) > 0 && crossing(s, p) < s.Options.Duration }, 300},
		{"crossing ever", func(p *Peer) bool { return crossing(s, p) > 0 }, 300},
		{"complete from the start", func(p *Peer) bool { return p.First == 1000 }, 493},
	} {
		if got := count(s, c.is); got < c.want-1 || got > c.want+1 {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
}

// crossing is when a peer crosses, 0 if never.
func crossing(s *Script, p *Peer) time.Duration {
	step, ok := p.Crosses(s.Torrents[p.Torrent].Need)
	if !ok {
		return 0
	}
	return p.Step(step)
}

func TestStepsAddUp(t *testing.T) {
	s := play(t, func(o *Options) { o.Regress = 0.5; o.Leechers = 400 })
	for i := range s.Peers {
		p := &s.Peers[i]
		need, before := s.Torrents[p.Torrent].Need, p.Arrive
		crossed, ok := p.Crosses(need)
		for n := range p.Steps() {
			if at := p.Step(n); at < before {
				t.Fatalf("peer %d: step %d at %v, before the one at %v", i, n, at, before)
			}
			before = p.Step(n)
			if have := p.After(n); have < 0 || have > 1000 || ok && (have >= need) != (n >= crossed) {
				t.Fatalf("peer %d: %d pieces after step %d, crossing at %d", i, have, n, crossed)
			}
		}
		if n := p.Steps(); n > 0 && p.After(n-1) != p.Last {
			t.Errorf("peer %d: ends with %d pieces, want %d", i, p.After(n-1), p.Last)
		}
	}
}

func TestFinishersAreBelowLongEnough(t *testing.T) {
	s := play(t, func(o *Options) { o.MinBelow = 20 * time.Second })
	for i := range s.Peers {
		p := &s.Peers[i]
		at := crossing(s, p)
		if at == 0 {
			continue
		}
		// A step lies anywhere in its slot, so allow one slot.
		slot := time.Duration(float64(time.Second) / p.Rate)
		if at-p.Arrive < 20*time.Second-slot {
			t.Errorf("peer %d: below for %v only, want 20s", i, at-p.Arrive)
		}
		if p.Leave != 0 && p.Leave <= at {
			t.Errorf("peer %d: leaves at %v, before crossing at %v", i, p.Leave, at)
		}
	}
}

func TestOrderIsAPermutation(t *testing.T) {
	s := play(t, func(o *Options) { o.Pieces = 60; o.Leechers = 30 })
	for i := range s.Peers {
		seen := map[int]bool{}
		for n := range 60 {
			seen[s.Peers[i].Piece(n, 60)] = true
		}
		if len(seen) != 60 {
			t.Errorf("peer %d: %d different pieces, want 60", i, len(seen))
		}
	}
}

func TestAddressesAreDifferent(t *testing.T) {
	seen := map[string]int{}
	for i := range maxPeers {
		a := Address(i)
		if j, twice := seen[a.String()]; twice || !a.IsLoopback() || a.As4()[1] < 16 {
			t.Fatalf("peer %d: address %v, that of %d", i, a, j)
		}
		seen[a.String()] = i
	}
}

func TestTorrentFile(t *testing.T) {
	s := play(t, func(o *Options) { o.Torrents = 2; o.Pieces = 50 })
	urls := []string{"http://127.0.0.1:1/announce", "udp://127.0.0.1:2"}
	v, rest, odd, err := benc.Parse(s.Torrents[1].File(urls), benc.Limits{})
	if err != nil || len(rest) > 0 || odd != 0 {
		t.Fatalf("parse: %v, %d bytes left, oddities %v", err, len(rest), odd.Strings())
	}
	if got := sha1.Sum(v.Get("info").Raw()); got != s.Torrents[1].InfoHash {
		t.Errorf("info-hash %x, want %x", got, s.Torrents[1].InfoHash)
	}
	if got := v.Get("announce").Text(); got != urls[0] {
		t.Errorf("announce %q, want %q", got, urls[0])
	}
	if got := len(v.Get("info").Get("pieces").Text()); got != 1000 {
		t.Errorf("pieces of %d bytes, want 1000", got)
	}
}

func TestBadOptions(t *testing.T) {
	for name, change := range map[string]func(*Options){
		"nobody":            func(o *Options) { o.Leechers, o.Seeds, o.Partial, o.Super = 0, 0, 0, 0 },
		"share above one":   func(o *Options) { o.Lazy = 1.5 },
		"too many finish":   func(o *Options) { o.Finishing = 201 },
		"no torrent":        func(o *Options) { o.Torrents = 0 },
		"few pieces":        func(o *Options) { o.Pieces = 3 },
		"negative leechers": func(o *Options) { o.Leechers = -1 },
	} {
		o := Defaults()
		change(&o)
		if _, err := New(o); !errors.Is(err, ErrOptions) {
			t.Errorf("%s: error %v, want %v", name, err, ErrOptions)
		}
	}
}
