package dht

import (
	"context"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"btkit/pkg/record"
)

// memory is an Output that keeps what it gets.
type memory struct {
	mu      sync.Mutex
	records []record.Record
	lines   []string
	err     error
}

func (m *memory) Put(r record.Record) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.records = append(m.records, r)
	return m.err
}

func (m *memory) Pass(line []byte) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.lines = append(m.lines, string(line))
	return m.err
}

func (m *memory) requests() (list []*record.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.records {
		if q, ok := r.(*record.Request); ok {
			list = append(list, q)
		}
	}
	return list
}

func (m *memory) peers() (list []*record.Peer) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, r := range m.records {
		if p, ok := r.(*record.Peer); ok {
			list = append(list, p)
		}
	}
	return list
}

func (s *Source) hear(t *testing.T, hash ID) {
	s.hearRecord(t, &record.Torrent{InfoHash: hash.String()})
}

func (s *Source) hearRecord(t *testing.T, rec *record.Torrent) {
	t.Helper()
	rec.Type, rec.V = "torrent", 1
	line, err := record.ParseLine(record.Append(nil, rec))
	if err != nil {
		t.Fatalf("parse: %v", err)
	}
	if err := s.Hear(line); err != nil {
		t.Fatalf("hear: %v", err)
	}
}

func TestSourceOnce(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(20, 80, loopback)
		v1, v2, private := d.randomID(), d.randomID(), d.randomID()
		d.announce(v1, 8, somePeers(0, 2), somePeers(2, 6))
		d.announce(v2, 8, nil, somePeers(100, 3))
		d.announce(private, 8, nil, somePeers(200, 3))
		c := d.client(t, nil)
		out := &memory{}
		s := NewSource(c, out)
		s.Once = true
		s.hearRecord(t, &record.Torrent{InfoHash: v1.String(), InfoHashV2: v2.String() + strings.Repeat("0", 24)})
		s.hearRecord(t, &record.Torrent{InfoHash: private.String(), Private: record.Bool(true)})
		s.hear(t, v1)
		s.EOF()
		if err := s.Run(t.Context()); err != nil {
			t.Fatalf("run: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Errorf("close: %v", err)
		}
		perHash := map[string]int{}
		for _, p := range out.peers() {
			perHash[p.InfoHash]++
			if p.Source != "dht" || !strings.Contains(p.Via, ":6881") {
				t.Errorf("got source %q via %q, want dht and a node", p.Source, p.Via)
			}
		}
		if perHash[v1.String()] != 8 || perHash[v2.String()] != 3 || len(perHash) != 2 {
			t.Errorf("got peers %v, want 8 of the first hash and 3 of the second", perHash)
		}
		checkRequests(t, out, map[string]string{v1.String(): "ok", v2.String(): "ok", private.String(): "denied"})
		for _, q := range d.log() {
			if q.target == private {
				t.Error("the private torrent was looked up")
			}
		}
	})
}

func checkRequests(t *testing.T, out *memory, want map[string]string) {
	t.Helper()
	requests := out.requests()
	if len(requests) != len(want) {
		t.Errorf("got %d requests, want %d", len(requests), len(want))
	}
	for _, q := range requests {
		if q.Outcome != want[q.InfoHash] {
			t.Errorf("%s: got outcome %s, want %s", q.InfoHash, q.Outcome, want[q.InfoHash])
		}
		if q.Outcome == "ok" && (q.Queried == nil || *q.Answered == 0 || q.SeedersEst == nil || *q.New != *q.Peers || q.RxBytes == 0) {
			t.Errorf("got %+v, want all figures of a lookup", q)
		}
	}
}

func TestSourceRepeats(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(21, 60, loopback)
		hash := d.randomID()
		d.announce(hash, 8, nil, somePeers(0, 4))
		c := d.client(t, nil)
		out := &memory{}
		s := NewSource(c, out)
		s.hear(t, hash)
		ctx, cancel := context.WithTimeout(t.Context(), 40*time.Minute)
		defer cancel()
		if err := s.Run(ctx); err != nil {
			t.Fatalf("run: %v", err)
		}
		_ = c.Close()
		requests := out.requests()
		if len(requests) != 3 || len(out.peers()) != 4 {
			t.Fatalf("got %d lookups and %d peers in 40 min, want 3 and 4", len(requests), len(out.peers()))
		}
		for i, q := range requests[1:] {
			if gap := q.TS.Sub(requests[i].TS); gap < DefaultEvery || gap > DefaultEvery+time.Minute {
				t.Errorf("got %v between lookups, want %v", gap, DefaultEvery)
			}
			if *q.New != 0 {
				t.Errorf("got %d new peers in a later lookup, want none", *q.New)
			}
		}
	})
}

