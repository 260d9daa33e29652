package geo

import (
	"fmt"
	"io"
	"strings"
	"testing"

	"btkit/pkg/record"
)

const town3 = `{"city":"Town 3","country":"JP","continent":"AS","lat":36.0234375,"lon":138.046875,"asn":64499,"as_org":"Example Net 3"}`

func TestFilterPass(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"added", `{"type":"x","ip":"127.3.0.9","n":1e2 }`, `{"type":"x","ip":"127.3.0.9","n":1e2 ,"geo":` + town3 + `}`},
		{"replaced in place", `{"geo":{"old":[1]},"ip":"127.3.0.9"}`, `{"geo":` + town3 + `,"ip":"127.3.0.9"}`},
		{"null replaced", `{"ip":"127.3.0.9", "geo" : null,"z":12345678901234567890}`, `{"ip":"127.3.0.9", "geo" : ` + town3 + `,"z":12345678901234567890}`},
		{"no ip", `{ "type":"torrent2","infohash":"ab" }`, ""},
		{"address unknown", `{"ip":"192.168.0.1","geo":{"kept":1}}`, ""},
		{"ip is no address", `{"ip":"example.org"}`, ""},
		{"ip is empty", `{"ip":""}`, ""},
		{"ip is a number", `{"ip":127}`, ""},
		{"ip is null", `{"ip":null}`, ""},
		{"ip is long", `{"ip":"127.3.0.9%` + strings.Repeat("x", 100) + `"}`, ""},
		{"ip deeper down", `{"x":{"ip":"127.3.0.9"}}`, ""},
		{"nothing", `{}`, ""},
	}
	var out output
	w := record.NewWriter(&out, "bt-geo", "00", false)
	f := &Filter{Atlas: atlas(t, io.Discard, folder(t)), Out: w}
	var want strings.Builder
	for _, tt := range tests {
		if err := f.Pass(parse(t, tt.in)); err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if tt.want == "" {
			tt.want = tt.in
		}
		want.WriteString(tt.want + "\n")
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := f.Marked(); got != 3 {
		t.Errorf("got %d records marked, want 3", got)
	}
	got := strings.Split(out.String(), "\n")
	for i, line := range strings.Split(strings.TrimSuffix(want.String(), "\n"), "\n") {
		if i >= len(got) || got[i] != line {
			t.Errorf("%s: got %v, want %s", tests[i].name, got[min(i, len(got)-1)], line)
		}
	}
}

func TestFilterLeavesFullLinesAlone(t *testing.T) {
	var out output
	w := record.NewWriter(&out, "bt-geo", "00", false)
	f := &Filter{Atlas: atlas(t, io.Discard, folder(t)), Out: w}
	in := `{"ip":"127.3.0.9","x":"` + strings.Repeat("x", record.MaxLine-30) + `"}`
	if err := f.Pass(parse(t, in)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if got := out.String(); got != in+"\n" {
		t.Errorf("got %d bytes, want the %d that came", len(got), len(in)+1)
	}
}

func TestWithDomain(t *testing.T) {
	tests := []struct{ name, place, domain, want string }{
		{"both", `{"asn":1}`, "example.com", `{"asn":1,"domain":"example.com"}`},
		{"domain only", "", "example.com", `{"domain":"example.com"}`},
		{"place only", `{"asn":1}`, "", `{"asn":1}`},
		{"nothing", "", "", ""},
	}
	var f Filter
	for _, tt := range tests {
		if got := string(f.withDomain([]byte(tt.place), tt.domain)); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

// BenchmarkFilter reads, marks and writes one visit.
func BenchmarkFilter(b *testing.B) {
	var lines [][]byte
	for i := range 1024 {
		lines = append(lines, fmt.Appendf(nil, `{"type":"visit","v":1,"ts":"2026-11-20T23:01:02.123456Z","by":"bt-probe","run":"9f3c00112233aabb","seq":%d,`+
			`"infohash":"0123456789abcdef0123456789abcdef01234567","ip":"127.%d.%d.7","port":51413,"session":7,"direction":"out","n":1,`+
			`"transport":"tcp","crypto":"plain","outcome":"ok","stage":"settled","took_ms":1234.5,"have":17,"pieces":400,"client":"qBittorrent/4.6.0"}`,
			i, i%256, i/256))
	}
	w := record.NewWriter(io.Discard, "bt-geo", "00", false)
	f := &Filter{Atlas: atlas(b, io.Discard, folder(b)), Out: w}
	var l record.Line
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		if err := l.Parse(lines[i%len(lines)]); err != nil {
			b.Fatal(err)
		}
		if err := f.Pass(&l); err != nil {
			b.Fatal(err)
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "records/s")
}
