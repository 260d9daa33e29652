package record

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// MaxLine is the longest line that a Reader accepts, in bytes.
const MaxLine = 1 << 20

// readBuffer holds many records, so that a full pipe is emptied by few reads.
const readBuffer = 64 << 10

// Rejected is the error for one bad line; reading can go on behind it.
type Rejected struct {
	// Number of the line, from 1.
	Number int64
	// Raw is the line as it came, cut at MaxLine; valid until the next read.
	Raw []byte
	Err error
}

func (r *Rejected) Error() string { return fmt.Sprintf("line %d: %v", r.Number, r.Err) }
func (r *Rejected) Unwrap() error { return r.Err }

// Reader reads records line by line. It accepts CRLF, empty lines and a
// missing final newline.
type Reader struct {
	in     *bufio.Reader
	long   []byte // a line longer than the buffer
	number int64
	seen   int64
}

// NewReader reads from in.
func NewReader(in io.Reader) *Reader {
	return &Reader{in: bufio.NewReaderSize(in, readBuffer)}
}

// Seen is the number of lines read, empty ones left out.
func (r *Reader) Seen() int64 { return r.seen }

// Number is the number of the line read last, from 1.
func (r *Reader) Number() int64 { return r.number }

// Next reads the next line into l, whose bytes are valid until the following
// call. It returns io.EOF at the end, *Rejected for a bad line (go on), and
// any other error when reading itself failed.
func (r *Reader) Next(l *Line) error {
	for {
		raw, cut, err := r.readLine()
		if err != nil {
			return err
		}
		r.number++
		raw = bytes.TrimSuffix(raw, []byte("\r"))
		if len(bytes.TrimSpace(raw)) == 0 {
			continue
		}
		r.seen++
		if cut {
			return &Rejected{r.number, raw, fmt.Errorf("longer than %d bytes", MaxLine)}
		}
		if err := l.Parse(raw); err != nil {
			return &Rejected{r.number, raw, err}
		}
		return nil
	}
}

// readLine gives one line without its newline. A line beyond MaxLine is cut
// there and the rest of it is skipped.
func (r *Reader) readLine() (line []byte, cut bool, err error) {
	part, err := r.in.ReadSlice('\n')
	if err == nil {
		return part[:len(part)-1], false, nil
	}
	r.long = r.long[:0]
	for {
		room := MaxLine - len(r.long)
		if len(bytes.TrimSuffix(part, []byte("\n"))) > room {
			cut = true
			part = part[:room]
		}
		r.long = append(r.long, part...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			break
		}
		part, err = r.in.ReadSlice('\n')
	}
	if err == nil || errors.Is(err, io.EOF) && len(r.long) > 0 {
		return bytes.TrimSuffix(r.long, []byte("\n")), cut, nil
	}
	return nil, false, err
}
