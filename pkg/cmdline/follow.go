package cmdline

import (
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"golang.org/x/term"

	"btkit/pkg/record"
)

// drainTime is how long a source that has done its work waits for the rest of
// its input: longer than its neighbours need to take their leave of trackers.
const drainTime = 10 * time.Second

// Actor is a room that follows peers or asks sources while records pass by.
type Actor interface {
	// Hear is given every record that comes down the line, in order and from
	// one goroutine. The line is valid only during the call. An error means
	// that the line is bad; it is then rejected.
	Hear(*record.Line) error
	// EOF says that no more records will come.
	EOF()
}

// Runner is an Actor with work of its own.
type Runner interface {
	Actor
	// Run works until the context ends or nothing is left to do. Everything it
	// has to write is written when it returns.
	Run(*Session) error
}

// Each reads standard input to its end and calls f with every line that is a
// record. An error of f that wraps record.ErrNotRecord rejects the line, any
// other one ends the reading.
func (s *Session) Each(f func(*record.Line) error) error {
	if file, ok := s.In.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		s.Log.Warn("reading records from the terminal; Ctrl-D ends them")
	}
	in := record.NewReader(s.Input())
	var line record.Line
	for {
		err := in.Next(&line)
		var bad *record.Rejected
		switch {
		case errors.Is(err, io.EOF):
			s.eof.Store(true)
			return nil
		case errors.As(err, &bad):
			s.seen.Add(1)
			s.Reject(bad.Number, bad.Raw, bad.Err)
			continue
		case err != nil:
			return fmt.Errorf("read standard input: %w", err)
		}
		s.seen.Add(1)
		err = f(&line)
		if errors.Is(err, record.ErrNotRecord) {
			s.Reject(in.Number(), line.Raw, err)
		} else if err != nil {
			return err
		}
	}
}

// Filter passes every record on and lets the actor hear it.
func (s *Session) Filter(a Actor) error {
	return s.Each(func(line *record.Line) error { return s.pass(a, line) })
}

func (s *Session) pass(a Actor, line *record.Line) error {
	if err := a.Hear(line); err != nil {
		return err
	}
	return s.Out.Pass(line.Raw)
}

// Follow runs an actor beside the stream: torrents given as arguments, or
// else the records on standard input. It returns when the actor has done its
// work and the input has ended. Arguments of which none gives a torrent are a
// failure that ends the work.
func (s *Session) Follow(r Runner) error {
	read := make(chan error, 1) // its one result never blocks the reader
	go func() {
		err := s.feed(r)
		if errors.Is(err, errNoTorrent) {
			s.cancel(err)
		}
		r.EOF()
		read <- err
	}()
	runErr := r.Run(s)
	if runErr != nil {
		return runErr
	}
	timer := time.NewTimer(drainTime)
	defer timer.Stop()
	select {
	case err := <-read:
		return err
	case <-timer.C:
		s.Log.Info("input still open, leaving")
		return nil
	}
}

func (s *Session) feed(a Actor) error {
	useInput, err := s.Torrents(func(t *record.Torrent) error {
		if err := s.Out.Put(t); err != nil {
			return err
		}
		line, err := record.ParseLine(record.Append(nil, t))
		if err != nil {
			return err
		}
		return a.Hear(line)
	})
	if err != nil || !useInput {
		return err
	}
	return s.Filter(a)
}
