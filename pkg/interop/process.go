//go:build interop

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// patience is how long a client may take to end after SIGTERM.
const patience = 5 * time.Second

// process is a client or tracker that runs in a process group of its own and
// writes what it has to say to people into a file.
type process struct {
	name string
	cmd  *exec.Cmd
	log  *os.File
	// Closed when the process has ended; err is valid from then on.
	done chan struct{}
	err  error
}

// launch starts cmd with its log in dir. Streams that cmd has set already
// stay as they are.
func launch(name, dir string, cmd *exec.Cmd) (*process, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make folder of %s: %w", name, err)
	}
	log, err := os.Create(filepath.Join(dir, name+".log"))
	if err != nil {
		return nil, fmt.Errorf("create log of %s: %w", name, err)
	}
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.Dir = dir
	cmd.Stderr = log
	if cmd.Stdout == nil {
		cmd.Stdout = log
	}
	if err := cmd.Start(); err != nil {
		log.Close()
		return nil, fmt.Errorf("start %s: %w", name, err)
	}
	p := &process{name: name, cmd: cmd, log: log, done: make(chan struct{})}
	go p.wait()
	return p, nil
}

// wait ends with the process; stop waits for it.
func (p *process) wait() {
	defer close(p.done)
	p.err = p.cmd.Wait()
	p.log.Close()
}

// stop asks the whole group to end, then makes it.
func (p *process) stop() {
	for _, sig := range []syscall.Signal{syscall.SIGTERM, syscall.SIGKILL} {
		syscall.Kill(-p.cmd.Process.Pid, sig)
		select {
		case <-p.done:
			syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL)
			return
		case <-time.After(patience):
		}
	}
	<-p.done
}

// lastWords gives the end of the log, for error messages.
func (p *process) lastWords() string {
	text, err := os.ReadFile(p.log.Name())
	if err != nil {
		return err.Error()
	}
	if len(text) > 1500 {
		text = text[len(text)-1500:]
	}
	return string(text)
}
