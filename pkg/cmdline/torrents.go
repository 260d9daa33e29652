package cmdline

import (
	"errors"
	"os"
	"strings"

	"golang.org/x/term"

	"btkit/pkg/metainfo"
	"btkit/pkg/record"
)

// Torrents calls f with the records of every torrent that the arguments name:
// .torrent files, folders, magnet links and files of magnet links. An argument
// that cannot be used is reported and the others go on; if none gives a
// torrent, the error is errNoTorrent. It says whether
// standard input is to be read as well: when there is no argument, or one is
// "-".
func (s *Session) Torrents(f func(*record.Torrent) error) (useInput bool, err error) {
	args := s.Args().Slice()
	if len(args) == 0 {
		return true, s.refuseTerminal()
	}
	found := 0
	count := func(t *record.Torrent) error {
		found++
		return f(t)
	}
	for _, arg := range args {
		if arg == "-" {
			useInput = true
			continue
		}
		if err := s.torrent(arg, count); err != nil {
			return useInput, err
		}
	}
	if found == 0 && !useInput {
		return false, errNoTorrent
	}
	return useInput, nil
}

func (s *Session) torrent(arg string, f func(*record.Torrent) error) error {
	found := false
	for t, err := range metainfo.Load(arg, strings.NewReader("")) {
		found = true
		var bad *metainfo.InputError
		if errors.As(err, &bad) {
			s.BadInput(err)
			continue
		}
		if err != nil {
			return err
		}
		for _, r := range t.Records() {
			if err := f(r); err != nil {
				return err
			}
		}
	}
	if !found {
		s.BadInput(errors.New(arg + ": no torrent found"))
	}
	return nil
}

// refuseTerminal spares a person who forgot the argument from waiting.
func (s *Session) refuseTerminal() error {
	if file, ok := s.In.(*os.File); ok && term.IsTerminal(int(file.Fd())) {
		return &UsageError{Err: errors.New("no torrent given and standard input is a terminal"),
			Hint: s.command.Name + " FILE.torrent, or: bt-meta FILE.torrent | " + s.command.Name}
	}
	return nil
}
