package store

import (
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"btkit/pkg/record"
)

func peerAddr(n byte) netip.Addr { return netip.AddrFrom4([4]byte{127, 1, 0, n}) }

func reading(n byte, have int64, after time.Duration) *record.Progress {
	p := &record.Progress{InfoHash: "aa", IP: peerAddr(n), Port: 6881, Direction: "out", Have: have, Pieces: 100, Need: 98,
		How: "bitfield", Settled: true, Client: "Test 1.0"}
	p.TS = testTime.Add(after)
	return p
}

func attempt(n byte, number int64, stage, outcome string) *record.Visit {
	return &record.Visit{InfoHash: "aa", IP: peerAddr(n), Port: 6881, Direction: "out", N: number, Stage: stage, Outcome: outcome}
}

func confirmed(n byte, client string, after time.Duration) *record.Download {
	return &record.Download{InfoHash: "aa", IP: peerAddr(n), Port: 6881, Direction: "out", Client: client, Identity: "address",
		FirstTS: testTime, FirstHave: 10, BelowTS: testTime.Add(after - 10*time.Second), BelowHave: 97,
		AboveTS: testTime.Add(after), AboveHave: 98, CrossedTS: testTime.Add(after), Need: 98, Pieces: 100}
}

func request(source, via, outcome string, peers, fresh int64) *record.Request {
	r := &record.Request{InfoHash: "aa", Source: source, Via: via, Ask: "announce", Outcome: outcome, TookMS: 10}
	if outcome == "ok" {
		r.Peers, r.New = record.Int(peers), record.Int(fresh)
	}
	return r
}

// swarm is a small run: peers 1 to 5 known, 1 and 2 confirmed, 3 unfinished,
// 4 unreachable, 5 never dialled; peer 6 dialled in from a port of its own.
func swarm() []string {
	var all []record.Record
	all = append(all, &record.Torrent{InfoHash: "aa", Name: "thing", Pieces: 100, Bytes: 1000, Need: 98, Source: "file",
		Trackers: [][]string{{"udp://127.0.0.1:80"}}}, &record.Torrent{InfoHash: "aa"}, &record.Torrent{InfoHash: "bb", Name: "idle"})
	for n := byte(1); n <= 5; n++ {
		all = append(all, &record.Peer{InfoHash: "aa", IP: peerAddr(n), Port: 6881, Source: "tracker"})
	}
	all = append(all, &record.Peer{InfoHash: "aa", IP: peerAddr(1), Port: 6881, Source: "dht"},
		request("tracker", "udp://127.0.0.1:80", "ok", 5, 5), request("tracker", "udp://127.0.0.1:80", "ok", 5, 0),
		request("tracker", "udp://127.0.0.1:80", "timeout", 0, 0), request("dht", "dht", "ok", 1, 0),
		reading(1, 10, 0), reading(1, 98, 40*time.Second), reading(2, 97, time.Minute), reading(2, 100, 3*time.Minute),
		reading(3, 98, time.Second), reading(3, 20, 9*time.Second),
		attempt(1, 1, "dial", "timeout"), attempt(1, 2, "settled", "ok"), attempt(2, 1, "settled", "ok"), attempt(3, 1, "settled", "closed"),
		attempt(4, 1, "dial", "timeout"),
		confirmed(1, "Test 1.0", 40*time.Second), confirmed(2, "qBittorrent v4.5.2", 3*time.Minute))
	all = append(all, &record.Tally{InfoHash: "aa", Peers: 9, Confirmed: 2, ConfirmedAddrs: 2, FirstComplete: 1, PartialSeeds: 3,
		PartialFinished: 2, SuperSeeds: 1, Censored: 2})
	in := reading(6, 50, 0)
	in.Direction, in.Port, in.ListenPort = "in", 40000, 7000
	in.TS = testTime
	return append(lines(append(all, in)...),
		`{"type":"visit","infohash":"aa","ip":"127.1.0.1","port":6881,"direction":"out","stage":"settled","outcome":"ok","n":2,`+
			`"ts":"2026-11-20T23:00:00.000000Z","geo":{"country":"SE","city":"Lund","asn":7,"as_org":"Net","lat":55.7}}`)
}

