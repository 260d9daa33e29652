package main

import (
	"errors"
	"fmt"
	"net"
	"strings"
	"syscall"

	"btkit/pkg/cmdline"
	"btkit/pkg/transport/tcp"
	"btkit/pkg/transport/utp"
)

// firstPort is where clients traditionally listen; lastPort where we give up.
const (
	firstPort = 6881
	lastPort  = 6999
)

// open listens on the given addresses, or on all of IPv4 and IPv6 with one
// port number; for TCP, and for uTP at the same port of UDP if that is wanted.
func open(addresses []string, overUDP bool) (*sockets, error) {
	if len(addresses) == 0 {
		return openAny(overUDP)
	}
	s := &sockets{overUDP: overUDP}
	for _, a := range addresses {
		if err := s.add("tcp", "udp", a); err != nil {
			s.close()
			return nil, &cmdline.Hinted{Err: fmt.Errorf("listen on %s: %w", a, err), Hint: hint(err)}
		}
	}
	return s, nil
}

func openAny(overUDP bool) (*sockets, error) {
	for port := firstPort; port <= lastPort; port++ {
		s := &sockets{overUDP: overUDP}
		err := s.add("tcp4", "udp4", fmt.Sprintf("0.0.0.0:%d", port))
		if errors.Is(err, syscall.EADDRINUSE) {
			s.close()
			continue
		}
		if err != nil {
			s.close()
			return nil, fmt.Errorf("listen: %w", err)
		}
		// A host without IPv6 does without.
		_ = s.add("tcp6", "udp6", fmt.Sprintf("[::]:%d", port))
		return s, nil
	}
	return nil, &cmdline.Hinted{Err: fmt.Errorf("no free port from %d to %d", firstPort, lastPort), Hint: "--address HOST:PORT names one"}
}

// hint is a way out when an address cannot be listened on.
func hint(err error) string {
	var op *net.OpError
	if errors.As(err, &op) && strings.HasPrefix(op.Net, "udp") {
		return "--no-utp leaves UDP out; --address HOST:PORT names another port, 0 takes any free one"
	}
	return "--address HOST:PORT names another one; port 0 takes any free port"
}

// sockets are those of TCP, each followed by that of uTP at the same port.
type sockets struct {
	overUDP   bool
	listeners []net.Listener
}

// backlog is how many conversations over uTP may wait to be taken.
const backlog = 256

func (s *sockets) add(overTCP, overUDP, address string) error {
	for range samePortTries {
		l, err := tcp.Listen(overTCP, address)
		if err != nil {
			return err
		}
		if !s.overUDP {
			s.listeners = append(s.listeners, l)
			return nil
		}
		conn, err := net.ListenPacket(overUDP, l.Addr().String())
		if err == nil {
			s.listeners = append(s.listeners, l, utp.Open(conn, utp.Options{Backlog: backlog}))
			return nil
		}
		l.Close()
		if _, port, _ := net.SplitHostPort(address); port != "0" {
			return err
		}
	}
	return fmt.Errorf("no port is free for both TCP and UDP")
}

// samePortTries bounds the search for a port that is free for TCP and UDP.
const samePortTries = 16

func (s *sockets) close() {
	for _, l := range s.listeners {
		l.Close()
	}
}
