package talktest

import (
	"bytes"
	"errors"
	"reflect"
	"strings"
	"sync"
	"testing"
	"time"

	"btkit/pkg/record"
)

// Patience is when a test gives up waiting; nothing is measured by it.
const Patience = 20 * time.Second

// Journal keeps every line written to it. It is safe for concurrent use.
type Journal struct {
	mu      sync.Mutex
	lines   [][]byte
	part    []byte
	broken  bool
	changed chan struct{} // closed and replaced with every write
}

// NewJournal is empty.
func NewJournal() *Journal { return &Journal{changed: make(chan struct{})} }

// Break makes every later write fail, as a closed pipe does.
func (j *Journal) Break() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.broken = true
}

// Write takes whole lines or parts of them.
func (j *Journal) Write(b []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.broken {
		return 0, errors.New("broken pipe")
	}
	j.part = append(j.part, b...)
	for {
		line, rest, ok := bytes.Cut(j.part, []byte("\n"))
		if !ok {
			break
		}
		j.lines = append(j.lines, bytes.Clone(line))
		j.part = rest
	}
	close(j.changed)
	j.changed = make(chan struct{})
	return len(b), nil
}

func (j *Journal) snapshot() ([][]byte, <-chan struct{}) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.lines[:len(j.lines):len(j.lines)], j.changed
}

// Await waits until at least n records of R's kind are there and returns all of
// them in order.
func Await[R any, P interface {
	*R
	record.Record
}](t *testing.T, j *Journal, n int) []R {
	t.Helper()
	late := time.After(Patience)
	for {
		lines, changed := j.snapshot()
		all := decode[R, P](t, lines)
		if len(all) >= n {
			return all
		}
		select {
		case <-changed:
		case <-late:
			t.Fatalf("got %d %s records, waited in vain for %d; the journal:\n%s", len(all), kind[R](), n, bytes.Join(lines, []byte("\n")))
		}
	}
}

func kind[R any]() string { return strings.ToLower(reflect.TypeFor[R]().Name()) }

func decode[R any, P interface {
	*R
	record.Record
}](t *testing.T, lines [][]byte) (all []R) {
	t.Helper()
	for _, raw := range lines {
		line, err := record.ParseLine(raw)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if line.Type != kind[R]() {
			continue
		}
		var r R
		if err := line.Decode(P(&r)); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		all = append(all, r)
	}
	return all
}

// Line is a record as a room hears it.
func Line(t *testing.T, r record.Record) *record.Line {
	t.Helper()
	r.Head().Type = strings.ToLower(reflect.TypeOf(r).Elem().Name())
	line, err := record.ParseLine(record.Append(nil, r))
	if err != nil {
		t.Fatal(err)
	}
	return line
}