func TestViews(t *testing.T) {
	path := tempDB(t)
	fill(t, path, Options{KeepIP: true}, swarm()...)
	cases := []struct {
		query string
		want  []string
	}{
		{"SELECT infohash, name, pieces, need FROM torrents", []string{"aa|thing|100|98", "bb|idle||"}},
		{"SELECT peers, confirmed, first_complete, partial_seeds, partial_finished, super_seeds, censored FROM tallies", []string{"9|2|1|3|2|1|2"}},
		{"SELECT * FROM downloads_per_minute", []string{"2026-11-20T23:01:00Z|aa|1|1|1", "2026-11-20T23:04:00Z|aa|1|1|0"}},
		{"SELECT * FROM downloads_per_hour", []string{"2026-11-20T23:00:00Z|aa|2|2|2"}},
		{"SELECT * FROM downloads_per_country", []string{"|1|1|0.5", "SE|1|1|0.5"}},
		{"SELECT * FROM downloads_per_client", []string{"Test|Test 1.0|1|0.5", "qBittorrent|qBittorrent v4.5.2|1|0.5"}},
		{"SELECT ip, name, crossing_s, watched_s, country, city, asn, as_org FROM downloads",
			[]string{"127.1.0.1|thing|10|40|SE|Lund|7|Net", "127.1.0.2|thing|10|180||||"}},
		{"SELECT source, requests, ok, peers, new, duplicate, took_ms FROM requests",
			[]string{"dht|1|1|1|0|1|10", "tracker|3|2|10|5|5|10"}},
		{"SELECT hour, source, new, duplicate FROM requests_per_hour",
			[]string{"2026-11-20T23:00:00Z|dht|0|1", "2026-11-20T23:00:00Z|tracker|5|5"}},
		{"SELECT source, peers, alone FROM peer_sources", []string{"dht|1|0", "tracker|5|4"}},
		{"SELECT attempt, stage, outcome, visits, share FROM outcomes", []string{"first|dial|timeout|2|0.5",
			"first|settled|closed|1|0.25", "first|settled|ok|1|0.25", "later|settled|ok|2|1"}},
		{"SELECT step, name, peers FROM funnel WHERE direction = 'out'", []string{"1|known|5", "2|dialled|4", "3|connected|3",
			"4|handshake|3", "5|settled|3", "6|below|3", "7|confirmed|2"}},
		{"SELECT step, name, peers FROM funnel WHERE direction = 'in'", []string{"1|known|1", "3|connected|1", "4|handshake|1",
			"5|settled|1", "6|below|1"}},
		{"SELECT ip, port, have, need FROM unfinished", []string{"127.1.0.3|6881|20|98", "127.1.0.6|7000|50|98"}},
	}
	for _, c := range cases {
		wantRows(t, path, c.query, c.want...)
	}
}

func TestSelections(t *testing.T) {
	partial := func(n byte, have int64, after time.Duration) *record.Progress {
		p := reading(n, have, after)
		p.UploadOnly, p.PartialSeed = record.Bool(true), true
		return p
	}
	path := tempDB(t)
	fill(t, path, Options{KeepIP: true}, lines(
		reading(1, 10, 0), partial(1, 40, time.Minute), // finished its selection
		partial(2, 40, 0), partial(2, 40, time.Minute), // had finished it before
		reading(3, 10, 0), partial(3, 40, time.Minute), reading(3, 41, time.Hour), // wanted more after all
		reading(4, 10, 0), partial(4, 99, time.Minute), // crossed
		reading(5, 10, 0), reading(5, 40, time.Minute), // wants more
	)...)
	wantRows(t, path, "SELECT infohash, ip, port, first_have, have, pieces FROM selections", "aa|127.1.0.1|6881|10|40|100")
}

func TestViewsHaveTheColumnsTheyDocument(t *testing.T) {
	path := tempDB(t)
	fill(t, path, Options{})
	for _, v := range Views() {
		var want []string
		for _, c := range v.Columns {
			want = append(want, c.Name)
		}
		got := query(t, path, "SELECT name FROM pragma_table_info('"+v.Name+"')")
		if !slices.Equal(got, want) {
			t.Errorf("view %s: got columns %q, want %q", v.Name, got, want)
		}
	}
}

func TestEveryExampleQueryRuns(t *testing.T) {
	path := tempDB(t)
	extra := []string{`{"type":"visit","ip":"127.0.0.1","mood":"good"}`, `{"type":"weather","ts":"2026-11-20T23:00:00.000000Z","temperature":5}`}
	ends := lines(&record.End{Why: "eof"}, &record.Tally{InfoHash: "aa"},
		&record.Request{Ask: "scrape", Outcome: "ok", InfoHash: "aa"})
	fill(t, path, Options{}, append(append(swarm(), extra...), ends...)...)
	for _, q := range Examples() {
		for _, text := range strings.Split(q.SQL, ";\n") {
			if got := query(t, path, text); len(got) == 0 {
				t.Errorf("%s\n%s\ngives no row", q.Text, text)
			}
		}
	}
}
