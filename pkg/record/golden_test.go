package record_test

import (
	"bytes"
	"flag"
	"net/netip"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"btkit/pkg/record"
)

var update = flag.Bool("update", false, "rewrite the golden records from the structs")

// goldenRun is the run that the golden records name.
const goldenRun = "00c0ffee00c0ffee"

var (
	goldenHash = strings.Repeat("0123456789", 4)
	goldenPeer = strings.Repeat("2d", 20)
	loopback   = netip.MustParseAddr("127.0.0.1")
	loopback6  = netip.MustParseAddr("::1")
)

// at is a moment of the golden day, in microseconds.
func at(us int64) time.Time { return time.UnixMicro(1_795_215_662_000_000 + us).UTC() }

func ptr[T any](v T) *T { return &v }

func tiny(kind string, seq uint64) record.Header {
	return record.Header{Type: kind, V: record.Version(kind), TS: at(0), By: "bt-golden", Run: goldenRun, Seq: seq}
}

// whole holds a record of every kind in which no member is missing. Port 9 of
// this host is named throughout: nobody answers there.
func whole() []record.Record {
	return []record.Record{
		&record.Torrent{InfoHash: goldenHash, InfoHashV2: strings.Repeat("ab", 32), Name: "Übung \"1\" <&>\\", NameHex: "ff00", Pieces: 1000, PieceBytes: 1 << 20,
			Bytes: 1<<30 - 5, Files: 3, Private: ptr(false), Trackers: [][]string{{"http://127.0.0.1:9/announce", "http://127.0.0.1:9/b"}, {"http://[::1]:9/announce"}},
			Need: 980, Source: "file", Peers: []string{"127.0.0.1:9"}, WebSeeds: []string{"http://127.0.0.1:9/seed"}},
		&record.File{InfoHash: goldenHash, Index: 2, Path: "a/b\u00a0c.txt", PathHex: "612f62ff", Bytes: 1<<53 - 1},
		&record.Peer{InfoHash: goldenHash, IP: loopback6, Port: 9, Source: "tracker", Via: "http://127.0.0.1:9/announce", Seed: ptr(false), Flags: ptr[int64](255),
			Encryption: ptr(true), UTP: ptr(false), Holepunch: ptr(true), Reachable: ptr(true)},
		&record.Listen{IP: loopback, Port: 65535, UTP: ptr(true), PeerID: goldenPeer},
		&record.Request{InfoHash: goldenHash, Source: "tracker", Via: "http://127.0.0.1:9/announce", Ask: "announce", Family: "ipv4", Outcome: "ok", Message: "slow down",
			Oddities: []string{"short-peers"}, TookMS: 12.5, Peers: ptr[int64](50), New: ptr[int64](0), IntervalS: 1800, MinIntervalS: 900, Seeders: ptr[int64](7),
			Leechers: ptr[int64](0), Completed: ptr[int64](70), Downloaders: ptr[int64](3), SeedersEst: ptr(6.25), LeechersEst: ptr(0.0), Queried: ptr[int64](100),
			Answered: ptr[int64](80), Status: 200, ExternalIP: loopback6, RxBytes: 512},
		&record.Progress{InfoHash: goldenHash, IP: loopback, Port: 9, Session: 1<<53 - 1, Direction: "out", ListenPort: 9, PeerID: goldenPeer, Client: "-XX0001-", Have: 12,
			Pieces: 1000, Need: 980, PieceBytes: 1 << 20, How: "bitfield", Settled: true, Complete: true, UploadOnly: ptr(true), PartialSeed: true, SuperSeed: true, BitfieldB64: "gAA="},
		&record.Visit{InfoHash: goldenHash, IP: loopback6, Port: 9, Session: 4, Direction: "in", N: 2, Transport: "tcp", Crypto: "plain", Outcome: "closed", Stage: "settled", Reason: "full", ReasonSure: 0.75, ReasonSession: 3, LocalIP: loopback6, Rank: ptr[int64](1<<32 - 1), Relay: "127.0.0.1:9",
			TookMS: 90000.001, RttMS: 0.25, GapMS: 2999.5, Have: ptr[int64](0), Pieces: 1000, PeerID: goldenPeer, Client: "qBittorrent/4.6.7", ClientHex: "71ff",
			Reserved: "0000000000100005", ListenPort: 9, UploadOnly: ptr(false), DHTPort: 9, ExternalIP: loopback, Oddities: []string{"second-bitfield"},
			Messages: map[string]int64{"have": 12, "bitfield": 1, "unknown": 0}, RxBytes: 300, TxBytes: 200},
		&record.Download{InfoHash: goldenHash, IP: loopback, Port: 9, Client: "Transmission 4.0.6", Direction: "out", Identity: "address", FirstTS: at(1), FirstHave: 1,
			BelowTS: at(2), BelowHave: 979, AboveTS: at(3_000_000), AboveHave: 980, Need: 980, Pieces: 1000, RateBPS: 1048576.5, Readings: 12, Visits: 3},
		&record.Regression{InfoHash: goldenHash, IP: loopback, Port: 9, FromHave: 990, ToHave: 10, Below: true, Split: true},
		&record.Tally{InfoHash: goldenHash, Peers: 20, Confirmed: 5, ConfirmedAddrs: 4, FirstComplete: 6, PartialSeeds: 1, SuperSeeds: 2, Censored: 7, Regressions: 3, Need: 980},
		&record.Stat{Known: ptr[int64](100), Queue: ptr[int64](0), InFlight: ptr[int64](20), Held: ptr[int64](10), Limit: ptr[int64](512), RoundS: ptr(61.5), OK: ptr[int64](40), DialBacks: ptr[int64](4),
			Outcomes: map[string]int64{"timeout": 2, "refused": 30}, Workload: ptr(0.125), LoadAverage: ptr(0.5), RSSBytes: 1 << 25, OpenFiles: 77},
		&record.End{Seen: 5, Wrote: 7, Rejected: 1, Dropped: 2, Why: "signal"},
		&record.Truth{InfoHash: goldenHash, IP: loopback, Port: 9, PeerID: goldenPeer, Role: "leecher", Reachable: true, DialsOut: true, Met: true, ArrivedTS: at(10), LeftTS: at(40),
			CrossedTS: at(20), CompletedTS: at(30), FirstHave: 3, LastHave: 1000, Pieces: 1000, Need: 980,
			NAT: true, Holepunch: true, Encrypted: true, UTP: true, UTPOnly: true, Client: "aria2/1.36.0", Pace: 0.25, FreeBelowMS: ptr[int64](0), FreeAboveMS: ptr[int64](7000),
			Refused: 3, KeepAlives: 2, Connects: 4, Breaches: map[string]int64{"second": 1, "pause": 0}},
		&record.Host{IP: loopback6, Domain: "example.co.uk", Outcome: "ok", TookMS: 3},
	}
}

