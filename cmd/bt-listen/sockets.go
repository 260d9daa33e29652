package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"

	"btkit/pkg/cmdline"
)

// firstPort is where clients traditionally listen; lastPort where we give up.
const (
	firstPort = 6881
	lastPort  = 6999
)

// open listens on the given addresses, or on all of IPv4 and IPv6 with one
// port number.
func open(addresses []string) ([]net.Listener, error) {
	if len(addresses) == 0 {
		return openAny()
	}
	var sockets []net.Listener
	for _, a := range addresses {
		l, err := net.Listen("tcp", a)
		if err != nil {
			return nil, &cmdline.Hinted{Err: fmt.Errorf("listen on %s: %w", a, err), Hint: "--address HOST:PORT names another one; port 0 takes any free port"}
		}
		sockets = append(sockets, l)
	}
	return sockets, nil
}

func openAny() ([]net.Listener, error) {
	for port := firstPort; port <= lastPort; port++ {
		v4, err := net.Listen("tcp4", fmt.Sprintf("0.0.0.0:%d", port))
		if errors.Is(err, syscall.EADDRINUSE) {
			continue
		}
		if err != nil {
			return nil, fmt.Errorf("listen: %w", err)
		}
		v6, err := net.Listen("tcp6", fmt.Sprintf("[::]:%d", port))
		if err != nil { // a host without IPv6
			return []net.Listener{v4}, nil
		}
		return []net.Listener{v4, v6}, nil
	}
	return nil, &cmdline.Hinted{Err: fmt.Errorf("no free port from %d to %d", firstPort, lastPort), Hint: "--address HOST:PORT names one"}
}
