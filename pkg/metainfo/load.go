package metainfo

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"strings"
)

// InputError is the error about one input; the others are good all the same.
type InputError struct {
	// File name, "standard input", or the beginning of a magnet link.
	Input string
	// Line in it, from 1; 0 where lines don't count.
	Line int
	Err  error
}

func (e *InputError) Error() string {
	if e.Line > 0 {
		return fmt.Sprintf("%s: line %d: %v", e.Input, e.Line, e.Err)
	}
	return fmt.Sprintf("%s: %v", e.Input, e.Err)
}

func (e *InputError) Unwrap() error { return e.Err }

// Load walks the torrents that one argument of a command names: a .torrent
// file, a folder (every *.torrent in it and below, in the order of names), a
// magnet link, a file with a magnet link per line, or "-" for such a file or a
// .torrent on stdin. Empty lines and lines that start with # are left out. A
// torrent or an *InputError comes at a time, and the walk goes on after an
// error.
func Load(argument string, stdin io.Reader) iter.Seq2[*Torrent, error] {
	return func(yield func(*Torrent, error) bool) {
		switch {
		case argument == "-":
			loadReader("standard input", stdin, yield)
		case IsMagnet(argument):
			t, err := ParseMagnet(argument)
			yieldOne(abridge(argument), 0, t, err, yield)
		default:
			loadPath(argument, yield)
		}
	}
}

type yieldFunc = func(*Torrent, error) bool

// yieldOne hands over a torrent or an error and says whether to go on.
func yieldOne(input string, line int, t *Torrent, err error, yield yieldFunc) bool {
	if err != nil {
		return yield(nil, &InputError{Input: input, Line: line, Err: err})
	}
	return yield(t, nil)
}

func loadPath(path string, yield yieldFunc) {
	info, err := os.Stat(path)
	switch {
	case err != nil:
		yieldOne(path, 0, nil, bare(err), yield)
	case info.IsDir():
		loadFolder(path, yield)
	default:
		loadFile(path, yield)
	}
}

// loadFolder passes a folder that cannot be read as an error and goes on.
func loadFolder(folder string, yield yieldFunc) {
	walk := func(path string, d fs.DirEntry, err error) error {
		more := true
		switch {
		case err != nil:
			more = yieldOne(path, 0, nil, bare(err), yield)
		case !d.IsDir() && strings.EqualFold(filepath.Ext(path), ".torrent"):
			more = loadFile(path, yield)
		}
		if !more {
			return fs.SkipAll
		}
		return nil
	}
	// The walk returns no error of its own: walk passes on none.
	_ = filepath.WalkDir(folder, walk)
}

func loadFile(path string, yield yieldFunc) bool {
	f, err := os.Open(path)
	if err != nil {
		return yieldOne(path, 0, nil, bare(err), yield)
	}
	defer f.Close()
	return loadReader(path, f, yield)
}

// loadReader tells a .torrent file, which starts with d, from lines.
func loadReader(input string, in io.Reader, yield yieldFunc) bool {
	r := bufio.NewReaderSize(in, MaxMagnetBytes+1)
	first, err := r.Peek(1)
	if err != nil && err != io.EOF {
		return yieldOne(input, 0, nil, fmt.Errorf("read: %w", bare(err)), yield)
	}
	if strings.EqualFold(filepath.Ext(input), ".torrent") || bytes.Equal(first, []byte("d")) {
		t, err := readFile(r)
		return yieldOne(input, 0, t, err, yield)
	}
	return loadLines(input, r, yield)
}

func readFile(r io.Reader) (*Torrent, error) {
	b, err := io.ReadAll(io.LimitReader(r, MaxFileBytes+1))
	if err != nil {
		return nil, fmt.Errorf("read: %w", bare(err))
	}
	return ParseFile(b)
}

// loadLines reads a magnet link per line. The buffer of r is longer than any
// link, so a line that does not fit is none and the rest is not read.
func loadLines(input string, r *bufio.Reader, yield yieldFunc) bool {
	for number := 1; ; number++ {
		line, err := r.ReadSlice('\n')
		if err != nil && err != io.EOF {
			return yieldOne(input, number, nil, fmt.Errorf("read line: %w", err), yield)
		}
		link := strings.TrimSpace(strings.TrimPrefix(string(line), "\ufeff"))
		if link != "" && link[0] != '#' {
			t, err := ParseMagnet(link)
			if !yieldOne(input, number, t, err, yield) {
				return false
			}
		}
		if err == io.EOF {
			return true
		}
	}
}

// bare leaves out the path that an InputError names anyway.
func bare(err error) error {
	var path *fs.PathError
	if errors.As(err, &path) {
		return path.Err
	}
	return err
}

// abridge shortens a magnet link for an error message.
func abridge(link string) string {
	const most = 80
	if len(link) > most {
		return link[:most] + "…"
	}
	return link
}
