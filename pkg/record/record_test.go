package record_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/netip"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"btkit/pkg/record"
)

func TestLineRejects(t *testing.T) {
	cases := map[string]struct {
		line string
		ok   bool
	}{
		"empty object":             {`{}`, true},
		"unknown kind":             {`{"type":"weather","ip":7}`, true},
		"list":                     {`[1]`, false},
		"text":                     {`hello`, false},
		"two values":               {`{} {}`, false},
		"trailing comma":           {`{"a":1,}`, false},
		"control character":        {"{\"a\":\"\x01\"}", false},
		"invalid UTF-8":            {"{\"a\":\"\xff\"}", false},
		"lone surrogate escape":    {`{"a":"\ud800"}`, true},
		"number with leading zero": {`{"a":01}`, false},
		"number without digits":    {`{"a":-}`, false},
		"deep":                     {`{"a":` + strings.Repeat("[", 40) + strings.Repeat("]", 40) + `}`, false},
		"type is a number":         {`{"type":5}`, false},
		"known kind, wrong type":   {`{"type":"peer","ip":7}`, false},
		"known kind, wrong range":  {`{"type":"peer","port":65536}`, false},
		"known kind, fraction":     {`{"type":"peer","port":1.5}`, false},
		"known kind, null":         {`{"type":"peer","port":null}`, true},
		"known kind, other case":   {`{"type":"peer","PORT":"x"}`, true},
		"known kind, new member":   {`{"type":"peer","mood":{"a":[1]}}`, true},
		"beyond 2^53":              {`{"type":"file","bytes":9007199254740993}`, false},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			_, err := record.ParseLine([]byte(c.line))
			if (err == nil) != c.ok {
				t.Errorf("ParseLine(%s) = %v, want ok %v", c.line, err, c.ok)
			}
			if err != nil && !errors.Is(err, record.ErrNotRecord) {
				t.Errorf("error %v does not wrap ErrNotRecord", err)
			}
		})
	}
}

func TestSpliceKeepsAllOtherBytes(t *testing.T) {
	cases := []struct{ line, want string }{
		{`{}`, `{"geo":{"x":1}}`},
		{`{ "a" : 1.0e2 , "A":2 } `, `{ "a" : 1.0e2 , "A":2 ,"geo":{"x":1}} `},
		{`{"geo":null,"z":12345678901234567890}`, `{"geo":{"x":1},"z":12345678901234567890}`},
		{`{"g\u0065o":[1],"b":"}"}`, `{"g\u0065o":{"x":1},"b":"}"}`},
	}
	for _, c := range cases {
		l, err := record.ParseLine([]byte(c.line))
		if err != nil {
			t.Fatalf("ParseLine(%s): %v", c.line, err)
		}
		if got := string(l.Splice(nil, "geo", []byte(`{"x":1}`))); got != c.want {
			t.Errorf("Splice into %s = %s, want %s", c.line, got, c.want)
		}
	}
}

func TestDecodeIsExactAboutNames(t *testing.T) {
	l, err := record.ParseLine([]byte(`{"type":"peer","ip":"127.0.0.1","IP":"10.0.0.1","port":5,"Port":6,"seed":null}`))
	if err != nil {
		t.Fatal(err)
	}
	var p record.Peer
	if err := l.Decode(&p); err != nil {
		t.Fatal(err)
	}
	if p.IP != netip.MustParseAddr("127.0.0.1") || p.Port != 5 || p.Seed != nil {
		t.Errorf("got %v:%d seed %v, want 127.0.0.1:5 without seed", p.IP, p.Port, p.Seed)
	}
	if err := l.Decode(&record.Visit{}); err == nil {
		t.Error("a peer line was decoded as a visit")
	}
}

func TestReaderGoesOnBehindBadLines(t *testing.T) {
	long := `{"a":"` + strings.Repeat("x", record.MaxLine) + `"}`
	fits := `{"a":"` + strings.Repeat("x", record.MaxLine-8) + `"}`
	in := "{\"n\":1}\r\n\n  \nbad\n" + long + "\n" + fits + "\n{\"n\":2}"
	r := record.NewReader(strings.NewReader(in))
	var good, bad []int64
	var l record.Line
	for {
		err := r.Next(&l)
		if errors.Is(err, io.EOF) {
			break
		}
		var rejected *record.Rejected
		switch {
		case errors.As(err, &rejected):
			bad = append(bad, rejected.Number)
		case err != nil:
			t.Fatal(err)
		default:
			good = append(good, r.Number())
		}
	}
	if want := []int64{1, 6, 7}; !reflect.DeepEqual(good, want) {
		t.Errorf("good lines %v, want %v", good, want)
	}
	if want := []int64{4, 5}; !reflect.DeepEqual(bad, want) {
		t.Errorf("rejected lines %v, want %v", bad, want)
	}
	if r.Seen() != 5 {
		t.Errorf("seen %d, want 5", r.Seen())
	}
}

// writes notes every write(2).
type writes struct {
	mu   sync.Mutex
	all  [][]byte
	fail error
}

func (w *writes) Write(p []byte) (int, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.fail != nil {
		return 0, w.fail
	}
	w.all = append(w.all, append([]byte(nil), p...))
	return len(p), nil
}

