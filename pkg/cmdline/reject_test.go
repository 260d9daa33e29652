package cmdline

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"btkit/pkg/record"
)

func rejectAll() *Command {
	return filter(func(s *Session) error { return s.Each(func(*record.Line) error { return nil }) })
}

func TestManyRejectedLinesAreOnlyCounted(t *testing.T) {
	cases := map[string]struct {
		lines, shown int
		total        bool
	}{
		"as many as are shown": {10, 10, false},
		"one more":             {11, 10, true},
		"many":                 {500, 10, true},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := try(t, rejectAll(), strings.NewReader(strings.Repeat("bad\n", c.lines)))
			if shown := strings.Count(got.people, " rejected: "); shown != c.shown {
				t.Errorf("%d lines shown, want %d", shown, c.shown)
			}
			total := fmt.Sprintf("bt-test: further rejected lines are only counted; --rejects FILE keeps them\nbt-test: %d lines rejected\n", c.lines)
			if strings.HasSuffix(got.people, total) != c.total {
				t.Errorf("standard error ends with the total: %v, want %v:\n%s", !c.total, c.total, got.people)
			}
			if got.end == nil || got.end.Rejected != int64(c.lines) {
				t.Errorf("end %+v, want rejected %d", got.end, c.lines)
			}
		})
	}
}

func TestRejectsFileIsPrivateAndWhole(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rejects")
	lines := strings.Repeat("bad\n", 40)
	got := try(t, rejectAll(), strings.NewReader(lines), "--rejects", path)
	if want := "only counted and written to " + path; strings.Count(got.people, want) != 1 {
		t.Errorf("standard error %q, want once %q", got.people, want)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	if mode := info.Mode().Perm(); mode != 0o600 {
		t.Errorf("mode %v, want 0600: lines may hold addresses", mode)
	}
	if kept, err := os.ReadFile(path); err != nil || string(kept) != lines {
		t.Errorf("kept %d bytes, %v; want all %d", len(kept), err, len(lines))
	}
}
