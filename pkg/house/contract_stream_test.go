package house

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"btkit/pkg/record"
)

// maxOwnLine is the longest line that a command writes by itself: PIPE_BUF.
const maxOwnLine = 4096

// oneMiB is the longest line that a command reads.
const oneMiB = 1 << 20

var hash = strings.Repeat("5a", 20)

// strange are records that every command must hand on byte by byte. Port 9 of
// this host answers nobody, and no GeoIP database of these tests knows ::1.
var strange = []string{
	`{"type":"weather","ip":7,"port":"north","x":[{"y":null}]}`,
	`{ "type" : "peer" ,"infohash":"` + hash + `","ip":"::1", "port":9 ,"mood":{"a":[1,2,{"b":{}}]},"source":"file" }`,
	`{"big":123456789012345678901234567890,"type":"tide","e":1E+400,"f":-0.0,"g":1.10}`,
	`{"type":"t\u0069de","esc":"\u00e9\/\"\\\ud83d\ude00","raw":"é😀","html":"<&>"}`,
	`{"a":1,"a":2,"A":3}`,
	`{}`,
	"{\t}",
	`{"v":1,"type":"torrent","infohash":"` + hash + `","unheard":9007199254740993,"name":null}`,
	`{"type":"end","v":1,"ts":"2026-11-20T23:01:02.123456Z","by":"bt-other","run":"aa","seq":9,"seen":1,"wrote":2,"rejected":0,"dropped":0,"why":"eof","more":0}`,
	`{"type":"visit","v":99,"ts":"2026-11-20T23:01:02Z","by":"bt-other","peer_id":null}`,
	`{"type":"haystack","straw":"` + strings.Repeat("x", 3*maxOwnLine) + `"}`,
}

// output is what a command wrote, line by line.
type output struct {
	passed []string // lines of others
	own    []string // lines of the command itself, grease and end left out
	grease int      // unknown kinds that BT_GREASE=1 added
	end    *record.End
	last   string // kind of the last line
}

// read tells the lines of a command from those that it passed on.
func read(t *testing.T, p program, stdout string) output {
	t.Helper()
	var o output
	if stdout != "" && !strings.HasSuffix(stdout, "\n") {
		t.Errorf("standard output does not end with a newline: %.100q", stdout)
	}
	for _, text := range strings.Split(strings.TrimSuffix(stdout, "\n"), "\n") {
		line, err := record.ParseLine([]byte(text))
		if err != nil {
			t.Fatalf("wrote %.200q: %v", text, err)
		}
		by, _ := line.Text("by")
		if o.last = line.Type; by != p.name {
			o.passed = append(o.passed, text)
			continue
		}
		if len(text) >= maxOwnLine {
			t.Errorf("wrote a line of %d bytes, want at most %d with its newline: %.200s…", len(text), maxOwnLine, text)
		}
		switch {
		case line.Type == "end":
			o.end = new(record.End)
			if err := line.Decode(o.end); err != nil {
				t.Fatal(err)
			}
		case strings.HasPrefix(line.Type, "grease-"):
			o.grease++
		default:
			o.own = append(o.own, text)
		}
	}
	if o.end == nil {
		t.Fatalf("wrote no end record:\n%s", stdout)
	}
	return o
}

// sameLines compares the lines passed on with those that went in.
func sameLines(t *testing.T, got, want []string) {
	t.Helper()
	for i := range max(len(got), len(want)) {
		switch {
		case i >= len(got):
			t.Errorf("%d lines passed on, want %d; the first missing one is %.200s", len(got), len(want), want[i])
		case i >= len(want):
			t.Errorf("%d lines passed on, want %d; the first that nobody gave is %.200s", len(got), len(want), got[i])
		case got[i] != want[i]:
			t.Errorf("line %d passed on as\n%.300s\nwant\n%.300s", i+1, got[i], want[i])
		default:
			continue
		}
		return
	}
}

