package cmdline

import (
	"os"

	"golang.org/x/sys/unix"
)

// readerGone says whether the other end of a pipe has been closed.
func readerGone(out *os.File) bool {
	poll := []unix.PollFd{{Fd: int32(out.Fd())}}
	n, err := unix.Poll(poll, 0)
	return err == nil && n > 0 && poll[0].Revents&(unix.POLLERR|unix.POLLNVAL) != 0
}
