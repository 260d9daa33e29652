//go:build interop

package interop

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

// binDir is where "make build" puts the commands, seen from this folder.
const binDir = "../../bin"

// drainPatience is how long a pipeline may take from Ctrl-C to its end.
const drainPatience = 60 * time.Second

// Line is a pipeline of the toolkit's commands in a process group of its own,
// as a shell runs it that was given the line.
type Line struct {
	*process
	statuses string
}

// startLine has a shell run a pipeline in dir, with these settings in the
// environment beside ours. What the commands say to people goes into line.log.
func startLine(dir, line string, settings []string) (*Line, error) {
	bin, err := filepath.Abs(binDir)
	if err != nil {
		return nil, fmt.Errorf("find the commands: %w", err)
	}
	if _, err := os.Stat(filepath.Join(bin, "bt-probe")); err != nil {
		return nil, fmt.Errorf("find the commands (make build makes them): %w", err)
	}
	l := &Line{statuses: filepath.Join(dir, "statuses")}
	// bash alone tells the exit status of every command of a pipeline.
	cmd := exec.Command("bash", "-c", line+"\n"+`echo "${PIPESTATUS[*]}" > statuses`)
	cmd.Env = append(os.Environ(), "PATH="+bin+":"+os.Getenv("PATH"))
	cmd.Env = append(cmd.Env, settings...)
	l.process, err = launch("line", dir, cmd)
	return l, err
}

// interrupt does what Ctrl-C does, once, and waits for the end of all
// commands. It gives their exit statuses in order of the line.
func (l *Line) interrupt() ([]string, error) {
	if err := syscall.Kill(-l.cmd.Process.Pid, syscall.SIGINT); err != nil {
		return nil, fmt.Errorf("interrupt the pipeline: %w: %s", err, l.lastWords())
	}
	select {
	case <-l.done:
	case <-time.After(drainPatience):
		return nil, fmt.Errorf("pipeline still runs %v after the interrupt: %s", drainPatience, l.lastWords())
	}
	text, err := os.ReadFile(l.statuses)
	if err != nil {
		return nil, fmt.Errorf("read exit statuses: %w", err)
	}
	return strings.Fields(string(text)), nil
}
