package cmdline

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"btkit/pkg/record"
)

// result is what a run of a command left.
type result struct {
	code        int
	out, people string
	end         *record.End // nil if it wrote none
}

// try runs a command in this process.
func try(t *testing.T, c *Command, input io.Reader, args ...string) result {
	t.Helper()
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer read.Close()
	var out, people bytes.Buffer
	all := make(chan error, 1) // its one result never blocks the reader
	go func() {
		_, err := io.Copy(&out, read)
		all <- err
	}()
	r := result{code: run(c, args, input, write, &people)}
	write.Close()
	if err := <-all; err != nil {
		t.Fatal(err)
	}
	r.out, r.people = out.String(), people.String()
	for _, text := range strings.Split(strings.TrimSpace(r.out), "\n") {
		if line, err := record.ParseLine([]byte(text)); err == nil && line.Type == "end" {
			r.end = new(record.End)
			if err := line.Decode(r.end); err != nil {
				t.Fatal(err)
			}
		}
	}
	return r
}

// actor is a source that does what its functions say.
type actor struct {
	hear func(*record.Line) error
	eof  chan struct{}
}

func (a *actor) Hear(line *record.Line) error {
	if a.hear != nil {
		return a.hear(line)
	}
	return nil
}

func (a *actor) EOF() { close(a.eof) }

// source is a command that follows its input and works as told.
func source(work func(context.Context, *Session, *actor) error, hear func(*record.Line) error) *Command {
	return &Command{Name: "bt-test", Role: Source, Synopsis: "[TORRENT ...]", Run: func(s *Session) error {
		a := &actor{hear: hear, eof: make(chan struct{})}
		return s.Follow(Running(a, func(ctx context.Context) error { return work(ctx, s, a) }))
	}}
}

// untilEOF is the work of a source that has nothing to do of its own.
func untilEOF(_ context.Context, _ *Session, a *actor) error {
	<-a.eof
	return nil
}

func untilStopped(ctx context.Context, _ *Session, _ *actor) error {
	<-ctx.Done()
	return nil
}

func filter(run func(*Session) error) *Command {
	return &Command{Name: "bt-test", Role: Filter, Run: run}
}

func TestExitCodes(t *testing.T) {
	cases := map[string]struct {
		err    error
		code   int
		people string
		why    string
	}{
		"success":     {nil, 0, "", "done"},
		"failure":     {errors.New("open x: gone"), 1, "bt-test: open x: gone\n", "error"},
		"hinted":      {&Hinted{errors.New("locked"), "wait"}, 1, "bt-test: locked\nbt-test: hint: wait\n", "error"},
		"usage":       {Usagef("flag -j is %d", 0), 2, "bt-test: flag -j is 0\nbt-test: hint: bt-test --help shows the flags\n", ""},
		"status":      {ExitStatus(7), 7, "", "error"},
		"reader gone": {fmt.Errorf("write: %w", syscall.EPIPE), 0, "", "error"},
	}
	for name, c := range cases {
		t.Run(name, func(t *testing.T) {
			got := try(t, filter(func(*Session) error { return c.err }), strings.NewReader(""))
			if got.code != c.code || got.people != c.people {
				t.Errorf("exit %d, %q; want %d, %q", got.code, got.people, c.code, c.people)
			}
			why := ""
			if got.end != nil {
				why = got.end.Why
			}
			if why != c.why {
				t.Errorf("end says %q, want %q", why, c.why)
			}
		})
	}
}

func TestFilterWithAnArgumentIsAUsageError(t *testing.T) {
	got := try(t, filter(func(s *Session) error { return s.Filter(&actor{eof: make(chan struct{})}) }), strings.NewReader("{}\n"), "x.ndjson")
	if got.code != ExitUsage || got.out != "" || !strings.Contains(got.people, "hint: bt-test reads standard input: bt-test < FILE") {
		t.Errorf("exit %d, %q, %q; want %d, nothing and a hint", got.code, got.out, got.people, ExitUsage)
	}
}