// A magnet link does not say that its torrent is private; the info dictionary
// that somebody fetches later does.
func TestTorrentTurnsOutPrivate(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(28, 40, loopback)
		hash := d.randomID()
		c := d.client(t, nil)
		out := &memory{}
		s := NewSource(c, out)
		s.hear(t, hash)
		time.AfterFunc(time.Minute, func() {
			for range 2 {
				s.hearRecord(t, &record.Torrent{InfoHash: hash.String(), Private: record.Bool(true)})
			}
			s.hear(t, hash)
		})
		ctx, cancel := context.WithTimeout(t.Context(), time.Hour)
		defer cancel()
		if err := s.Run(ctx); err != nil {
			t.Fatalf("run: %v", err)
		}
		_ = c.Close()
		var got []string
		for _, q := range out.requests() {
			got = append(got, q.Outcome)
		}
		if want := []string{"not-found", "denied"}; !slices.Equal(got, want) {
			t.Errorf("got requests %v in an hour, want %v", got, want)
		}
	})
}

func TestSourceTriesAgainSoonWhenNobodyAnswers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(22, 60, loopback)
		hash := d.randomID()
		d.announce(hash, 8, nil, somePeers(0, 4))
		for _, n := range d.nodes {
			n.silent = true
		}
		time.AfterFunc(30*time.Second, func() {
			d.mu.Lock()
			defer d.mu.Unlock()
			for _, n := range d.nodes {
				n.silent = false
			}
		})
		c := d.client(t, nil)
		out := &memory{}
		s := NewSource(c, out)
		s.hear(t, hash)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Minute)
		defer cancel()
		if err := s.Run(ctx); err != nil {
			t.Fatalf("run: %v", err)
		}
		_ = c.Close()
		if len(out.peers()) != 4 || out.requests()[0].Outcome != "timeout" {
			t.Errorf("got %d peers, first outcome %s, want 4 within 5 min and timeout", len(out.peers()), out.requests()[0].Outcome)
		}
	})
}

func TestSourceRejectsBadTorrents(t *testing.T) {
	for name, rec := range map[string]*record.Torrent{
		"short":        {InfoHash: "abcd"},
		"no hex":       {InfoHash: strings.Repeat("z", 40)},
		"short second": {InfoHash: strings.Repeat("a", 40), InfoHashV2: "abcd"},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newFakeDHT(23, 2, loopback)
				c := d.client(t, nil)
				rec.Type, rec.V = "torrent", 1
				line, err := record.ParseLine(record.Append(nil, rec))
				if err != nil {
					t.Fatalf("parse: %v", err)
				}
				if err := NewSource(c, &memory{}).Hear(line); !errors.Is(err, record.ErrNotRecord) {
					t.Errorf("got error %v, want that the line is no record", err)
				}
				_ = c.Close()
			})
		})
	}
}

// A host with an IPv6 stack and no way out asks over IPv4 and says nothing of
// IPv6.
func TestStatusCountsInWords(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(28, 1, loopback)
		c := d.client(t, nil)
		s := NewSource(c, &memory{})
		if got, want := s.Status(), "0 torrents, 0 lookups, 0 nodes, 0 peers"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		s.hear(t, d.randomID())
		if got, want := s.Status(), "1 torrent, 0 lookups, 0 nodes, 0 peers"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
		_ = c.Close()
	})
}

