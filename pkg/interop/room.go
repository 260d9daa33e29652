//go:build interop

package interop

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
)

// room is a network namespace within the stage: whatever starts in it sees
// its links and addresses only. One thread lives in it and does all its work.
type room struct {
	work chan func()
	// A process that does nothing and stands for the room where a process id is
	// asked for; it ends with its input.
	keeper *exec.Cmd
	input  io.Closer
}

// newRoom makes an empty one.
func newRoom() (*room, error) {
	r := &room{work: make(chan func())}
	entered := make(chan error)
	go r.live(entered)
	if err := <-entered; err != nil {
		return nil, err
	}
	return r, r.do(r.keep)
}

// live ends with the room. Its thread ends with it, since it can serve nobody
// else; so it must not be the first thread, which stands for the process.
func (r *room) live(entered chan<- error) {
	runtime.LockOSThread()
	if syscall.Gettid() == os.Getpid() {
		another := make(chan error)
		go r.live(another) // on another thread, as this one is taken
		entered <- <-another
		runtime.UnlockOSThread()
		return
	}
	if err := syscall.Unshare(syscall.CLONE_NEWNET); err != nil {
		entered <- fmt.Errorf("make a network namespace: %w", err)
		return
	}
	entered <- nil
	for f := range r.work {
		f()
	}
}

// keep starts the keeper.
func (r *room) keep() (err error) {
	r.keeper = exec.Command("cat")
	if r.input, err = r.keeper.StdinPipe(); err != nil {
		return err
	}
	return r.keeper.Start()
}

// do runs f in the room. Processes that f starts stay there.
func (r *room) do(f func() error) error {
	done := make(chan error)
	r.work <- func() { done <- f() }
	return <-done
}

// close ends the room, as far as its processes have ended.
func (r *room) close() {
	r.input.Close()
	r.keeper.Wait()
	close(r.work)
}

// ip runs ip(8) in the room, once for each line.
func (r *room) ip(lines ...string) error {
	return r.do(func() error { return ipLines(lines...) })
}