// pairs gives for every kind the whole record and the smallest one, in which
// only the required members stand, with their zero values.
func pairs(t *testing.T) map[string][]record.Record {
	t.Helper()
	all := map[string][]record.Record{}
	for _, r := range whole() {
		kind := kindOf(t, r)
		*r.Head() = tiny(kind, 1<<53-1)
		least := record.New(kind)
		*least.Head() = tiny(kind, 1)
		setNames(least)
		all[kind] = []record.Record{r, least}
	}
	return all
}

func kindOf(t *testing.T, r record.Record) string {
	t.Helper()
	for _, kind := range record.Kinds() {
		if reflect.TypeOf(record.New(kind)) == reflect.TypeOf(r) {
			return kind
		}
	}
	t.Fatalf("no kind is a %T", r)
	return ""
}

// setNames fills in the required addresses and times, which have no zero value
// on the line, and what a record means nothing without.
func setNames(r record.Record) {
	v := reflect.ValueOf(r).Elem()
	if hash := v.FieldByName("InfoHash"); hash.IsValid() {
		hash.SetString(goldenHash)
	}
	if l, ok := r.(*record.Listen); ok {
		l.Port, l.PeerID = 9, goldenPeer
	}
	for i := range v.NumField() {
		if strings.Contains(v.Type().Field(i).Tag.Get("json"), "omitempty") {
			continue
		}
		switch v.Field(i).Interface().(type) {
		case netip.Addr:
			v.Field(i).Set(reflect.ValueOf(loopback6))
		case time.Time:
			v.Field(i).Set(reflect.ValueOf(at(0)))
		}
	}
}

func TestGoldenRecords(t *testing.T) {
	all := pairs(t)
	for _, kind := range record.Kinds() {
		t.Run(kind, func(t *testing.T) {
			path := filepath.Join("testdata", "golden", kind+".ndjson")
			var got []byte
			for _, r := range all[kind] {
				got = append(record.Append(got, r), '\n')
			}
			if *update {
				if err := os.WriteFile(path, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(got, want) {
				t.Errorf("encoded\n%swant\n%s", got, want)
			}
			decodeGolden(t, want, all[kind])
		})
	}
}

func decodeGolden(t *testing.T, text []byte, want []record.Record) {
	t.Helper()
	lines := bytes.Split(bytes.TrimSpace(text), []byte("\n"))
	if len(lines) != len(want) {
		t.Fatalf("%d golden lines, want %d", len(lines), len(want))
	}
	for i, raw := range lines {
		line, err := record.ParseLine(raw)
		if err != nil {
			t.Fatal(err)
		}
		got := record.New(line.Type)
		if err := line.Decode(got); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(got, want[i]) {
			t.Errorf("decoded %+v, want %+v", got, want[i])
		}
	}
}

func TestGoldenRecordsLeaveNoMemberOut(t *testing.T) {
	for kind, both := range pairs(t) {
		full, err := record.ParseLine(record.Append(nil, both[0]))
		if err != nil {
			t.Fatal(err)
		}
		least, err := record.ParseLine(record.Append(nil, both[1]))
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range record.Shapes(kind) {
			if full.Get(m.Name) == nil {
				t.Errorf("the whole %s record lacks %s; fill it in", kind, m.Name)
			}
			if got := least.Get(m.Name) != nil; got == m.Optional {
				t.Errorf("the smallest %s record has %s: %v, want %v", kind, m.Name, got, !m.Optional)
			}
		}
	}
}
