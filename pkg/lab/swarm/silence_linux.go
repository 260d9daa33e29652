package swarm

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"time"
)

// silence is a socket whose queue is full: the system drops every further
// attempt to connect to it, on whichever address of 127.0.0.0/8.
type silence struct {
	port    uint16
	fd      int
	fillers []net.Conn
}

func openSilence() (*silence, error) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return nil, fmt.Errorf("socket that does not answer: %w", err)
	}
	s := &silence{fd: fd}
	// Only for this host. Where that is not allowed the socket is still harmless,
	// since nothing is ever accepted.
	_ = syscall.BindToDevice(fd, "lo")
	if err := s.begin(); err != nil {
		return nil, errors.Join(fmt.Errorf("socket that does not answer: %w", err), s.close())
	}
	return s, nil
}

func (s *silence) begin() error {
	if err := syscall.Bind(s.fd, &syscall.SockaddrInet4{}); err != nil {
		return err
	}
	if err := syscall.Listen(s.fd, 0); err != nil {
		return err
	}
	name, err := syscall.Getsockname(s.fd)
	if err != nil {
		return err
	}
	s.port = uint16(name.(*syscall.SockaddrInet4).Port)
	return s.fill()
}

// fill connects until that fails; Linux takes one more than the queue holds.
func (s *silence) fill() error {
	to := netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), s.port).String()
	for range 8 {
		c, err := net.DialTimeout("tcp4", to, 100*time.Millisecond)
		var timeout net.Error
		if errors.As(err, &timeout) && timeout.Timeout() {
			return nil
		}
		if err != nil {
			return err
		}
		s.fillers = append(s.fillers, c)
	}
	return nil
}

// close may be called twice; the number of the socket may be another's then.
func (s *silence) close() error {
	if s.fd < 0 {
		return nil
	}
	err := syscall.Close(s.fd)
	s.fd = -1
	for _, c := range s.fillers {
		err = errors.Join(err, c.Close())
	}
	return err
}
