package house

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// live is a running command at both of whose ends the test sits.
type live struct {
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *os.File
	lines  *bufio.Reader
	read   strings.Builder // all that was read from out
	people notes
	ended  chan error // its one result never blocks the waiter
}

// notes is a buffer that may be read while a command writes to it.
type notes struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (n *notes) Write(p []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.Write(p)
}

func (n *notes) String() string {
	n.mu.Lock()
	defer n.mu.Unlock()
	return n.text.String()
}

// start runs a command that nothing but the test ends.
func (p program) start(t *testing.T, args ...string) *live {
	t.Helper()
	l := &live{cmd: p.command(t, args...), ended: make(chan error, 1)}
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	out, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { feed.Close(); out.Close() })
	l.in, l.out, l.lines = feed, out, bufio.NewReader(out)
	l.cmd.Stdin, l.cmd.Stdout, l.cmd.Stderr = in, write, &l.people
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	in.Close()
	write.Close()
	go func() { l.ended <- l.cmd.Wait() }()
	return l
}

// pass feeds a line and waits until it comes out again.
func (l *live) pass(t *testing.T, line string) {
	t.Helper()
	if _, err := io.WriteString(l.in, line+"\n"); err != nil {
		t.Fatalf("feed %s: %v", line, err)
	}
	for {
		text, err := l.lines.ReadString('\n')
		l.read.WriteString(text)
		if err != nil {
			t.Fatalf("%s did not come out: %v; standard error:\n%s", line, err, l.people.String())
		}
		if strings.TrimSuffix(text, "\n") == line {
			return
		}
	}
}

// rest reads to the end of the output and waits for the end of the command.
func (l *live) rest(t *testing.T) string {
	t.Helper()
	if _, err := io.Copy(&l.read, l.lines); err != nil {
		t.Fatal(err)
	}
	<-l.ended
	return l.read.String()
}

func (l *live) interrupt(t *testing.T) {
	t.Helper()
	if err := l.cmd.Process.Signal(syscall.SIGINT); err != nil {
		t.Fatal(err)
	}
}

// interrupted waits until the command has taken note of the first interrupt,
// of which it tells with --verbose.
func (l *live) interrupted(t *testing.T) {
	t.Helper()
	until(t, "the interrupt was noticed", func() bool {
		return strings.Contains(l.people.String(), "a second signal ends at once")
	})
}

func (l *live) code() int { return l.cmd.ProcessState.ExitCode() }

func TestLinesAreNotHeldBack(t *testing.T) {
	eachInPipe(t, func(t *testing.T, p program) {
		l := p.start(t)
		for _, line := range strange {
			l.pass(t, line) // comes out while the input stays open
		}
		l.interrupt(t) // ends sources too
		l.in.Close()
		o := read(t, p, l.rest(t))
		sameLines(t, o.passed, strange)
	})
}

func TestFirstInterruptDrains(t *testing.T) {
	eachInPipe(t, func(t *testing.T, p program) {
		l := p.start(t, "--verbose")
		l.pass(t, `{"type":"before"}`)
		l.interrupt(t)
		l.interrupted(t)
		l.pass(t, `{"type":"behind"}`)
		l.in.Close()
		o := read(t, p, l.rest(t))
		if l.code() != 0 {
			t.Errorf("exit %d, want 0; standard error:\n%s", l.code(), l.people.String())
		}
		sameLines(t, o.passed, []string{`{"type":"before"}`, `{"type":"behind"}`})
		o.counts(t, 2, 0, "signal")
	})
}

func TestSecondInterruptEndsAtOnce(t *testing.T) {
	eachInPipe(t, func(t *testing.T, p program) {
		l := p.start(t, "--verbose")
		l.pass(t, `{"type":"before"}`)
		l.interrupt(t)
		l.interrupted(t)
		l.interrupt(t) // the input stays open, so it cannot end by draining
		<-l.ended
		status, ok := l.cmd.ProcessState.Sys().(syscall.WaitStatus)
		if !ok || !status.Signaled() || status.Signal() != syscall.SIGINT {
			t.Errorf("ended with %v, want killed by SIGINT", l.cmd.ProcessState)
		}
	})
}

func TestReaderGoneEndsAnIdleCommandQuietly(t *testing.T) {
	eachInPipe(t, func(t *testing.T, p program) {
		l := p.start(t)
		l.pass(t, `{"type":"before"}`)
		l.out.Close() // nothing is written and nothing comes in from now on
		<-l.ended
		if l.code() != 0 {
			t.Errorf("ended with %v, want exit 0", l.cmd.ProcessState)
		}
		if l.people.String() != "" {
			t.Errorf("standard error %q, want nothing", l.people.String())
		}
	})
}

func TestReaderGoneEndsABusyCommandQuietly(t *testing.T) {
	eachInPipe(t, func(t *testing.T, p program) {
		l := p.start(t)
		l.pass(t, `{"type":"before"}`)
		l.out.Close()
		for {
			if _, err := io.WriteString(l.in, "{\"type\":\"behind\"}\n"); err != nil {
				break // it has ended
			}
		}
		<-l.ended
		if l.people.String() != "" || l.code() != 0 {
			t.Errorf("ended with %v, standard error %q; want exit 0 and nothing", l.cmd.ProcessState, l.people.String())
		}
	})
}

// statistics are the kinds in which commands tell how they are doing, where
// that is not the kind stat.
var statistics = map[string]string{
	"bt-confirm": "tally", // at the times of its readings
	"bt-meta":    "",      // without --resolve it is done with a record when it has read it
}

func TestStatisticsComeAtTheirInterval(t *testing.T) {
	const reading = `{"type":"progress","v":1,"ts":"2026-11-20T23:%02d:%02d.000000Z","by":"bt-test","run":"aa","seq":%d,"infohash":"%s","ip":"::1",` +
		`"port":9,"session":1,"direction":"out","have":12,"pieces":1000,"need":980,"how":"bitfield","settled":true,"complete":false}`
	eachInPipe(t, func(t *testing.T, p program) {
		want, ok := statistics[p.name]
		if !ok {
			want = "stat"
		}
		if want == "" {
			return
		}
		l := p.start(t, "--stats", "20ms")
		seconds := 0 // of the readings, whose time bt-confirm goes by
		until(t, "statistics come", func() bool {
			seconds++
			l.pass(t, fmt.Sprintf(reading, seconds/60%60, seconds%60, seconds, hash))
			for _, text := range strings.Split(l.read.String(), "\n") {
				if strings.Contains(text, `"by":"`+p.name+`"`) && strings.HasPrefix(text, `{"type":"`+want+`"`) {
					return true
				}
			}
			return false
		})
	})
}
