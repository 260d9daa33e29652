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
		"more than all":     func(o *Options) { o.Unreachable, o.NAT = 0.6, 0.5 },
		"many with IPv6":    func(o *Options) { o.IPv6 = maxIPv6 + 1 },
		"negative stay":     func(o *Options) { o.LeaveAfter = -1 },
		"negative leechers": func(o *Options) { o.Leechers = -1 },
	} {
		o := Defaults()
		change(&o)
		if _, err := New(o); !errors.Is(err, ErrOptions) {
			t.Errorf("%s: error %v, want %v", name, err, ErrOptions)
		}
	}
}

func TestHardSharesAreExact(t *testing.T) {
	easy := play(t, func(o *Options) {})
	s := play(t, func(o *Options) {
		o.Unreachable, o.NAT, o.Encrypted, o.UTPOnly, o.Tex, o.Mute, o.IPv6 = 0.1, 0.4, 0.2, 0.1, 0.3, 0.25, 4
		o.Shy = 0.5
		o.Leechers, o.Hostile, o.Full, o.LeaveAfter, o.Leave, o.GiveUp, o.Pace = 476, 8, 0.5, 10*time.Minute, 0, 0, 0.01
	})
	honest := 500
	share := func(x float64) int { return part(x, honest) }
	for _, c := range []struct {
		name string
		is   func(*Peer) bool
		want int
	}{
		{"honest", func(p *Peer) bool { return p.Role != Hostile }, honest},
		{"behind a NAT", func(p *Peer) bool { return p.NAT && p.Reach == Silent && !p.Reachable() }, share(0.4)},
		{"of these mute", func(p *Peer) bool { return p.NAT && !p.Dials }, share(0.1)},
		{"encrypted", func(p *Peer) bool { return p.Encrypted }, share(0.2)},
		{"uTP only", func(p *Peer) bool { return p.UTPOnly && p.Client.UTP && p.Reach != Open }, share(0.1)},
		{"tracker exchange", func(p *Peer) bool { return p.Tex }, share(0.3)},
		{"shy", func(p *Peer) bool { return p.Shy }, count(s, (*Peer).Reachable)/2 - 4},
		{"IPv6", func(p *Peer) bool { return p.IP.Is6() && p.Reachable() }, 4},
		{"unreachable otherwise", func(p *Peer) bool { return p.Reach != Open && !p.NAT && !p.UTPOnly }, share(0.1)},
		{"hostile but open", func(p *Peer) bool { return p.Role == Hostile && p.Reach == Open && p.Slots.Share == 0 }, 8},
		{"leave", func(p *Peer) bool { return p.Leave > 0 }, 143},
	} {
		got := count(s, c.is)
		if off := got - c.want; off < -share(0.02) || off > 0 || off < 0 && c.name != "unreachable otherwise" {
			t.Errorf("%s: got %d, want %d", c.name, got, c.want)
		}
	}
	for i := range s.Peers {
		p := &s.Peers[i]
		if last := p.Step(max(p.Steps(), 1) - 1); p.Leave > 0 && p.Leave != last+6*time.Second {
			t.Errorf("peer %d: leaves at %v, last piece at %v; want 6 s between", i, p.Leave, last)
		}
	}
	if got := play(t, func(o *Options) { o.Encrypted = 0.2 }); got.Peers[7].Arrive != easy.Peers[7].Arrive || got.Peers[7].ID != easy.Peers[7].ID {
		t.Error("encryption changes the rest of the play")
	}
}

func TestSlots(t *testing.T) {
	full, n := 0, 4000
	for i := range n {
		s := Slots{Share: 0.5, Block: time.Minute, Phase: 20 * time.Second, Seed: uint64(i)}
		at := time.Duration(i) * time.Second
		if s.Full(at) {
			full++
		}
		if next := s.Next(at); next <= at || next > at+time.Minute || (next+20*time.Second)%time.Minute != 0 {
			t.Fatalf("block after %v begins at %v", at, next)
		}
		if bar := s.Bar(at); bar < 0.5 || bar >= 1 {
			t.Fatalf("bar %v, want 0.5 to 1", bar)
		}
		var free time.Duration
		for d := time.Duration(0); d < 10*time.Minute; d += time.Second {
			if !s.Full(d) {
				free += time.Second
			}
		}
		if got := s.Free(0, 10*time.Minute); got != free {
			t.Fatalf("free for %v, want %v", got, free)
		}
	}
	if full < n*45/100 || full > n*55/100 {
		t.Errorf("%d of %d moments are full, want half", full, n)
	}
	if never := (Slots{}); never.Full(0) || never.Free(2, 7) != 5 || never.Free(7, 2) != 0 {
		t.Error("the zero value is full at times")
	}
}
