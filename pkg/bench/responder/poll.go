//go:build linux

package main

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"btkit/pkg/peerwire"
)

// stage of a descriptor.
type stage uint8

const (
	accepted stage = iota + 1
	answered
	told
)

// poll is all peers on one thread, in the clear over TCP.
type poll struct {
	*words
	epoll, listener int
	byFD            []stage
	hi              []byte
	buf             [4096]byte
}

func newPoll(w *words) (*poll, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make epoll: %w", err)
	}
	p := &poll{words: w, epoll: epoll}
	if p.listener, err = unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0); err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	err = errors.Join(onlyLoopback(p.listener), unix.Bind(p.listener, &unix.SockaddrInet4{}), unix.Listen(p.listener, unix.SOMAXCONN))
	if err != nil {
		return nil, fmt.Errorf("listen: %w", err)
	}
	return p, p.watch(p.listener, 0)
}

// onlyLoopback keeps a socket that takes what comes to any address away from
// other hosts.
func onlyLoopback(fd int) error { return unix.BindToDevice(fd, "lo") }

func (p *poll) port() int {
	name, err := unix.Getsockname(p.listener)
	if err != nil {
		return 0
	}
	return name.(*unix.SockaddrInet4).Port
}

func (p *poll) watch(fd int, s stage) error {
	for len(p.byFD) <= fd {
		p.byFD = append(p.byFD, 0)
	}
	p.byFD[fd] = s
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
	if err := unix.EpollCtl(p.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("watch socket: %w", err)
	}
	return nil
}

func (p *poll) serve() error {
	events := make([]unix.EpollEvent, 256)
	for {
		n, err := unix.EpollWait(p.epoll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for events: %w", err)
		}
		for i := range max(n, 0) {
			if err := p.event(int(events[i].Fd)); err != nil {
				return err
			}
		}
	}
}

func (p *poll) event(fd int) error {
	if fd == p.listener {
		return p.accept()
	}
	n, err := unix.Read(fd, p.buf[:])
	if n <= 0 && !errors.Is(err, unix.EAGAIN) {
		p.byFD[fd] = 0
		return unix.Close(fd)
	}
	switch {
	case n < 0:
	case p.byFD[fd] == accepted && n >= peerwire.HandshakeLen:
		p.hi = p.hello(p.buf[:n], p.hi[:0])
		p.byFD[fd] = answered
		p.say(fd, p.hi)
	case p.byFD[fd] == answered:
		p.byFD[fd] = told
		p.say(fd, p.pieces)
	}
	return nil
}

// say writes a few bytes into an empty buffer; a client that has gone shows
// in the next event.
func (p *poll) say(fd int, b []byte) { _, _ = unix.Write(fd, b) }

func (p *poll) accept() error {
	for range 16 {
		fd, _, err := unix.Accept4(p.listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			// Nobody waits any more, or the client has gone again.
			return nil
		}
		if err := p.watch(fd, accepted); err != nil {
			return err
		}
	}
	return nil
}