// counts compares the end record with what can be counted outside.
func (o *output) counts(t *testing.T, seen, rejected int, why string) {
	t.Helper()
	if o.last != "end" && !strings.HasPrefix(o.last, "grease-") {
		t.Errorf("the last record is of kind %q, want end", o.last)
	}
	wrote := len(o.passed) + len(o.own)
	if o.end.Seen != int64(seen) || o.end.Wrote != int64(wrote) || o.end.Rejected != int64(rejected) || o.end.Why != why {
		t.Errorf("end says seen %d, wrote %d, rejected %d, why %q; want %d, %d, %d, %q",
			o.end.Seen, o.end.Wrote, o.end.Rejected, o.end.Why, seen, wrote, rejected, why)
	}
}

func TestPassThroughIsByteExact(t *testing.T) {
	inputs := map[string]string{
		"as it is":             strings.Join(strange, "\n") + "\n",
		"without last newline": strings.Join(strange, "\n"),
		"CRLF and empty lines": strings.Join(strange, "\r\n\r\n \r\n") + "\r\n",
	}
	eachInPipe(t, func(t *testing.T, p program) {
		for name, input := range inputs {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				got := p.run(t, input, p.once()...)
				if got.code != 0 {
					t.Fatalf("exit %d, want 0; standard error:\n%s", got.code, got.stderr)
				}
				o := read(t, p, got.stdout)
				sameLines(t, o.passed, strange)
				o.counts(t, len(strange), 0, "eof")
			})
		}
	})
}

// unasked are the kinds that a command writes though no record came.
var unasked = map[string]string{"bt-listen": "listen"}

func TestEmptyInputGivesAnEndRecord(t *testing.T) {
	eachInPipe(t, func(t *testing.T, p program) {
		got := p.run(t, "", p.once()...)
		if got.code != 0 || got.stderr != "" {
			t.Errorf("exit %d, standard error %q; want 0 and nothing", got.code, got.stderr)
		}
		o := read(t, p, got.stdout)
		for _, text := range o.own {
			if line, _ := record.ParseLine([]byte(text)); line.Type != unasked[p.name] {
				t.Errorf("wrote %s though nothing came", text)
			}
		}
		sameLines(t, o.passed, nil)
		o.counts(t, 0, 0, "eof")
	})
}

func TestBadLinesAreRejectedAndTheOthersGoOn(t *testing.T) {
	long := `{"type":"long","x":"` + strings.Repeat("x", oneMiB) + `"}`
	fits := `{"type":"long","x":"` + strings.Repeat("x", oneMiB-len(`{"type":"long","x":""}`)) + `"}`
	bad := []string{long, `nonsense`, `[1]`, `{"type":"peer","port":"80"}`, `{"type":"visit","ip":5}`, "{\"a\":\"\xff\"}", `{"a":01}`, `{"a":1`}
	good := []string{`{"type":"before"}`, `{"type":"between"}`, fits, `{"type":"behind"}`}
	input := []string{good[0], bad[0], bad[1], good[1], bad[2], bad[3], bad[4], fits, bad[5], bad[6], bad[7], good[3]}
	eachInPipe(t, func(t *testing.T, p program) {
		rejects := filepath.Join(t.TempDir(), "rejects")
		got := p.run(t, strings.Join(input, "\n")+"\n", append(p.once(), "--rejects", rejects)...)
		if got.code != 3 {
			t.Errorf("exit %d, want 3", got.code)
		}
		o := read(t, p, got.stdout)
		sameLines(t, o.passed, good)
		o.counts(t, len(input), len(bad), "eof")
		for _, number := range []int{2, 3, 5, 6, 7, 9, 10, 11} {
			if want := fmt.Sprintf("%s: line %d rejected: ", p.name, number); strings.Count(got.stderr, want) != 1 {
				t.Errorf("standard error does not say %q once:\n%.2000s", want, got.stderr)
			}
		}
		kept, err := os.ReadFile(rejects)
		if err != nil {
			t.Fatal(err)
		}
		want := append([]string{long[:oneMiB]}, bad[1:]...)
		sameLines(t, strings.Split(strings.TrimSuffix(string(kept), "\n"), "\n"), want)
	})
}