func TestEachRejectsAndGoesOn(t *testing.T) {
	path := filepath.Join(t.TempDir(), "rejects")
	refuse := func(line *record.Line) error {
		if line.Type == "sour" {
			return fmt.Errorf("%w: too sour", record.ErrNotRecord)
		}
		return nil
	}
	c := filter(func(s *Session) error { return s.Filter(&actor{hear: refuse}) })
	got := try(t, c, strings.NewReader("{\"type\":\"sweet\"}\nbad\n{\"type\":\"sour\"}\r\n{}"), "--rejects", path)
	if got.code != ExitRejected {
		t.Errorf("exit %d, want %d", got.code, ExitRejected)
	}
	if e := got.end; e == nil || e.Seen != 4 || e.Wrote != 2 || e.Rejected != 2 || e.Why != "eof" {
		t.Errorf("end %+v, want seen 4, wrote 2, rejected 2, eof", e)
	}
	if want := "bt-test: line 3 rejected: not a record: too sour\n"; !strings.Contains(got.people, want) {
		t.Errorf("standard error %q, want %q", got.people, want)
	}
	kept, err := os.ReadFile(path)
	if err != nil || string(kept) != "bad\n{\"type\":\"sour\"}\n" {
		t.Errorf("rejects file %q, %v; want both lines", kept, err)
	}
}

func TestEachEndsAtAnyOtherError(t *testing.T) {
	c := filter(func(s *Session) error {
		return s.Each(func(*record.Line) error { return errors.New("disk full") })
	})
	got := try(t, c, strings.NewReader("{}\n{}\n"))
	if got.code != ExitFailure || got.people != "bt-test: disk full\n" || got.end == nil || got.end.Seen != 1 || got.end.Why != "error" {
		t.Errorf("exit %d, %q, end %+v; want a failure at the first line", got.code, got.people, got.end)
	}
}

// broken fails after its text.
type broken struct{ text io.Reader }

func (b *broken) Read(p []byte) (int, error) {
	n, err := b.text.Read(p)
	if errors.Is(err, io.EOF) {
		err = errors.New("cable cut")
	}
	return n, err
}

func TestBrokenInputIsAFailure(t *testing.T) {
	c := filter(func(s *Session) error { return s.Filter(&actor{}) })
	got := try(t, c, &broken{strings.NewReader("{\"type\":\"a\"}\n")})
	if got.code != ExitFailure || !strings.Contains(got.people, "read standard input: cable cut") || !strings.HasPrefix(got.out, "{\"type\":\"a\"}\n") {
		t.Errorf("exit %d, %q, %q; want what came, and a failure", got.code, got.out, got.people)
	}
}

func TestFollowPassesOnAfterTheWorkIsDone(t *testing.T) {
	read, write := io.Pipe()
	heard := make(chan string, 2) // two lines are fed
	worked := make(chan struct{})
	c := source(func(context.Context, *Session, *actor) error {
		<-heard
		close(worked)
		return nil
	}, func(line *record.Line) error {
		heard <- line.Type
		return nil
	})
	go func() {
		io.WriteString(write, "{\"type\":\"early\"}\n")
		<-worked
		io.WriteString(write, "{\"type\":\"late\"}\n")
		write.Close()
	}()
	got := try(t, c, read)
	if got.code != 0 || !strings.HasPrefix(got.out, "{\"type\":\"early\"}\n{\"type\":\"late\"}\n{\"type\":\"end\"") || got.end.Why != "eof" {
		t.Errorf("exit %d, output\n%swant both lines and the end", got.code, got.out)
	}
}

func TestFollowReturnsTheErrorOfTheWork(t *testing.T) {
	c := source(func(context.Context, *Session, *actor) error { return errors.New("no socket") }, nil)
	if got := try(t, c, strings.NewReader("{}\n")); got.code != ExitFailure || got.people != "bt-test: no socket\n" {
		t.Errorf("exit %d, %q; want a failure", got.code, got.people)
	}
}

func TestTimeEndsASource(t *testing.T) {
	got := try(t, source(untilStopped, nil), strings.NewReader("{}\n"), "--for", "1ms")
	if got.code != 0 || got.end == nil || got.end.Why != "time" || got.end.Seen != 1 {
		t.Errorf("exit %d, end %+v; want 0, why time and the line seen", got.code, got.end)
	}
}

func TestSignalEndsASource(t *testing.T) {
	c := source(func(ctx context.Context, _ *Session, _ *actor) error {
		if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
			return err
		}
		<-ctx.Done()
		return nil
	}, nil)
	got := try(t, c, strings.NewReader(""), "-v")
	if got.code != 0 || got.end == nil || got.end.Why != "signal" || !strings.Contains(got.people, "a second signal ends at once (signal terminated)") {
		t.Errorf("exit %d, end %+v, %q; want why signal and a remark", got.code, got.end, got.people)
	}
}

