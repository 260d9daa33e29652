package tcp

import (
	"syscall"

	"golang.org/x/sys/unix"
)

// control prepares a listening socket; those that it accepts take over its
// options.
func control(_, _ string, raw syscall.RawConn) error {
	var failed error
	err := raw.Control(func(fd uintptr) {
		failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(vanished.Milliseconds()))
	})
	if err != nil {
		return err
	}
	return failed
}