// golden are the records of every kind, as package record keeps them.
func golden(t *testing.T) []string {
	t.Helper()
	files, err := filepath.Glob("../record/testdata/golden/*.ndjson")
	if err != nil || len(files) != len(record.Kinds()) {
		t.Fatalf("%d golden files, %v; want %d", len(files), err, len(record.Kinds()))
	}
	var lines []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		lines = append(lines, strings.Split(strings.TrimSpace(string(text)), "\n")...)
	}
	return lines
}

// greasy adds an unknown member to every line and an unknown kind behind it.
func greasy(lines []string) string {
	var b strings.Builder
	for i, line := range lines {
		fmt.Fprintf(&b, "%s,\"grease_%d\":{\"of\":[%d,null]}}\n", strings.TrimSuffix(line, "}"), i, i)
		fmt.Fprintf(&b, "{\"type\":\"grease-%d\",\"ip\":7,\"have\":\"many\",\"infohash\":[]}\n", i)
	}
	return b.String()
}

func TestGreaseIsWrittenAndTaken(t *testing.T) {
	input := greasy(golden(t))
	eachProgram(t, func(t *testing.T, p program) {
		if p.name == "bt-store" {
			got := p.run(t, input, filepath.Join(t.TempDir(), "x.db"))
			if got.code != 0 {
				t.Errorf("exit %d, want 0; standard error:\n%s", got.code, got.stderr)
			}
			return
		}
		if exempt[p.name] != "" {
			return
		}
		cmd := p.command(t, p.once()...)
		cmd.Env = append(cmd.Env, "BT_GREASE=1")
		got := finish(t, cmd, input)
		if got.code != 0 {
			t.Errorf("exit %d, want 0; standard error:\n%s", got.code, got.stderr)
		}
		o := read(t, p, got.stdout)
		if o.end.Rejected != 0 || o.end.Dropped != 0 {
			t.Errorf("rejected %d, dropped %d; want none", o.end.Rejected, o.end.Dropped)
		}
		for _, line := range strings.Split(got.stdout, "\n") {
			if strings.Contains(line, `"by":"`+p.name+`"`) && strings.Contains(line, "grease") {
				return
			}
		}
		t.Errorf("with BT_GREASE=1 none of its own records has anything unknown:\n%.3000s", got.stdout)
	})
}

// takesTorrents says whether the command names torrents among its arguments.
func (p program) takesTorrents() bool { return p.source || p.name == "bt-meta" }

func TestFiltersRefuseArguments(t *testing.T) {
	eachInPipe(t, func(t *testing.T, p program) {
		if p.takesTorrents() {
			return
		}
		got := p.run(t, "{}\n", "records.ndjson")
		if got.code != 2 || got.stdout != "" || !strings.Contains(got.stderr, p.name+" < FILE") {
			t.Errorf("exit %d, standard output %q, standard error %q; want 2, nothing and a hint", got.code, got.stdout, got.stderr)
		}
	})
}

// writeTorrent makes a .torrent file with a tracker that answers nobody.
func writeTorrent(t *testing.T, dir string) string {
	t.Helper()
	path := filepath.Join(dir, "x.torrent")
	info := "d6:lengthi16384e4:name1:x12:piece lengthi16384e6:pieces20:" + strings.Repeat("p", 20) + "e"
	if err := os.WriteFile(path, []byte("d8:announce27:http://127.0.0.1:9/announce4:info"+info+"e"), 0o644); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestFlagsAfterArguments(t *testing.T) {
	torrent := writeTorrent(t, t.TempDir())
	eachInPipe(t, func(t *testing.T, p program) {
		if !p.takesTorrents() {
			return
		}
		got := p.run(t, "", append([]string{torrent}, append(p.once(), "--quiet")...)...)
		if got.code != 0 {
			t.Fatalf("exit %d, want 0; standard error:\n%s", got.code, got.stderr)
		}
		o := read(t, p, got.stdout)
		if !strings.Contains(strings.Join(o.own, "\n"), `"type":"torrent"`) {
			t.Errorf("no torrent record among\n%s", strings.Join(o.own, "\n"))
		}
	})
}
