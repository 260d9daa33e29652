package confirm

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"btkit/pkg/record"
)

// saveEvery is how much stream time may be lost from the state in a crash.
const saveEvery = time.Minute

// Filter passes records on and adds what follows from them.
type Filter struct {
	fold      *Fold
	path      string
	out       *record.Writer
	tallied   time.Time // by the clock of the records
	saved     time.Time
	confirmed atomic.Int64
	peers     atomic.Int64
	torrent   record.Torrent
	reading   record.Progress
	anew      bool
	earlier   int64 // downloads of an earlier count that came by
}

// Anew leaves out what an earlier bt-confirm has counted, so that records can be
// counted once more.
func (f *Filter) Anew() { f.anew = true }

// Earlier is how many downloads of an earlier count came by.
func (f *Filter) Earlier() int64 { return f.earlier }

// Open makes a filter that keeps its state in a file, or in memory when path
// is empty.
func Open(o Options, path string, out *record.Writer) (*Filter, error) {
	f := &Filter{fold: NewFold(o), path: path, out: out}
	if path == "" {
		return f, nil
	}
	return f, f.fold.Load(path)
}

// Pass gives the function that takes each line of the stream. Tallies are
// written every so often, by the time of the records.
func (f *Filter) Pass(every time.Duration) func(*record.Line) error {
	return func(line *record.Line) error {
		news, err := f.hear(line)
		if err != nil {
			return err
		}
		if counted(line) {
			if line.Type == "download" {
				f.earlier++
			}
			if f.anew {
				return nil
			}
		}
		if err := f.out.Pass(line.Raw); err != nil {
			return err
		}
		for _, r := range news {
			if err := f.out.Put(r); err != nil {
				return err
			}
		}
		if line.Type != "progress" {
			return nil
		}
		return f.regular(f.reading.TS, every)
	}
}

// counted says whether a line is the result of a count.
func counted(line *record.Line) bool {
	return line.Type == "download" || line.Type == "tally" || line.Type == "regression"
}

func (f *Filter) hear(line *record.Line) ([]record.Record, error) {
	switch line.Type {
	case "torrent":
		if err := line.Decode(&f.torrent); err != nil {
			return nil, err
		}
		if err := named(f.torrent.InfoHash); err != nil {
			return nil, err
		}
		f.fold.Torrent(&f.torrent)
	case "progress":
		if err := line.Decode(&f.reading); err != nil {
			return nil, err
		}
		if err := named(f.reading.InfoHash); err != nil {
			return nil, err
		}
		news := f.fold.Reading(&f.reading)
		f.confirmed.Store(f.fold.Confirmed())
		f.peers.Store(int64(f.fold.Peers()))
		return news, nil
	}
	return nil, nil
}

// named rejects records that belong to no torrent.
func named(infohash string) error {
	if len(infohash) != hashDigits {
		return fmt.Errorf("%w: infohash is %.60q, expected 40 hex digits", record.ErrNotRecord, infohash)
	}
	return nil
}

// regular writes tallies and saves the state when it is time.
func (f *Filter) regular(now time.Time, every time.Duration) error {
	if f.tallied.IsZero() {
		f.tallied, f.saved = now, now
	}
	if f.path != "" && now.Sub(f.saved) >= saveEvery {
		f.saved = now
		if err := f.fold.Save(f.path); err != nil {
			return err
		}
	}
	if every > 0 && now.Sub(f.tallied) >= every {
		f.tallied = now
		return f.tally()
	}
	return nil
}

func (f *Filter) tally() error {
	for _, t := range f.fold.Tallies() {
		if err := f.out.Put(t); err != nil {
			return err
		}
	}
	return nil
}

// End writes the last tallies and saves the state, also when the stream ended
// with an error.
func (f *Filter) End(streamErr error) error {
	if streamErr == nil {
		streamErr = f.tally()
	}
	if f.path != "" {
		return errors.Join(streamErr, f.fold.Save(f.path))
	}
	return streamErr
}

// Status is what the progress line says.
func (f *Filter) Status() string {
	return fmt.Sprintf("%d confirmed of %d peers", f.confirmed.Load(), f.peers.Load())
}