func TestReaderGoneEndsASource(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	read.Close()
	defer write.Close()
	in, feed := io.Pipe() // never written to
	defer feed.Close()
	var people bytes.Buffer
	code := run(source(func(ctx context.Context, _ *Session, _ *actor) error {
		<-ctx.Done()
		feed.Close()
		return nil
	}, nil), nil, in, write, &people)
	if code != 0 || people.Len() != 0 {
		t.Errorf("exit %d, %q; want a quiet end", code, people.String())
	}
}

func TestStatsAreWritten(t *testing.T) {
	written := make(chan struct{}, 1) // one is enough
	c := source(func(ctx context.Context, s *Session, _ *actor) error {
		s.Stats(func() *record.Stat {
			select {
			case written <- struct{}{}:
			default:
			}
			return &record.Stat{Queue: record.Int(7)}
		})
		<-written
		<-written // the first one has been written when the second is asked for
		s.cancel(nil)
		return nil
	}, nil)
	got := try(t, c, strings.NewReader(""), "--stats", "1ms")
	var stat struct {
		Type  string
		Queue int64
		RSS   int64 `json:"rss_bytes"`
		Files int64 `json:"open_files"`
	}
	first, _, _ := strings.Cut(got.out, "\n")
	if err := json.Unmarshal([]byte(first), &stat); err != nil {
		t.Fatal(err)
	}
	if stat.Type != "stat" || stat.Queue != 7 || stat.RSS == 0 || stat.Files == 0 {
		t.Errorf("%s, want a stat with queue 7, memory and files", first)
	}
}

func TestNoStatsWithZero(t *testing.T) {
	c := source(func(_ context.Context, s *Session, a *actor) error {
		s.Stats(func() *record.Stat { return &record.Stat{} })
		return untilEOF(context.Background(), s, a)
	}, nil)
	if got := try(t, c, strings.NewReader(""), "--stats", "0"); strings.Contains(got.out, `"stat"`) {
		t.Errorf("wrote %s, want no stat", got.out)
	}
}

func TestDroppedRecordsAreCounted(t *testing.T) {
	c := source(func(_ context.Context, s *Session, a *actor) error {
		s.Dropped(3)
		return untilEOF(context.Background(), s, a)
	}, nil)
	if got := try(t, c, strings.NewReader("")); got.end == nil || got.end.Dropped != 3 {
		t.Errorf("end %+v, want dropped 3", got.end)
	}
}

func TestSinkWritesNoEnd(t *testing.T) {
	c := &Command{Name: "bt-test", Role: Sink, Synopsis: "FILE", Run: func(s *Session) error {
		return s.Each(func(*record.Line) error { return nil })
	}}
	if got := try(t, c, strings.NewReader("{}\n"), "x"); got.code != 0 || got.out != "" {
		t.Errorf("exit %d, %q; want 0 and nothing", got.code, got.out)
	}
}

func TestGreaseFollowsTheEnvironment(t *testing.T) {
	for _, value := range []string{"1", ""} {
		t.Setenv("BT_GREASE", value)
		got := try(t, source(untilEOF, nil), strings.NewReader(""))
		if has := strings.Contains(got.out, "grease"); has != (value == "1") {
			t.Errorf("BT_GREASE=%s: wrote %s, want grease %v", value, got.out, value == "1")
		}
	}
}

// wait is a bound for what must happen soon, so that a broken test ends.
const wait = 20 * time.Second

func TestInputEndsWhenTheReaderGoes(t *testing.T) {
	read, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer feed.Close()
	defer write.Close()
	s := &Session{In: in, stdout: write, command: &Command{Role: Filter}}
	if _, err := feed.WriteString("x"); err != nil {
		t.Fatal(err)
	}
	if n, err := s.Input().Read(make([]byte, 5)); n != 1 || err != nil {
		t.Fatalf("read %d, %v; want 1 byte", n, err)
	}
	ended := make(chan error, 1) // its one result never blocks the reader
	go func() {
		_, err := s.Input().Read(make([]byte, 5))
		ended <- err
	}()
	read.Close()
	select {
	case err := <-ended:
		if !isGone(err) {
			t.Errorf("read: %v, want %v", err, errReaderGone)
		}
	case <-time.After(wait):
		t.Error("reading goes on though the reader of our records has gone")
	}
}
