package lab

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"

	"golang.org/x/term"
)

// Command runs a program beside a lab.
type Command struct {
	Args []string
	// Set beside what this process has, and in front of it.
	Env []string
	// Standard streams.
	In       io.Reader
	Out, Err io.Writer
}

// Run runs the program, waits for it and gives its exit status, 128 + n when
// signal n ended it; 126 or 127 with an error when it could not be started. When the context ends the program and all that it started
// get one SIGINT, and Run goes on waiting.
//
// The program has a process group of its own: what reaches it passes through
// here, so a signal arrives exactly once, whether it was meant for the whole
// group of the terminal or for this process alone. At a terminal the program is
// in the foreground, so that a shell can be the command.
func (c *Command) Run(ctx context.Context) (status int, err error) {
	cmd := exec.Command(inOwnFolder(c.Args[0]), c.Args[1:]...)
	cmd.Args[0] = c.Args[0]
	cmd.Stdin, cmd.Stdout, cmd.Stderr = c.In, c.Out, c.Err
	cmd.Env = append(os.Environ(), append(c.Env, withOwnFolder())...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if f, ok := c.In.(*os.File); ok && term.IsTerminal(int(f.Fd())) {
		cmd.SysProcAttr.Foreground, cmd.SysProcAttr.Ctty = true, int(f.Fd())
	}
	if err := cmd.Start(); err != nil {
		return notStarted(c.Args[0], err)
	}
	ended := make(chan struct{})
	passed := make(chan struct{})
	go func() {
		defer close(passed)
		select {
		case <-ctx.Done():
			// Fails only when the program has just ended by itself.
			_ = syscall.Kill(-cmd.Process.Pid, syscall.SIGINT)
		case <-ended:
		}
	}()
	err = cmd.Wait()
	close(ended)
	<-passed
	return exitStatus(err)
}

// notStarted gives the exit status that shells give, and an error that names the
// program as it was typed.
func notStarted(name string, err error) (int, error) {
	switch {
	case errors.Is(err, fs.ErrNotExist), errors.Is(err, exec.ErrNotFound):
		return notFound, fmt.Errorf("command %s not found", name)
	case errors.Is(err, fs.ErrPermission):
		return notExecutable, fmt.Errorf("command %s cannot be executed", name)
	}
	return notExecutable, fmt.Errorf("run %s: %w", name, err)
}

// Exit statuses of shells for what they cannot run.
const (
	notExecutable = 126
	notFound      = 127
)

func exitStatus(err error) (int, error) {
	var exit *exec.ExitError
	if !errors.As(err, &exit) {
		return 0, err
	}
	if w, ok := exit.Sys().(syscall.WaitStatus); ok && w.Signaled() {
		return 128 + int(w.Signal()), nil
	}
	return exit.ExitCode(), nil
}

// inOwnFolder is a program's path beside this one, for names that PATH does not
// find.
func inOwnFolder(name string) string {
	self, err := os.Executable()
	if err != nil || strings.ContainsRune(name, filepath.Separator) {
		return name
	}
	if _, err := exec.LookPath(name); err == nil {
		return name
	}
	return filepath.Join(filepath.Dir(self), name)
}

// withOwnFolder is a PATH that begins with the folder of this program, where its
// relatives are.
func withOwnFolder() string {
	path := os.Getenv("PATH")
	if self, err := os.Executable(); err == nil {
		path = filepath.Dir(self) + string(os.PathListSeparator) + path
	}
	return "PATH=" + path
}
