package metainfo

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// loaded writes what Load gives: info-hashes and errors, a line each.
func loaded(argument, stdin string) string {
	var lines []string
	for t, err := range Load(argument, strings.NewReader(stdin)) {
		if err != nil {
			lines = append(lines, "error "+err.Error())
		} else {
			lines = append(lines, t.InfoHash.String()[:8])
		}
	}
	return strings.Join(lines, "\n")
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestLoad(t *testing.T) {
	dir := t.TempDir()
	_, v1 := goldenFile(t, "v1-single")
	_, v2 := goldenFile(t, "v2-single")
	link := "magnet:?xt=urn:btih:" + btihHex
	write(t, dir+"/f/b/two.torrent", string(v2))
	write(t, dir+"/f/a.torrent", string(v1))
	write(t, dir+"/f/a.txt", "not looked at")
	write(t, dir+"/f/c.TORRENT", "d4:infoi1ee")
	write(t, dir+"/f/z.torrent", "")
	write(t, dir+"/links", "\ufeff"+link+"\r\n\n# a comment\nmagnet:?dn=x\n"+link)
	tests := []struct{ name, argument, stdin, want string }{
		{"file", dir + "/f/a.torrent", "", "b2727284"},
		{"magnet", "Magnet:?xt=urn:btih:" + btihHex, "", "8c0c9a5a"},
		{"broken magnet", "magnet:?x", "", "error magnet:?x: byte 9: expected xt=urn:btih: or xt=urn:btmh: before the end"},
		{"lines", dir + "/links", "", "8c0c9a5a\nerror " + dir + "/links: line 4: byte 12: expected xt=urn:btih: or xt=urn:btmh: before the end\n8c0c9a5a"},
		{"folder", dir + "/f", "", "b2727284\nc2103fab\nerror " + dir + "/f/c.TORRENT: byte 7: expected \"info\": a dictionary\nerror " +
			dir + "/f/z.torrent: byte 0: expected a value: a digit, i, l or d"},
		{"missing", dir + "/nothing", "", "error " + dir + "/nothing: no such file or directory"},
		{"torrent on standard input", "-", string(v1), "b2727284"},
		{"lines on standard input", "-", link + "\n" + link + "\n", "8c0c9a5a\n8c0c9a5a"},
		{"empty standard input", "-", "", ""},
		{"something else on standard input", "-", "hello\n", "error standard input: line 1: byte 0: expected magnet:?"},
		{"line without end", "-", link + "\n" + strings.Repeat("x", MaxMagnetBytes+9), "8c0c9a5a\nerror standard input: line 2: read line: bufio: buffer full"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			if got := loaded(test.argument, test.stdin); got != test.want {
				t.Errorf("got\n%s\nwant\n%s", got, test.want)
			}
		})
	}
}

func TestLoadStopsWhenAsked(t *testing.T) {
	n := 0
	for range Load("testdata", nil) {
		if n++; n == 2 {
			break
		}
	}
	if n != 2 {
		t.Errorf("%d torrents; want to stop after 2", n)
	}
}

// endless gives d and then zeros without end.
type endless struct{ started bool }

func (e *endless) Read(b []byte) (int, error) {
	for i := range b {
		b[i] = '0'
	}
	if !e.started && len(b) > 0 {
		b[0], e.started = 'd', true
	}
	return len(b), nil
}

func TestLoadReadsNoMoreThanItsLimit(t *testing.T) {
	for _, err := range Load("-", &endless{}) {
		if want := fmt.Sprintf("a file of at most %d bytes", MaxFileBytes); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v; want %q", err, want)
		}
	}
}
