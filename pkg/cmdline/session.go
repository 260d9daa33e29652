package cmdline

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/urfave/cli/v2"

	"btkit/pkg/record"
)

// Causes for which a session's Live context ends.
var (
	errSignal     = errors.New("signal")
	errTime       = errors.New("time")
	errReaderGone = errors.New("reader gone")
	errNoTorrent  = errors.New("no argument gave a torrent")
)

// Session is one run of a command: its flags, its streams and its end.
type Session struct {
	*cli.Context
	// Live ends when the command should come to its end: at the first signal,
	// after --for, or when the reader of its records has gone. Filters and
	// sinks read their input to the end all the same.
	Live context.Context
	// In is standard input.
	In io.Reader
	// Out takes records to standard output.
	Out *record.Writer
	// People is standard error.
	People io.Writer
	// Log takes remarks; those below warnings need --verbose.
	Log *slog.Logger

	command  *Command
	stdout   *os.File
	cancel   context.CancelCauseFunc
	started  time.Time
	progress *progress
	wait     sync.WaitGroup // signal, reader watch and timer

	seen, rejected, dropped atomic.Int64
	badArgs                 atomic.Int64
	rejects                 *os.File
	eof                     atomic.Bool
}

func open(ctx *cli.Context, c *Command, in io.Reader, out *os.File, people io.Writer) (*Session, error) {
	if c.Role == Filter && c.Synopsis == "" && ctx.NArg() > 0 {
		return nil, &UsageError{Err: fmt.Errorf("argument %q given, expected none", ctx.Args().First()),
			Hint: fmt.Sprintf("%s reads standard input: %s < FILE", c.Name, c.Name)}
	}
	s := &Session{Context: ctx, In: in, People: people, command: c, started: time.Now()}
	var err error
	if s.Log, err = newLog(c.Name, people, ctx.String("log"), ctx.Bool("verbose"), ctx.Bool("quiet")); err != nil {
		return nil, err
	}
	if path := ctx.String("rejects"); path != "" {
		if s.rejects, err = os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600); err != nil {
			return nil, fmt.Errorf("open rejects file: %w", err)
		}
	}
	if s.stdout, err = ownOutput(out); err != nil {
		return nil, err
	}
	s.Out = record.NewWriter(s.stdout, c.Name, record.NewRun(), os.Getenv("BT_GREASE") == "1")
	s.Live, s.cancel = context.WithCancelCause(context.Background())
	if s.progress = startProgress(s, out); s.progress != nil {
		s.People = clean{people}
		if s.Log, err = newLog(c.Name, s.People, ctx.String("log"), ctx.Bool("verbose"), ctx.Bool("quiet")); err != nil {
			return nil, err
		}
	}
	s.watchSignals()
	if c.Role == Source || c.Role == Filter {
		s.watchReader()
	}
	s.watchTime(ctx.Duration("for"))
	return s, nil
}

// ownOutput is standard output under another number. Go ends a process whose
// write to descriptor 1 meets a closed pipe; on this one the write fails, so
// that a source can still take its leave of the trackers.
func ownOutput(out *os.File) (*os.File, error) {
	fd, err := syscall.Dup(int(out.Fd()))
	if err != nil {
		return nil, fmt.Errorf("open standard output: %w", err)
	}
	syscall.CloseOnExec(fd)
	return os.NewFile(uintptr(fd), out.Name()), nil
}

// watchSignals ends Live at the first signal. From then on signals have their
// ordinary effect, so a second one ends the process.
func (s *Session) watchSignals() {
	signals := make(chan os.Signal, 1) // the first is all we look at
	signal.Notify(signals, syscall.SIGINT, syscall.SIGTERM)
	s.background(func() {
		defer signal.Stop(signals)
		select {
		case caught := <-signals:
			s.cancel(errSignal)
			signal.Reset(syscall.SIGINT, syscall.SIGTERM)
			s.Log.Info("coming to the end; a second signal ends at once", "signal", caught)
		case <-s.Live.Done():
		}
	})
}

