//go:build linux

package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"strconv"
	"time"
)

// Cores for the clients that are measured and for their peers.
const (
	clientCore = "0"
	peerCore   = "1"
)

// canPin says whether processes can be bound to cores.
func (b *bench) canPin() bool {
	if runtime.NumCPU() < 2 {
		fmt.Fprintln(b.remarks, "bench: one core only: clients and peers share it")
		return false
	}
	return b.has("taskset", "clients are not bound to one core")
}

// pinned makes a command that runs on one core if pin is set.
func pinned(pin bool, core, path string, args ...string) *exec.Cmd {
	if !pin {
		return exec.Command(path, args...)
	}
	return exec.Command("taskset", append([]string{"-c", core, path}, args...)...)
}

// timed runs a command from a file, or from nothing, into a file.
func timed(cmd *exec.Cmd, from, to string) (sample, error) {
	in, err := os.Open(orNull(from))
	if err != nil {
		return sample{}, fmt.Errorf("open input: %w", err)
	}
	defer in.Close()
	out, err := os.Create(orNull(to))
	if err != nil {
		return sample{}, fmt.Errorf("open output: %w", err)
	}
	defer out.Close()
	var said bytes.Buffer
	cmd.Stdin, cmd.Stdout, cmd.Stderr = in, out, &said
	began := time.Now()
	if err := cmd.Run(); err != nil {
		return sample{}, fmt.Errorf("%s: %w: %s", cmd.Path, err, said.Bytes())
	}
	return sample{wall: time.Since(began), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}

func orNull(path string) string {
	if path == "" {
		return os.DevNull
	}
	return path
}

// process is one that we talk to while it runs.
type process struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	out *bufio.Reader
}

// start runs a command with pipes; with into, its output goes to that file.
func start(cmd *exec.Cmd, into *os.File) (*process, error) {
	p := &process{cmd: cmd}
	var err error
	if p.in, err = cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	cmd.Stderr = os.Stderr
	if into != nil {
		cmd.Stdout = into
	} else {
		out, err := cmd.StdoutPipe()
		if err != nil {
			return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
		}
		p.out = bufio.NewReader(out)
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", cmd.Path, err)
	}
	return p, nil
}

// hear waits for a line of the given shape and gives its number.
func (p *process) hear(format string) (n int, err error) {
	said, err := p.out.ReadString('\n')
	if err == nil {
		_, err = fmt.Sscanf(said, format, &n)
	}
	if err != nil {
		return 0, fmt.Errorf("hear %q from %s: %w", format, p.cmd.Path, err)
	}
	return n, nil
}

// end closes its input, interrupts it and waits for it.
func (p *process) end() error {
	return errors.Join(p.in.Close(), p.cmd.Process.Signal(os.Interrupt), ignoreExit(p.cmd.Wait()))
}

// ignoreExit forgets how a process ended that we interrupted.
func ignoreExit(err error) error {
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		return nil
	}
	return err
}

// resident is the memory of a process that is in RAM, in KiB.
func (p *process) resident() (float64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", p.cmd.Process.Pid))
	if err != nil {
		return 0, fmt.Errorf("read memory: %w", err)
	}
	for line := range bytes.Lines(status) {
		if rest, ok := bytes.CutPrefix(line, []byte("VmRSS:")); ok {
			return strconv.ParseFloat(string(bytes.Fields(rest)[0]), 64)
		}
	}
	return 0, fmt.Errorf("read memory of %s: no VmRSS", p.cmd.Path)
}
