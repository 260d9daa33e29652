package store

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"btkit/pkg/record"
)

// batchRows is how many rows one transaction holds at most: from about a
// thousand on, waiting for the disk costs next to nothing per row.
const batchRows = 4000

// batchBytes bounds the lines kept for spilling while their rows wait.
const batchBytes = 8 << 20

// Counts says what has become of the lines.
type Counts struct {
	// Stored are rows written and committed.
	Stored int64
	// Duplicate are records that were in the database already.
	Duplicate int64
	// Spilled are lines written to the spill file instead.
	Spilled int64
	// Lost are lines neither stored nor spilled.
	Lost int64
}

// batch is what one transaction will hold.
type batch struct {
	rows  []row
	lines []byte // the lines as they came, each with its newline
}

func (b *batch) full() bool { return len(b.rows) >= batchRows || len(b.lines) >= batchBytes }

func (b *batch) reset() {
	clear(b.rows)
	b.rows, b.lines = b.rows[:0], b.lines[:0]
}

// Store takes records and stores them in batches. Hear fills one batch while
// Run writes the other.
type Store struct {
	db      *DB
	spill   *Spill // nil: what cannot be stored is lost, and storing ends
	build   *builder
	failing func(error)

	mu      sync.Mutex
	changed sync.Cond // anything below has changed
	filling *batch
	writing bool // Run is at work on the other batch
	due     bool // the batch has waited long enough
	ended   bool // no more records will come
	failure error
	fatal   error // failure without a spill file, or of it
	counts  Counts
}

// New makes a store that writes to db. If db is nil because it could not be
// opened, failure says why, and every line goes to the spill file. failing is
// called once, from Run, when storing has failed; it may be nil.
func New(db *DB, failure error, spill *Spill, failing func(error)) *Store {
	s := &Store{db: db, spill: spill, failure: failure, failing: failing, filling: new(batch)}
	s.changed.L = &s.mu
	if failure != nil && spill == nil {
		s.fatal = failure
	}
	var v *veil
	if db != nil {
		v = db.veil
	}
	s.build = newBuilder(v)
	return s
}

// Counts are the counts so far.
func (s *Store) Counts() Counts {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.counts
}

// Hear takes one record, and waits while both batches are full. An error that
// wraps record.ErrNotRecord means a bad line; any other that storing is over.
func (s *Store) Hear(l *record.Line) error {
	r, err := s.build.build(l)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for s.filling.full() && s.fatal == nil {
		s.changed.Wait()
	}
	if s.fatal != nil {
		s.counts.Lost++
		return s.fatal
	}
	s.filling.rows = append(s.filling.rows, r)
	s.filling.lines = append(append(s.filling.lines, l.Raw...), '\n')
	if s.ready() {
		s.changed.Broadcast()
	}
	return nil
}

// EOF says that no more records will come.
func (s *Store) EOF() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ended = true
	s.changed.Broadcast()
}

// Flush waits until everything heard so far is committed or spilled.
func (s *Store) Flush() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for (len(s.filling.rows) > 0 || s.writing) && s.fatal == nil {
		s.due = true
		s.changed.Broadcast()
		s.changed.Wait()
	}
}

// Run stores what Hear takes until EOF: whenever a batch is full, and at every
// tick what there is; the first record after a pause is stored at once.
// Err says how it went.
func (s *Store) Run(tick <-chan time.Time) {
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		s.watch(tick, stop)
	}()
	other := new(batch)
	for b := s.take(other); b != nil; b = s.take(b) {
		s.finish(b, s.write(b))
		b.reset()
	}
	close(stop)
	<-stopped
	if err := s.spill.close(); err != nil {
		s.end(err)
	}
}

// watch marks the batch as due at every tick.
func (s *Store) watch(tick <-chan time.Time, stop <-chan struct{}) {
	for {
		select {
		case <-stop:
			return
		case <-tick:
			s.mu.Lock()
			s.due = true
			s.changed.Broadcast()
			s.mu.Unlock()
		}
	}
}

// take waits for a batch to write and leaves an empty one in its place. It
// returns nil when there will be none.
func (s *Store) take(empty *batch) *batch {
	s.mu.Lock()
	defer s.mu.Unlock()
	for !s.ready() && !s.ended && s.fatal == nil {
		s.changed.Wait()
	}
	if s.fatal != nil || len(s.filling.rows) == 0 && s.ended {
		s.counts.Lost += int64(len(s.filling.rows))
		return nil
	}
	b := s.filling
	s.filling, s.due, s.writing = empty, false, true
	s.changed.Broadcast()
	return b
}

func (s *Store) ready() bool { return s.filling.full() || s.due && len(s.filling.rows) > 0 }

// write stores a batch, or spills it once storing has failed.
func (s *Store) write(b *batch) (c Counts) {
	rows := int64(len(b.rows))
	if s.failure == nil {
		stored, err := s.db.store(b.rows)
		if err == nil {
			return Counts{Stored: stored, Duplicate: rows - stored}
		}
		s.fail(err)
	}
	if s.spill == nil {
		return Counts{Lost: rows}
	}
	if err := s.spill.write(b.lines); err != nil {
		s.end(err)
		return Counts{Lost: rows}
	}
	return Counts{Spilled: rows}
}

// fail notes why nothing can be stored any more.
func (s *Store) fail(err error) {
	s.mu.Lock()
	s.failure = err
	s.mu.Unlock()
	if s.failing != nil {
		s.failing(err)
	}
	if s.spill == nil {
		s.end(err)
	}
}

// end makes Hear and Run give up.
func (s *Store) end(err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.fatal = err
	s.changed.Broadcast()
}

func (s *Store) finish(b *batch, c Counts) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.counts.Stored += c.Stored
	s.counts.Duplicate += c.Duplicate
	s.counts.Spilled += c.Spilled
	s.counts.Lost += c.Lost
	s.writing = false
	s.changed.Broadcast()
}

// Err says what has gone wrong so far and what to do next; with its counts it
// is complete when Run has returned. It is nil if every line is stored.
func (s *Store) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.failure == nil {
		return nil
	}
	if s.fatal == nil {
		return &Problem{fmt.Errorf("%w; %s in %q instead", s.failure, linesThat(s.counts.Spilled, "is", "are"), s.spill.Path),
			fmt.Sprintf("when the cause is gone, feed them in again: bt-store DATABASE < %s", s.spill.Path)}
	}
	err := s.failure
	if s.fatal != s.failure {
		err = fmt.Errorf("%w; %w", s.failure, s.fatal)
	}
	lost := fmt.Errorf("%w; %s not stored", err, linesThat(s.counts.Lost, "was", "were"))
	if s.counts.Spilled > 0 {
		lost = fmt.Errorf("%w, but %s in %q", lost, linesThat(s.counts.Spilled, "is", "are"), s.spill.Path)
	}
	var p *Problem
	if s.spill == nil && errors.As(s.failure, &p) {
		return &Problem{lost, p.Hint + "; --spill FILE keeps what cannot be stored"}
	}
	return lost
}

// linesThat is a number of lines with the verb that fits it.
func linesThat(n int64, one, more string) string {
	if n == 1 {
		return "1 line " + one
	}
	return fmt.Sprintf("%d lines %s", n, more)
}

// Put stores a record of the command's own, its header filled in.
func (s *Store) Put(r record.Record) error {
	l, err := record.ParseLine(record.Append(nil, r))
	if err != nil {
		return err
	}
	return s.Hear(l)
}
