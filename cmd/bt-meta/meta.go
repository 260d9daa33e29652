package main

import (
	"bufio"
	"errors"
	"fmt"
	"os"
	"sync"

	"golang.org/x/term"

	"btkit/pkg/cmdline"
	"btkit/pkg/metainfo"
	"btkit/pkg/record"
)

// meta is one run of the command.
type meta struct {
	session   *cmdline.Session
	resolving *resolving // nil without --resolve

	mu sync.Mutex // for bad
}

// bad reports an input that could not be used.
func (m *meta) bad(err error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.session.BadInput(err)
}

// inputs takes all arguments in order, or standard input if there are none.
func (m *meta) inputs() error {
	args := m.session.Args().Slice()
	if len(args) == 0 {
		if file, ok := m.session.In.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
			return &cmdline.UsageError{Err: errors.New("no torrent given and standard input is a terminal"),
				Hint: "bt-meta FILE.torrent"}
		}
		return m.standardInput()
	}
	for _, arg := range args {
		read := func() error { return m.load(arg) }
		if arg == "-" {
			read = m.standardInput
		}
		if err := read(); err != nil {
			return err
		}
	}
	return nil
}

// standardInput tells records, which start with a brace, from a .torrent and
// from lines of magnet links.
func (m *meta) standardInput() error {
	in := bufio.NewReader(m.session.Input())
	m.session.In = in
	if first, err := in.Peek(1); err == nil && first[0] != '{' && first[0] != '\n' && first[0] != '\r' {
		return m.load("-")
	}
	return m.session.Each(m.pass)
}

func (m *meta) load(arg string) error {
	found := false
	for t, err := range metainfo.Load(arg, m.session.In) {
		found = true
		if err != nil {
			m.bad(err)
		} else if err := m.take(t); err != nil {
			return err
		}
	}
	if !found {
		m.bad(fmt.Errorf("%s: no torrent found", arg))
	}
	return nil
}

// take writes a torrent and has it resolved if it is a magnet link.
func (m *meta) take(t *metainfo.Torrent) error {
	if err := m.write(t); err != nil {
		return err
	}
	m.resolving.add(t)
	return nil
}

// write puts the records of a torrent on standard output.
func (m *meta) write(t *metainfo.Torrent) error {
	shown := *t
	if m.session.Bool("private") {
		shown.Name, shown.Bytes = "", 0
	}
	for _, r := range shown.Records() {
		if err := m.session.Out.Put(r); err != nil {
			return err
		}
	}
	if !m.session.Bool("files") {
		return nil
	}
	for r := range shown.FileRecords() {
		if err := m.session.Out.Put(r); err != nil {
			return err
		}
	}
	return nil
}

// pass hands a record on; a torrent without pieces is resolved on the way.
func (m *meta) pass(line *record.Line) error {
	if err := m.session.Out.Pass(line.Raw); err != nil {
		return err
	}
	if line.Type != "torrent" || m.resolving == nil {
		return nil
	}
	var r record.Torrent
	if err := line.Decode(&r); err != nil {
		return err
	}
	t, err := metainfo.FromRecord(&r)
	if err != nil {
		return fmt.Errorf("%w: %w", record.ErrNotRecord, err)
	}
	if r.Pieces == 0 {
		m.resolving.add(t)
	}
	return nil
}
