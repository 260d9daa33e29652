//go:build interop

package lsd

import (
	"context"
	"errors"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// insideEnv tells a test binary that it already runs in its own namespace.
const insideEnv = "BTKIT_LSD_INSIDE"

// Capabilities of linux/capability.h that the stage needs without root.
const (
	capNetAdmin = 12
	capSysAdmin = 21
)

// onStage runs a test in a network namespace of its own: the test binary
// starts itself again for this one test.
func onStage(t *testing.T, test func(*testing.T)) {
	t.Helper()
	if os.Getenv(insideEnv) != "" {
		test(t)
		return
	}
	cmd := exec.Command(os.Args[0], "-test.run=^"+t.Name()+"$", "-test.v", "-test.count=1")
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	cmd.SysProcAttr = newNamespaces()
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	switch {
	case errors.As(err, &exit):
		t.Errorf("in its namespace: %v\n%s", err, out)
	case err != nil:
		t.Skipf("this system gives us no network namespace: %v", err)
	}
}

func newNamespaces() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID}
	if os.Geteuid() == 0 {
		return attr
	}
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	attr.AmbientCaps = []uintptr{capNetAdmin, capSysAdmin}
	return attr
}

// neighbour is a program on a second host: a namespace at the other end of a
// cable. We are 10.66.0.1 and fd66::1, it is 10.66.0.2 and fd66::2.
type neighbour struct {
	cmd *exec.Cmd
	in  io.WriteCloser
	log string
}

// startNeighbour lays the cable and then starts the program.
func startNeighbour(t *testing.T, name string, args ...string) *neighbour {
	t.Helper()
	n := &neighbour{log: filepath.Join(t.TempDir(), "log")}
	log, err := os.Create(n.log)
	if err != nil {
		t.Fatal(err)
	}
	// The program waits until its end of the cable is there.
	script := "read go && ip link set lo up && " + strings.Join(host("v1", "2"), " && ") + ` && exec "$@"`
	n.cmd = exec.Command("sh", append([]string{"-c", script, "sh", name}, args...)...)
	n.cmd.Stdout, n.cmd.Stderr = log, log
	n.cmd.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET}
	if n.in, err = n.cmd.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := n.cmd.Start(); err != nil {
		t.Fatalf("start %s: %v", name, err)
	}
	t.Cleanup(func() { n.stop(t, log) })
	lines := []string{"ip link set lo up", "ip link add v0 type veth peer name v1", "ip link set v1 netns " + strconv.Itoa(n.cmd.Process.Pid)}
	for _, line := range append(lines, host("v0", "1")...) {
		run(t, line)
	}
	if _, err := n.in.Write([]byte("\n")); err != nil {
		t.Fatal(err)
	}
	return n
}

// host configures one end of the cable.
func host(link, number string) []string {
	return []string{
		"ip addr add 10.66.0." + number + "/24 dev " + link,
		"ip -6 addr add fd66::" + number + "/64 dev " + link + " nodad",
		"ip link set " + link + " up",
		"ip route add 239.0.0.0/8 dev " + link,
	}
}

func run(t *testing.T, line string) {
	t.Helper()
	words := strings.Fields(line)
	if out, err := exec.Command(words[0], words[1:]...).CombinedOutput(); err != nil {
		t.Fatalf("%s: %v: %s (make interop installs iproute2)", line, err, out)
	}
}

// stop ends the program and shows what it said if the test has failed.
func (n *neighbour) stop(t *testing.T, log *os.File) {
	n.in.Close()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	ended := make(chan struct{})
	go func() { n.cmd.Wait(); close(ended) }()
	select {
	case <-ended:
	case <-ctx.Done():
		n.cmd.Process.Signal(syscall.SIGKILL)
		<-ended
	}
	log.Close()
	if text, err := os.ReadFile(n.log); err == nil && t.Failed() {
		t.Logf("the neighbour said:\n%s", text)
	}
}