func (s *Session) watchTime(d time.Duration) {
	if d <= 0 {
		return
	}
	s.background(func() {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
			s.cancel(errTime)
		case <-s.Live.Done():
		}
	})
}

// watchReader ends Live when the other end of standard output goes away, also
// while nothing is written.
func (s *Session) watchReader() {
	s.background(func() {
		for s.Live.Err() == nil {
			if readerGone(s.stdout) {
				s.cancel(errReaderGone)
				return
			}
			select {
			case <-s.Live.Done():
			case <-time.After(200 * time.Millisecond):
			}
		}
	})
}

func (s *Session) background(f func()) {
	s.wait.Add(1)
	go func() {
		defer s.wait.Done()
		f()
	}()
}

// Dropped counts records that could not be used for want of room.
func (s *Session) Dropped(n int64) { s.dropped.Add(n) }

// Why says why the session is ending: "signal", "time", "eof" or "done".
func (s *Session) Why() string {
	switch cause := context.Cause(s.Live); {
	case errors.Is(cause, errSignal), errors.Is(cause, errTime):
		return cause.Error()
	case s.eof.Load():
		return "eof"
	}
	return "done"
}

// End is the record that a command writes last.
func (s *Session) End(err error) *record.End {
	end := &record.End{Seen: s.seen.Load(), Wrote: s.Out.Wrote(), Rejected: s.rejected.Load() + s.badArgs.Load(),
		Dropped: s.dropped.Load(), Why: s.Why()}
	if err != nil {
		end.Why = "error"
	}
	return end
}

// close writes the end record and ends everything that open began.
func (s *Session) close(err error) error {
	s.progress.stop()
	if n := s.rejected.Load(); n > shownRejects {
		s.Log.Warn(fmt.Sprintf("%d lines rejected", n))
	}
	var usage *UsageError // nothing was begun, so nothing ends
	if !errors.As(err, &usage) && (s.command.Role == Source || s.command.Role == Filter) {
		// A failed write shows in Close.
		_ = s.Out.Put(s.End(err))
	}
	writeErr := s.Out.Close()
	s.cancel(nil)
	s.wait.Wait()
	s.stdout.Close()
	if errors.Is(err, record.ErrWriterClosed) || isGone(err) {
		err = nil
	}
	if err == nil && writeErr != nil && !isGone(writeErr) {
		err = fmt.Errorf("write records: %w", writeErr)
	}
	if s.rejects != nil {
		err = errors.Join(err, s.rejects.Close())
	}
	if err == nil && s.rejected.Load()+s.badArgs.Load() > 0 {
		return errRejected
	}
	return err
}

func isGone(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, errReaderGone)
}

// shownRejects is how many bad lines people are told of one by one.
const shownRejects = 10

// Reject reports one bad line: to people, unless there were many, to the
// rejects file and in the end record. The run goes on.
func (s *Session) Reject(number int64, raw []byte, reason error) {
	switch n := s.rejected.Add(1); {
	case n <= shownRejects:
		s.Log.Warn(fmt.Sprintf("line %d rejected: %v", number, reason))
	case n == shownRejects+1 && s.rejects == nil:
		s.Log.Warn("further rejected lines are only counted; --rejects FILE keeps them")
	case n == shownRejects+1:
		s.Log.Warn(fmt.Sprintf("further rejected lines are only counted and written to %s", s.rejects.Name()))
	}
	if s.rejects == nil {
		return
	}
	if _, err := s.rejects.Write(append(append([]byte(nil), raw...), '\n')); err != nil {
		s.Log.Error("write rejects file", "error", err)
	}
}

// BadInput reports an argument that could not be used. The run goes on and
// ends with exit code 3.
func (s *Session) BadInput(err error) {
	s.badArgs.Add(1)
	s.Log.Error(err.Error())
}
