package manners

import (
	"fmt"
	"syscall"
)

const (
	// Reserve is the number of descriptors kept for files, listeners and name
	// lookups, out of which no conversation is paid.
	Reserve = 64
	// maxConversations bounds what an unlimited descriptor limit would allow.
	maxConversations = 1 << 20
)

// Descriptors raises this process's limit on open files as far as it may
// without privileges and returns how many conversations, of one descriptor
// each, fit under it.
func Descriptors() (int, error) {
	var lim syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &lim); err != nil {
		return 0, fmt.Errorf("read the limit on open files: %w", err)
	}
	if lim.Cur < lim.Max {
		raised := syscall.Rlimit{Cur: lim.Max, Max: lim.Max}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &raised); err == nil {
			lim = raised
		}
	}
	return fit(uint64(lim.Cur)), nil
}

// fit returns how many conversations fit under a limit on open files, at
// least one.
func fit(limit uint64) int {
	if limit > maxConversations+Reserve {
		return maxConversations
	}
	return max(int(limit)-Reserve, 1)
}
