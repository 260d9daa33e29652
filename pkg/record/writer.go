package record

import (
	"bytes"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"io"
	"reflect"
	"sync"
	"time"
)

// maxWrite is PIPE_BUF: a write of up to so many bytes into a pipe never
// mixes with another's. Lines are only ever batched up to it.
const maxWrite = 4096

// maxPending bounds the bytes that wait for a slow reader.
const maxPending = 64 << 10

// ErrWriterClosed is returned for records that come after Close.
var ErrWriterClosed = errors.New("record writer is closed")

// Writer writes records and passes lines on. One record is one write(2) of
// whole lines; lines are written together only when the reader was not ready
// for the first when the second came. It is safe for concurrent use.
type Writer struct {
	by, run string
	now     func() time.Time
	grease  bool

	mu      sync.Mutex
	changed sync.Cond // pending, err or closed changed
	pending []byte    // whole lines
	writing bool
	closed  bool
	err     error
	seq     uint64
	wrote   int64
	done    chan struct{} // closed when the flusher has ended
}

// NewRun makes the id of a process's run.
func NewRun() string {
	var b [8]byte
	// rand.Read never fails on the systems that Go supports.
	_, _ = rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// NewWriter writes to out in the name of the command by. With grease, it now
// and then adds an unknown kind and an unknown member, so that no reader comes
// to rely on a closed world.
func NewWriter(out io.Writer, by, run string, grease bool) *Writer {
	w := &Writer{by: by, run: run, now: time.Now, grease: grease, done: make(chan struct{})}
	w.changed.L = &w.mu
	go w.flush(out)
	return w
}

// By is the name that the records carry.
func (w *Writer) By() string { return w.by }

// Run is the id of the run that the records carry.
func (w *Writer) Run() string { return w.run }

// Wrote is the number of lines taken so far, grease left out.
func (w *Writer) Wrote() int64 {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.wrote
}

// Put writes a record. It sets type, v, by, run and seq, and ts if it is zero.
func (w *Writer) Put(r Record) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.room(); err != nil {
		return err
	}
	w.fill(r)
	w.pending = append(Append(w.pending, r), '\n')
	if w.grease {
		w.addGrease()
	}
	w.wrote++
	w.changed.Broadcast()
	return nil
}

// Pass writes a line as it came.
func (w *Writer) Pass(line []byte) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.room(); err != nil {
		return err
	}
	w.pending = append(append(w.pending, line...), '\n')
	w.wrote++
	w.changed.Broadcast()
	return nil
}

// Close waits until everything is written.
func (w *Writer) Close() error {
	w.mu.Lock()
	w.closed = true
	w.changed.Broadcast()
	w.mu.Unlock()
	<-w.done
	return w.err
}

// Flush waits until everything taken so far is written.
func (w *Writer) Flush() error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for (len(w.pending) > 0 || w.writing) && w.err == nil {
		w.changed.Wait()
	}
	return w.err
}

func (w *Writer) fill(r Record) {
	h := r.Head()
	p := planOf[reflect.TypeOf(r).Elem()]
	w.seq++
	h.Type, h.V, h.By, h.Run, h.Seq = p.name, p.v, w.by, w.run, w.seq
	if h.TS.IsZero() {
		h.TS = w.now()
	}
}

// room waits until a line may be taken.
func (w *Writer) room() error {
	for len(w.pending) >= maxPending && w.err == nil && !w.closed {
		w.changed.Wait()
	}
	if w.err == nil && w.closed {
		return ErrWriterClosed
	}
	return w.err
}

// flush writes what is pending until the writer is closed or writing fails.
func (w *Writer) flush(out io.Writer) {
	defer close(w.done)
	var batch []byte
	w.mu.Lock()
	defer w.mu.Unlock()
	for {
		for len(w.pending) == 0 && !w.closed {
			w.changed.Wait()
		}
		if len(w.pending) == 0 || w.err != nil {
			return
		}
		batch, w.pending = w.pending, batch[:0]
		w.writing = true
		w.changed.Broadcast()
		w.mu.Unlock()
		err := writeLines(out, batch)
		w.mu.Lock()
		w.writing = false
		if err != nil {
			w.err = err
		}
		w.changed.Broadcast()
	}
}

// writeLines writes whole lines, as many as fit into maxWrite at a time.
func writeLines(out io.Writer, lines []byte) error {
	for len(lines) > 0 {
		n := len(lines)
		if n > maxWrite {
			n = bytes.LastIndexByte(lines[:maxWrite], '\n') + 1
			if n == 0 {
				n = bytes.IndexByte(lines, '\n') + 1
			}
		}
		if _, err := out.Write(lines[:n]); err != nil {
			return err
		}
		lines = lines[n:]
	}
	return nil
}
