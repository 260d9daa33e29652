//go:build interop

package interop

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// insideEnv tells a test binary that it already runs in its own namespace.
const insideEnv = "BTKIT_INTEROP_INSIDE"

// Of linux/capability.h: to set addresses, to read the wire, to make rooms.
const (
	capNetAdmin = 12
	capNetRaw   = 13
	capSysAdmin = 21
)

// Stage is a set of addresses that clients and toolkit share with nobody:
// 198.18.0.0/15 (RFC 2544) in a network namespace of the test, or part of
// 127.0.0.0/8 where no namespace is to be had. Clients treat 127.x specially,
// Transmission never dials it, so the namespace is the better stage.
type Stage struct {
	// Whether this is a namespace and addresses look public.
	Namespace bool
	// First two bytes of every client's address.
	prefix [2]byte
	// Ends when the test shall end.
	ctx context.Context
}

// Addr gives client n an address; each is in a /24 of its own, since DHT nodes
// and the toolkit's own manners count neighbours of one /24 together.
func (s *Stage) Addr(n byte) netip.Addr {
	return netip.AddrFrom4([4]byte{s.prefix[0], s.prefix[1], n, 1})
}

// Home is the source address that the kernel picks for unbound sockets, so
// the one that clients see the toolkit come from.
func (s *Stage) Home() netip.Addr {
	if s.Namespace {
		return netip.AddrFrom4([4]byte{198, 18, 0, 1})
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1})
}

// onStage runs test in a network namespace of its own: the test binary starts
// itself again for this one test. Without the right to do so it runs test
// here, on loopback addresses.
func onStage(t *testing.T, test func(t *testing.T, stage *Stage)) {
	ctx, stop := testContext(t)
	defer stop()
	if os.Getenv(insideEnv) != "" {
		raiseStage(t)
		test(t, &Stage{Namespace: true, prefix: [2]byte{198, 18}, ctx: ctx})
		return
	}
	err := runInside(ctx, t.Name())
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		t.Errorf("test in its namespace: %v", err)
	default:
		t.Logf("no network namespace (%v): using loopback addresses", err)
		test(t, &Stage{prefix: loopbackPrefix(), ctx: ctx})
	}
}

// testContext ends shortly before the test's deadline and at the first
// SIGINT or SIGTERM, so that clients are always stopped in good order.
func testContext(t *testing.T) (context.Context, context.CancelFunc) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	deadline, ok := t.Deadline()
	if !ok {
		return ctx, stop
	}
	ctx, cancel := context.WithDeadline(ctx, deadline.Add(-20*time.Second))
	return ctx, func() { cancel(); stop() }
}

// loopbackPrefix spreads concurrent tests and test runs over 127.64.0.0/10.
func loopbackPrefix() [2]byte {
	return [2]byte{127, 64 + byte((os.Getpid()+int(stages.Add(1)))%64)}
}

var stages atomic.Int32

// runInside starts the test again in new network and process namespaces; the
// kernel ends whatever it leaves behind. An *exec.ExitError says that the
// test failed, any other error that it did not run.
func runInside(ctx context.Context, test string) error {
	args := []string{"-test.run=^" + test + "$", "-test.v", "-test.count=1"}
	if deadline, ok := ctx.Deadline(); ok {
		args = append(args, "-test.timeout="+time.Until(deadline).String())
	}
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Env = append(os.Environ(), insideEnv+"=1")
	cmd.SysProcAttr = newNamespaces()
	cmd.Cancel = func() error { return cmd.Process.Signal(syscall.SIGTERM) }
	cmd.WaitDelay = 15 * time.Second
	out, err := cmd.StdoutPipe()
	if err != nil {
		return err
	}
	cmd.Stderr = cmd.Stdout
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("start in a namespace: %w", err)
	}
	relay(os.Stdout, out, test)
	return cmd.Wait()
}

// newNamespaces asks for them directly where we are root, else by way of a
// user namespace.
func newNamespaces() *syscall.SysProcAttr {
	attr := &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET | syscall.CLONE_NEWPID}
	if os.Geteuid() == 0 {
		return attr
	}
	attr.Cloneflags |= syscall.CLONE_NEWUSER
	attr.UidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getuid(), HostID: os.Getuid(), Size: 1}}
	attr.GidMappings = []syscall.SysProcIDMap{{ContainerID: os.Getgid(), HostID: os.Getgid(), Size: 1}}
	attr.AmbientCaps = []uintptr{capNetAdmin, capNetRaw, capSysAdmin}
	return attr
}

// relay copies the inner test's lines, with its name in front, since tests run
// side by side. So the outer test's own verdict remains the only one at the
// start of a line.
func relay(to io.Writer, from io.Reader, test string) {
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadString('\n')
		if line != "" {
			fmt.Fprintf(to, "    %s| %s\n", test, strings.TrimSuffix(line, "\n"))
		}
		if err != nil {
			return
		}
	}
}

// raiseStage makes all of 198.18.0.0/15 local, and 198.18.0.1 the source
// address of unbound sockets, as 127.0.0.1 is in 127.0.0.0/8.
func raiseStage(t *testing.T) {
	t.Helper()
	if err := ipLines(
		"link set lo up",
		"addr add 198.18.0.1/32 dev lo",
		"route add local 198.18.0.0/15 dev lo src 198.18.0.1",
	); err != nil {
		t.Fatal(err)
	}
}
