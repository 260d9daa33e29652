package store

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// Spill takes the lines that could not be stored, as they came. The file is
// made when the first of them comes and is appended to; it is readable by its
// owner only, since its addresses are not hashed.
type Spill struct {
	// Path of the file.
	Path string
	file *os.File
}

// write appends whole lines.
func (s *Spill) write(lines []byte) error {
	if s.file == nil {
		if err := s.open(); err != nil {
			return err
		}
	}
	if _, err := s.file.Write(lines); err != nil {
		return fmt.Errorf("write spill file: %w", err)
	}
	return nil
}

// open also ends a last line that was cut short.
func (s *Spill) open() error {
	f, err := os.OpenFile(s.Path, os.O_CREATE|os.O_RDWR|os.O_APPEND, 0o600)
	if err != nil {
		return fmt.Errorf("open spill file: %w", err)
	}
	s.file = f
	end, err := f.Seek(0, io.SeekEnd)
	if err != nil || end == 0 {
		return nil // a pipe, or nothing there yet
	}
	last := make([]byte, 1)
	if _, err := f.ReadAt(last, end-1); err == nil && last[0] != '\n' {
		_, err = f.Write([]byte("\n"))
		return err
	}
	return nil
}

func (s *Spill) close() error {
	if s == nil || s.file == nil {
		return nil
	}
	if err := errors.Join(s.file.Sync(), s.file.Close()); err != nil {
		return fmt.Errorf("close spill file: %w", err)
	}
	return nil
}
