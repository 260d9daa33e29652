package house

import (
	"fmt"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// terminal opens a pseudo-terminal: what is written to its inner end can be
// read at the outer one.
func terminal(t *testing.T) (outer, inner *os.File) {
	t.Helper()
	outer, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Skipf("this host gives no pseudo-terminal: %v", err)
	}
	t.Cleanup(func() { outer.Close() })
	if err := unix.IoctlSetPointerInt(int(outer.Fd()), unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(int(outer.Fd()), unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	inner, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { inner.Close() })
	return outer, inner
}

// watch collects what appears on a terminal.
func watch(outer *os.File) *notes {
	seen := new(notes)
	go func() { // ends when the terminal is closed
		buf := make([]byte, 4096)
		for {
			n, err := outer.Read(buf)
			if err != nil {
				return
			}
			_, _ = seen.Write(buf[:n]) // a buffer takes everything
		}
	}()
	return seen
}

// pipe starts two commands as a shell does: joined, in one process group, with
// standard error on a terminal.
func pipe(t *testing.T, inner *os.File, left, right *exec.Cmd) (feed *os.File) {
	t.Helper()
	in, feed, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	middle, write, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	left.Stdin, left.Stdout, left.Stderr = in, write, inner
	left.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := left.Start(); err != nil {
		t.Fatal(err)
	}
	right.Stdin, right.Stderr = middle, inner
	right.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pgid: left.Process.Pid}
	if err := right.Start(); err != nil {
		t.Fatal(err)
	}
	for _, f := range []*os.File{in, write, middle} {
		f.Close()
	}
	return feed
}

func TestCommandsOfOnePipeShareAProgressLine(t *testing.T) {
	t.Parallel()
	outer, inner := terminal(t)
	seen := watch(outer)
	left, right := program{name: "bt-geo"}.command(t), program{name: "bt-confirm"}.command(t)
	feed := pipe(t, inner, left, right)
	until(t, "both stand in one line", func() bool {
		for _, line := range strings.Split(seen.String(), "\r\033[J") {
			if strings.Contains(line, "geo ") && strings.Contains(line, " · confirm ") {
				return true
			}
		}
		return false
	})
	if strings.Contains(seen.String(), "\n") {
		t.Errorf("more than one line was used: %q", seen.String())
	}
	feed.Close()
	for _, cmd := range []*exec.Cmd{left, right} {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", cmd.Args, err)
		}
	}
	until(t, "the line is cleared", func() bool { return strings.HasSuffix(seen.String(), "\r\033[J") })
}

func TestQuietShowsNoProgressLine(t *testing.T) {
	t.Parallel()
	outer, inner := terminal(t)
	seen := watch(outer)
	left, right := program{name: "bt-geo"}.command(t, "-q"), program{name: "bt-confirm"}.command(t, "--quiet", "--stats", "100ms")
	feed := pipe(t, inner, left, right)
	time.Sleep(1200 * time.Millisecond) // more than two paintings
	feed.Close()
	for _, cmd := range []*exec.Cmd{left, right} {
		if err := cmd.Wait(); err != nil {
			t.Errorf("%v: %v", cmd.Args, err)
		}
	}
	if got := seen.String(); got != "" {
		t.Errorf("terminal shows %q, want nothing", got)
	}
}