func TestWriterWritesWholeLinesOfAtMostPipeBuf(t *testing.T) {
	var out writes
	w := record.NewWriter(&out, "bt-test", "00", false)
	var wait sync.WaitGroup
	for range 8 {
		wait.Add(1)
		go func() {
			defer wait.Done()
			for range 500 {
				if err := w.Put(&record.Peer{IP: netip.MustParseAddr("127.0.0.1"), Via: strings.Repeat("v", 300)}); err != nil {
					t.Error(err)
				}
			}
		}()
	}
	wait.Wait()
	if err := w.Pass(bytes.Repeat([]byte("y"), 10000)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	lines := 0
	for _, p := range out.all {
		if p[len(p)-1] != '\n' {
			t.Fatalf("a write of %d bytes ends inside a line", len(p))
		}
		if n := bytes.Count(p, []byte("\n")); n > 1 && len(p) > 4096 {
			t.Errorf("a write of %d bytes holds %d lines, want at most 4096 bytes", len(p), n)
		}
		lines += bytes.Count(p, []byte("\n"))
	}
	if lines != 4001 {
		t.Errorf("%d lines, want 4001", lines)
	}
	if err := w.Put(&record.Peer{}); !errors.Is(err, record.ErrWriterClosed) {
		t.Errorf("Put behind Close: %v, want ErrWriterClosed", err)
	}
}

func TestWriterReportsAFailedWrite(t *testing.T) {
	out := writes{fail: io.ErrClosedPipe}
	w := record.NewWriter(&out, "bt-test", "00", false)
	for range 1000 {
		if err := w.Put(&record.Peer{Via: strings.Repeat("v", 1000)}); err != nil {
			break
		}
	}
	if err := w.Close(); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("Close = %v, want %v", err, io.ErrClosedPipe)
	}
}

func TestGreaseIsAcceptedAndPassedOver(t *testing.T) {
	var out writes
	w := record.NewWriter(&out, "bt-test", "00", true)
	for i := range 40 {
		if err := w.Put(&record.Peer{InfoHash: "aa", IP: netip.MustParseAddr("::1"), Port: uint16(i)}); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	r := record.NewReader(bytes.NewReader(bytes.Join(out.all, nil)))
	var l record.Line
	var peers, strange, members int
	for r.Next(&l) == nil {
		if l.Type != "peer" {
			strange++
			continue
		}
		var p record.Peer
		if err := l.Decode(&p); err != nil {
			t.Fatal(err)
		}
		if int(p.Port) != peers {
			t.Errorf("peer %d has port %d", peers, p.Port)
		}
		if bytes.Contains(l.Raw, []byte("grease")) {
			members++
		}
		peers++
	}
	if peers != 40 || strange == 0 || members == 0 {
		t.Errorf("%d peers, %d unknown records, %d unknown members; want 40 and some of both", peers, strange, members)
	}
	if w.Wrote() != 40 {
		t.Errorf("wrote %d, want 40", w.Wrote())
	}
}

func TestClean(t *testing.T) {
	cases := []struct{ in, clean, raw string }{
		{"qBittorrent/4.6", "qBittorrent/4.6", ""},
		{"a\x00b", "a\uFFFDb", "610062"},
		{"\xff", "\uFFFD", "ff"},
		{"\u202Ex", "\uFFFDx", "e280ae78"},
		{"Übung", "Übung", ""},
	}
	for _, c := range cases {
		clean, raw := record.Clean(c.in)
		if clean != c.clean || raw != c.raw {
			t.Errorf("Clean(%q) = %q, %q; want %q, %q", c.in, clean, raw, c.clean, c.raw)
		}
	}
	if clean, raw := record.Clean(strings.Repeat("é", 1000)); len([]rune(clean)) != 128 || len(raw) != 512 {
		t.Errorf("long text: %d characters and %d hex digits, want 128 and 512", len([]rune(clean)), len(raw))
	}
}

func FuzzParseLine(f *testing.F) {
	for _, s := range []string{`{"type":"peer","ip":"::1","port":1}`, `{"a":[{"b":null}],"a":1e5}`, `{"\u0061":""}`, ` {"x":-0.5} `,
		`{"type":"visit","messages":{"have":3}}`} {
		f.Add([]byte(s))
	}
	// A line is accepted only if encoding/json accepts it as an object, what
	// is spliced in can be read back, and everything else stays as it was.
	f.Fuzz(func(t *testing.T, raw []byte) {
		if bytes.ContainsAny(raw, "\n") {
			return
		}
		l, err := record.ParseLine(raw)
		var reference map[string]json.RawMessage
		refErr := json.Unmarshal(raw, &reference)
		if err == nil && (refErr != nil || reference == nil) {
			t.Fatalf("accepted %q, encoding/json says %v", raw, refErr)
		}
		if err != nil {
			return
		}
		before := append([]byte(nil), raw...)
		out := l.Splice(nil, "geo", []byte("[true]"))
		if !bytes.Equal(raw, before) {
			t.Fatalf("splicing changed the line")
		}
		again, err := record.ParseLine(out)
		if err != nil {
			t.Fatalf("splice made %q of %q: %v", out, raw, err)
		}
		if got := string(again.Get("geo")); got != "[true]" {
			t.Fatalf("geo is %s in %s", got, out)
		}
		if r := record.New(l.Type); r != nil {
			_ = l.Decode(r) // must not panic
		}
	})
}

func BenchmarkParseVisit(b *testing.B) {
	v := &record.Visit{Header: record.Header{Type: "visit", V: 1, TS: time.Unix(1e9, 0), By: "bt-probe", Run: "0123456789abcdef", Seq: 77},
		InfoHash: strings.Repeat("ab", 20), IP: netip.MustParseAddr("127.3.4.5"), Port: 6881, Session: 99, Direction: "out", Outcome: "ok", Stage: "settled", TookMS: 12.5, Have: record.Int(77), Pieces: 1000}
	raw := record.Append(nil, v)
	b.SetBytes(int64(len(raw)))
	var l record.Line
	for b.Loop() {
		if err := l.Parse(raw); err != nil {
			b.Fatal(err)
		}
	}
}
