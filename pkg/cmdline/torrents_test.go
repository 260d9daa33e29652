package cmdline

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"btkit/pkg/record"
)

const magnet = "magnet:?xt=urn:btih:5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a5a&dn=x"

func TestTorrentsOfArguments(t *testing.T) {
	dir := t.TempDir()
	bad := filepath.Join(dir, "bad.torrent")
	if err := os.WriteFile(bad, []byte("d4:infoi5ee"), 0o644); err != nil {
		t.Fatal(err)
	}
	empty := filepath.Join(dir, "empty")
	if err := os.Mkdir(empty, 0o755); err != nil {
		t.Fatal(err)
	}
	cases := map[string]struct {
		args     []string
		code     int
		torrents int
		passed   bool   // the line on standard input
		people   string // part of what is said
	}{
		"magnet":             {[]string{magnet}, 0, 1, false, ""},
		"no argument":        {nil, 0, 0, true, ""},
		"dash":               {[]string{"-"}, 0, 0, true, ""},
		"magnet and dash":    {[]string{magnet, "-"}, 0, 1, true, ""},
		"bad file":           {[]string{bad}, ExitFailure, 0, false, bad},
		"bad file and more":  {[]string{bad, magnet, "-"}, ExitRejected, 1, true, bad},
		"missing file":       {[]string{filepath.Join(dir, "none")}, ExitFailure, 0, false, "none"},
		"folder without any": {[]string{empty}, ExitFailure, 0, false, "no torrent found"},
		"bad magnet":         {[]string{"magnet:?xt=urn:btih:zz"}, ExitFailure, 0, false, "magnet"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			heard := 0
			got := try(t, source(untilEOF, func(line *record.Line) error {
				if line.Type == "torrent" {
					heard++
				}
				return nil
			}), strings.NewReader("{\"type\":\"passed\"}\n"), c.args...)
			if got.code != c.code || !strings.Contains(got.people, c.people) || c.people == "" && got.people != "" {
				t.Errorf("exit %d, %q; want %d, %q", got.code, got.people, c.code, c.people)
			}
			if written := strings.Count(got.out, `"type":"torrent"`); heard != c.torrents || written != c.torrents {
				t.Errorf("%d torrents heard, %d written; want %d", heard, written, c.torrents)
			}
			if passed := strings.Contains(got.out, `"passed"`); passed != c.passed {
				t.Errorf("line on standard input passed on: %v, want %v", passed, c.passed)
			}
		})
	}
}

func TestWithoutAnyTorrentASourceEnds(t *testing.T) {
	in, feed := io.Pipe() // stays open, as a terminal or a pipe does
	defer feed.Close()
	for name, args := range map[string][]string{"one": {"nosuch.torrent"}, "two": {"nosuch.torrent", "nor.torrent"}} {
		t.Run(name, func(t *testing.T) {
			got := try(t, source(untilStopped, nil), in, args...)
			if got.code != ExitFailure || !strings.Contains(got.people, "nosuch.torrent: no such file") || !strings.HasSuffix(got.people, "bt-test: no argument gave a torrent\n") {
				t.Errorf("exit %d, %q; want %d and the reasons", got.code, got.people, ExitFailure)
			}
			if got.end == nil || got.end.Why != "error" || got.end.Rejected != int64(len(args)) {
				t.Errorf("end %+v, want why error and rejected %d", got.end, len(args))
			}
		})
	}
}

func TestBadArgumentsAreCounted(t *testing.T) {
	got := try(t, source(untilEOF, nil), strings.NewReader("bad\n"), "nosuch.torrent", magnet, "-")
	if got.code != ExitRejected || got.end == nil || got.end.Rejected != 2 || got.end.Why != "eof" {
		t.Errorf("exit %d, end %+v; want %d, rejected 2 and eof", got.code, got.end, ExitRejected)
	}
}
