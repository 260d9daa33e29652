package confirm

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"btkit/pkg/record"
)

// pipe sends lines through a filter and returns the lines that came out.
func pipe(t *testing.T, f *Filter, out *bytes.Buffer, every time.Duration, lines ...string) []string {
	t.Helper()
	pass := f.Pass(every)
	for _, raw := range lines {
		line, err := record.ParseLine([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		if err := pass(line); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.End(nil); err != nil {
		t.Fatal(err)
	}
	if err := f.out.Close(); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n")
}

func open(t *testing.T, path string) (*Filter, *bytes.Buffer) {
	t.Helper()
	out := new(bytes.Buffer)
	f, err := Open(Options{}, path, record.NewWriter(out, "bt-confirm", "run2", false))
	if err != nil {
		t.Fatal(err)
	}
	return f, out
}

func lineOf(p *record.Progress) string {
	p.Type, p.V, p.By = "progress", 1, "bt-probe"
	return string(record.Append(nil, p))
}

// kinds are the types of lines, in order.
func kinds(t *testing.T, lines []string) string {
	t.Helper()
	var all []string
	for _, raw := range lines {
		line, err := record.ParseLine([]byte(raw))
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, line.Type)
	}
	return strings.Join(all, " ")
}

func TestFilterWritesBehindWhatItPasses(t *testing.T) {
	f, out := open(t, "")
	weather := `{"type":"weather", "n":12345678901234567890}`
	below, above, fall := lineOf(see(0, 50)), lineOf(see(10, 99)), lineOf(see(20, 10))
	got := pipe(t, f, out, 0, weather, below, above, fall)
	if want := "weather progress progress download progress regression tally"; kinds(t, got) != want {
		t.Fatalf("got %q, want %q", kinds(t, got), want)
	}
	if got[0] != weather || got[1] != below || got[2] != above || got[4] != fall {
		t.Errorf("got\n%s, want what came byte by byte", strings.Join(got, "\n"))
	}
	if want := "1 confirmed of 1 peers"; f.Status() != want {
		t.Errorf("got %q, want %q", f.Status(), want)
	}
}

func TestFilterTalliesByTheClockOfTheRecords(t *testing.T) {
	f, out := open(t, "")
	got := pipe(t, f, out, time.Minute, lineOf(see(0, 1)), lineOf(see(59, 2)), lineOf(see(60, 3)), lineOf(see(100, 4)), lineOf(see(130, 5)))
	if want := "progress progress progress tally progress progress tally tally"; kinds(t, got) != want {
		t.Errorf("got %q, want %q", kinds(t, got), want)
	}
}

func TestFilterUsesTheTorrentsLength(t *testing.T) {
	f, out := open(t, "")
	torrent := fmt.Sprintf(`{"type":"torrent","infohash":"%s","pieces":100,"piece_bytes":262144,"bytes":%d}`, hashA, 99*262144+1000)
	got := pipe(t, f, out, 0, torrent, lineOf(see(0, 99, need(100))), lineOf(see(100, 100, need(100))))
	var d record.Download
	line, err := record.ParseLine([]byte(got[3]))
	if err == nil {
		err = line.Decode(&d)
	}
	if err != nil || d.RateBPS != 10 {
		t.Errorf("got %v bytes/s (%v), want 10: one piece of 1000 bytes in 100 s", d.RateBPS, err)
	}
}

func TestFilterRejectsWhatNamesNoTorrent(t *testing.T) {
	for _, hash := range []string{"", "abc", strings.Repeat("a", 300)} {
		f, _ := open(t, "")
		for _, raw := range []string{lineOf(see(0, 50, torrentIs(hash))), `{"type":"torrent","infohash":"` + hash + `"}`} {
			line, err := record.ParseLine([]byte(raw))
			if err != nil {
				t.Fatal(err)
			}
			if err := f.Pass(0)(line); !errors.Is(err, record.ErrNotRecord) {
				t.Errorf("infohash of %d characters: got %v, want a rejected line", len(hash), err)
			}
		}
	}
}

func TestFilterGoesOnAfterARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	first, out := open(t, path)
	pipe(t, first, out, 0, lineOf(see(0, 50)))
	second, out := open(t, path)
	got := pipe(t, second, out, 0, lineOf(see(60, 99)), lineOf(see(70, 100)))
	if want := "progress download progress tally"; kinds(t, got) != want {
		t.Errorf("got %q, want %q", kinds(t, got), want)
	}
	third, out := open(t, path)
	if got := pipe(t, third, out, 0, lineOf(see(80, 100))); kinds(t, got) != "progress tally" {
		t.Errorf("got %q after another restart, want no second download", kinds(t, got))
	}
}

func TestFilterSavesWhileTheStreamRuns(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f, _ := open(t, path)
	pass := f.Pass(0)
	for _, p := range []*record.Progress{see(0, 50), see(61, 60)} {
		line, err := record.ParseLine([]byte(lineOf(p)))
		if err == nil {
			err = pass(line)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	again := NewFold(Options{})
	if err := again.Load(path); err != nil || again.Peers() != 1 {
		t.Errorf("got %d peers (%v) in the state before the end, want 1", again.Peers(), err)
	}
}

func TestFilterSavesAfterABadEnd(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	f, _ := open(t, path)
	feed(f.fold, see(0, 50))
	broken := errors.New("broken pipe")
	if err := f.End(broken); !errors.Is(err, broken) {
		t.Errorf("got %v, want the error of the stream", err)
	}
	again := NewFold(Options{})
	if err := again.Load(path); err != nil || again.Peers() != 1 {
		t.Errorf("got %d peers (%v), want the state of 1", again.Peers(), err)
	}
}
