//go:build linux

// Command epoll is the bare client that bt-probe is measured against: the same
// exchange with a peer, on one thread, with nothing around it. It decides
// nothing, keeps nothing and writes no records; what bt-probe makes of a
// conversation is left to bt-probe.
package main

import (
	"bufio"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"

	"btkit/pkg/visit"
)

func main() {
	slots := flag.Int("j", 1000, "conversations at once")
	hold := flag.Bool("hold", false, "hold all until standard input ends")
	flag.Parse()
	if err := run(flag.Arg(0), *slots, *hold); err != nil {
		fmt.Fprintln(os.Stderr, "epoll:", err)
	}
}

// run talks to the peers of a file, an "ip:port infohash" per line. It says
// "ready" before the first conversation and "done N" after the last, and
// with hold waits for a line and for the end of standard input.
func run(path string, slots int, hold bool) error {
	targets, err := readTargets(path)
	if err != nil {
		return err
	}
	c, err := newClient(targets, slots, hold)
	if err != nil {
		return err
	}
	fmt.Println("ready")
	in := bufio.NewReaderSize(os.Stdin, 16)
	if hold {
		if _, err := in.ReadString('\n'); err != nil {
			return fmt.Errorf("wait for the start: %w", err)
		}
	}
	if err := c.talk(); err != nil {
		return err
	}
	fmt.Println("done", c.ok)
	if hold {
		_, err = io.Copy(io.Discard, in)
	}
	return err
}

func readTargets(path string) ([]target, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read peers: %w", err)
	}
	defer f.Close()
	var all []target
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		var addr, hash string
		if _, err := fmt.Sscan(lines.Text(), &addr, &hash); err != nil {
			return nil, fmt.Errorf("read peer %q: %w", lines.Text(), err)
		}
		to, err := netip.ParseAddrPort(addr)
		if err != nil {
			return nil, fmt.Errorf("read peer: %w", err)
		}
		infohash, err := visit.ParseInfoHash(hash)
		if err != nil {
			return nil, err
		}
		all = append(all, target{to.Addr().As4(), to.Port(), infohash})
	}
	return all, lines.Err()
}
