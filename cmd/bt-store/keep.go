package main

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"time"

	"btkit/pkg/cmdline"
	"btkit/pkg/record"
	"btkit/pkg/store"
)

// flushEvery is how long a record waits for its transaction at most.
const flushEvery = time.Second

// keep stores standard input.
func keep(s *cmdline.Session, path string) error {
	options, err := addresses(s)
	if err != nil {
		return err
	}
	options.Busy = s.Duration("wait")
	store.OneUser()
	var spill *store.Spill
	if s.IsSet("spill") {
		spill = &store.Spill{Path: s.String("spill")}
	}
	db, err := store.Open(context.Background(), path, options)
	if err != nil && spill == nil {
		return err
	}
	failing := func(err error) { s.Log.Error(fmt.Sprintf("%v; %s", err, afterwards(spill))) }
	if err != nil {
		failing(err)
	} else if db.OtherKey {
		s.Log.Warn("earlier rows were hashed under another key: their addresses match none of this run; --key-file FILE keeps a key")
	}
	st := store.New(db, err, spill, failing)
	err = follow(s, st)
	if db == nil {
		return err
	}
	err = errors.Join(err, db.Close())
	if c := st.Counts(); !s.Bool("quiet") {
		fmt.Fprintf(s.People, "bt-store: %s stored in %s, %d already there\n", rows(c.Stored), path, c.Duplicate)
	}
	return err
}

func rows(n int64) string {
	if n == 1 {
		return "1 row"
	}
	return fmt.Sprintf("%d rows", n)
}

// follow reads to the end of input and stores the command's own end record.
func follow(s *cmdline.Session, st *store.Store) error {
	tick := time.NewTicker(flushEvery)
	defer tick.Stop()
	done := make(chan struct{})
	go func() { defer close(done); st.Run(tick.C) }()
	s.Progress(func() string { return fmt.Sprintf("%d stored", st.Counts().Stored) })
	readErr := s.Each(st.Hear)
	st.Flush()
	if st.Err() == nil {
		end := s.End(readErr)
		end.Wrote = st.Counts().Stored
		end.Header = record.Header{Type: "end", V: 1, TS: time.Now(), By: s.Out.By(), Run: s.Out.Run(), Seq: 1}
		readErr = errors.Join(readErr, st.Put(end))
	}
	st.EOF()
	<-done
	if err := st.Err(); err != nil {
		return err
	}
	return readErr
}

func addresses(s *cmdline.Session) (store.Options, error) {
	keep, file := s.Bool("keep-ip"), s.String("key-file")
	if keep && file != "" {
		return store.Options{}, cmdline.Usagef("--keep-ip needs no key: leave out --key-file")
	}
	if keep {
		return store.Options{KeepIP: true}, nil
	}
	makeKey := func() ([]byte, error) { return store.NewKey(rand.Reader) }
	if file != "" {
		makeKey = func() ([]byte, error) { return store.KeyFile(file, rand.Reader) }
	}
	key, err := makeKey()
	return store.Options{Key: key}, err
}

// afterwards says what becomes of the lines once storing has failed.
func afterwards(spill *store.Spill) string {
	if spill == nil {
		return "nothing is stored from here on"
	}
	return fmt.Sprintf("lines go to %q from here on", spill.Path)
}
