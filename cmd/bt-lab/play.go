package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"

	"btkit/pkg/cmdline"
	"btkit/pkg/lab"
	"btkit/pkg/lab/script"
)

// statusEvery is how often people are told how the play stands.
const statusEvery = 10 * time.Second

// play runs the lab and the command.
func play(s *cmdline.Session) error {
	l, err := lab.Open(options(s))
	if errors.Is(err, lab.ErrDescriptors) {
		return &cmdline.Hinted{Err: err, Hint: "fewer peers, or a higher hard limit: ulimit -Hn"}
	}
	if errors.Is(err, script.ErrOptions) {
		return cmdline.Usagef("%w", err)
	}
	if err != nil {
		return err
	}
	say(s, "%d peers, %d of them finish within %v; files in %s", len(l.Script.Peers), l.Script.Options.Finishing,
		l.Script.Options.Duration, l.Dir)
	if err := l.Start(); err != nil {
		return errors.Join(err, l.Close())
	}
	status, err := beside(s, l)
	say(s, "%s", l.Status())
	if n := l.Requests(); n > 0 {
		say(s, "warning: content was requested %d times", n)
	}
	if err != nil && status != 0 {
		s.Log.Error(err.Error())
		err = nil
	}
	if err := errors.Join(err, l.Close(), writeTruth(s, l)); err != nil {
		return err
	}
	if status != 0 {
		return cmdline.ExitStatus(status)
	}
	return nil
}

// beside runs the command, or waits for the end if there is none, and tells
// people meanwhile how the play stands.
func beside(s *cmdline.Session, l *lab.Lab) (status int, err error) {
	stop := make(chan struct{})
	var wait sync.WaitGroup
	wait.Add(1)
	go func() { defer wait.Done(); report(s, l, stop) }()
	defer wait.Wait()
	defer close(stop)
	if s.NArg() == 0 {
		say(s, "in another shell: . %s", filepath.Join(l.Dir, lab.EnvFile))
		<-s.Live.Done()
		return 0, nil
	}
	env := l.Environ()
	for _, setting := range l.Defaults() {
		if name, _, _ := strings.Cut(setting, "="); os.Getenv(name) == "" {
			env = append(env, setting)
		}
	}
	c := lab.Command{Args: s.Args().Slice(), Env: env, In: s.In, Out: os.Stdout, Err: s.People}
	return c.Run(s.Live)
}

func report(s *cmdline.Session, l *lab.Lab, stop <-chan struct{}) {
	ticker := time.NewTicker(statusEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			say(s, "%s", l.Status())
		case <-stop:
			return
		}
	}
}

func writeTruth(s *cmdline.Session, l *lab.Lab) error {
	path := s.String("truth")
	if path == "" {
		path = filepath.Join(l.Dir, lab.TruthFile)
	}
	if err := l.WriteTruth(path); err != nil {
		return err
	}
	say(s, "truth in %s", path)
	return nil
}

func say(s *cmdline.Session, format string, args ...any) {
	if !s.Bool("quiet") {
		fmt.Fprintf(s.People, fresh(s.People)+"bt-lab: "+format+"\n", args...)
	}
}

// fresh clears the line of a terminal, where a command's progress may stand.
func fresh(people io.Writer) string {
	if f, ok := people.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		return "\r\033[K"
	}
	return ""
}
