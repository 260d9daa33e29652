package cmdline

import (
	"bytes"
	"os"
	"strconv"
	"time"

	"btkit/pkg/record"
)

// Stats writes the record that f gives at every --stats interval until the
// session's Live context ends, with what the system knows of this process
// filled in. It returns at once.
func (s *Session) Stats(f func() *record.Stat) {
	every := s.Duration("stats")
	if every <= 0 {
		return
	}
	s.background(func() {
		tick := time.NewTicker(every)
		defer tick.Stop()
		for {
			select {
			case <-s.Live.Done():
				return
			case <-tick.C:
				// A failed write shows when the writer is closed.
				_ = s.Out.Put(WithProcess(f()))
			}
		}
	})
}

// WithProcess fills in resident memory, open files and the load average, where
// the system tells them.
func WithProcess(stat *record.Stat) *record.Stat {
	stat.RSSBytes = residentBytes()
	if files, err := os.ReadDir("/proc/self/fd"); err == nil {
		stat.OpenFiles = int64(len(files))
	}
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		if load, err := strconv.ParseFloat(string(field(b, 0)), 64); err == nil {
			stat.LoadAverage = record.Float(load)
		}
	}
	return stat
}

// residentBytes reads the second field of statm, in pages.
func residentBytes() int64 {
	b, err := os.ReadFile("/proc/self/statm")
	if err != nil {
		return 0
	}
	pages, err := strconv.ParseInt(string(field(b, 1)), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

func field(b []byte, n int) []byte {
	if fields := bytes.Fields(b); n < len(fields) {
		return fields[n]
	}
	return nil
}
