package cmdline

import (
	"errors"
	"io"
	"os"

	"golang.org/x/sys/unix"
)

// readerGone says whether the other end of a pipe has been closed.
func readerGone(out *os.File) bool {
	poll := []unix.PollFd{{Fd: int32(out.Fd())}}
	n, err := unix.Poll(poll, 0)
	return err == nil && n > 0 && closed(poll[0])
}

func closed(p unix.PollFd) bool { return p.Revents&(unix.POLLERR|unix.POLLNVAL) != 0 }

// Input is standard input for those who read it themselves. Reading fails when
// the reader of our records has gone, also while nothing comes in: a command
// would otherwise wait for a line to find out that nobody wants it.
func (s *Session) Input() io.Reader {
	in, ok := s.In.(*os.File)
	if !ok || s.stdout == nil || s.command.Role == Sink {
		return s.In
	}
	return &watchedInput{in: in, out: s.stdout}
}

type watchedInput struct{ in, out *os.File }

func (w *watchedInput) Read(p []byte) (int, error) {
	poll := []unix.PollFd{{Fd: int32(w.in.Fd()), Events: unix.POLLIN}, {Fd: int32(w.out.Fd())}}
	for {
		_, err := unix.Poll(poll, -1)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case err == nil && closed(poll[1]):
			return 0, errReaderGone
		}
		return w.in.Read(p)
	}
}