// Whoever is told that no node is asked learns why.
func TestRemarkWhenNoNodeAnswers(t *testing.T) {
	for name, test := range map[string]struct {
		allow func(netip.Addr) error
		want  error
	}{
		"silence":           {func(netip.Addr) error { return nil }, errSilent},
		"all are forbidden": {nil, errDenied},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newFakeDHT(29, 3, loopback)
				for _, n := range d.nodes {
					n.silent = true
				}
				var told []error
				c := d.client(t, func(c *Config) {
					c.Allow, c.Warn = test.allow, func(err error) { told = append(told, err) }
				})
				s := NewSource(c, &memory{})
				s.Once = true
				s.hear(t, d.randomID())
				s.hear(t, d.randomID())
				s.EOF()
				if err := s.Run(t.Context()); err != nil {
					t.Fatalf("run: %v", err)
				}
				_ = c.Close()
				if len(told) != 1 || told[0] != test.want {
					t.Errorf("told %q, want %q once", told, test.want)
				}
			})
		})
	}
}

func TestFamilyWithoutRoute(t *testing.T) {
	for name, test := range map[string]struct {
		reach func(netip.AddrPort) bool
		want  []Family
	}{
		"IPv4 only": {func(a netip.AddrPort) bool { return a.Addr().Is4() }, []Family{IPv4}},
		"neither":   {func(netip.AddrPort) bool { return false }, []Family{IPv4}},
		"both":      {nil, []Family{IPv4, IPv6}},
	} {
		t.Run(name, func(t *testing.T) {
			bubble(t, func(t *testing.T) {
				d := newFakeDHT(27, 30, loopback)
				c := d.client(t, func(c *Config) {
					c.Families, c.reach = nil, test.reach
					c.Bootstrap = append(c.Bootstrap, "[2606::1]:6881")
				})
				out := &memory{}
				s := NewSource(c, out)
				s.Once = true
				s.hear(t, d.randomID())
				s.EOF()
				if err := s.Run(t.Context()); err != nil {
					t.Fatalf("run: %v", err)
				}
				_ = c.Close()
				var got []Family
				for _, q := range out.requests() {
					got = append(got, Family(q.Family))
				}
				slices.Sort(got)
				if !slices.Equal(got, test.want) {
					t.Errorf("got requests for %v, want %v", got, test.want)
				}
			})
		})
	}
}

func TestSourceEndsWhenItCannotWrite(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(24, 60, loopback)
		hash := d.randomID()
		d.announce(hash, 8, nil, somePeers(0, 4))
		c := d.client(t, nil)
		broken := errors.New("no reader")
		s := NewSource(c, &memory{err: broken})
		s.hear(t, hash)
		if err := s.Run(t.Context()); !errors.Is(err, broken) {
			t.Errorf("got %v, want %v", err, broken)
		}
		_ = c.Close()
	})
}

func TestTrace(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(25, 60, loopback)
		hash := d.randomID()
		d.announce(hash, 8, nil, somePeers(0, 4))
		d.nodes[5].silent = true
		out := &memory{}
		c := d.client(t, func(c *Config) { c.Trace = NewTracer(out, "bt-peers-dht").Trace })
		_, r := lookupOnce(t, c, hash)
		_ = c.Close()
		if len(out.lines) < r.Answered {
			t.Fatalf("got %d query records, want at least the %d of the nodes that answered", len(out.lines), r.Answered)
		}
		values := 0
		for _, text := range out.lines {
			line, err := record.ParseLine([]byte(text))
			if err != nil || line.Type != "query" || line.Known() {
				t.Fatalf("got %s (%v), want a query record of an unknown kind", text, err)
			}
			if o, _ := line.Text("outcome"); o == "ok" && string(line.Get("rtt_ms")) != "20" {
				t.Errorf("got round trip %s, want 20", line.Get("rtt_ms"))
			}
			if string(line.Get("values")) == "4" {
				values++
			}
			if v, _ := line.Text("client"); v != "TE 0.1" && v != "" {
				t.Errorf("got client %q, want TE 0.1", v)
			}
		}
		if values < closestK-1 {
			t.Errorf("got %d queries with the 4 peers, want at least %d", values, closestK-1)
		}
	})
}

func TestPeersForOthers(t *testing.T) {
	bubble(t, func(t *testing.T) {
		d := newFakeDHT(26, 60, loopback)
		hash := d.randomID()
		want := somePeers(0, 4)
		d.announce(hash, 8, nil, want)
		c := d.client(t, nil)
		found := map[netip.AddrPort]int{}
		c.Peers(t.Context(), hash, func(p netip.AddrPort) { found[p]++ })
		_ = c.Close()
		if n := missing(found, want); n > 0 {
			t.Errorf("%d of 4 peers missing, want none", n)
		}
	})
}
