//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"

	"golang.org/x/sys/unix"

	"btkit/pkg/peerwire"
	"btkit/pkg/visit"
)

// target is a peer and the torrent to speak about.
type target struct {
	ip       [4]byte
	port     uint16
	infohash [20]byte
}

// conversation is all that the client keeps of one, by its descriptor.
type conversation struct {
	target  int32
	missing uint32 // bytes of the handshake or of a message that are to come
	head    [5]byte
	heads   uint8
	greeted bool
	open    bool
}

type client struct {
	targets  []target
	slots    int
	hold     bool
	epoll    int
	byFD     []conversation
	next     int
	running  int
	held     int
	ok       int
	hello    []byte // handshake, the info-hash to be filled in
	greeting []byte
	buf      [16 << 10]byte
}

func newClient(targets []target, slots int, hold bool) (*client, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make epoll: %w", err)
	}
	h := peerwire.Handshake{Reserved: peerwire.Reserved(peerwire.BitExt | peerwire.BitFast), PeerID: [20]byte([]byte("-EP0001-bare-client0"))}
	greeting := peerwire.AppendExtHandshake(nil, peerwire.ExtHandshake{V: "epoll", Reqq: 250, M: map[string]uint8{
		"ut_pex": visit.ExtPex, "ut_metadata": visit.ExtMetadata, "upload_only": visit.ExtUploadOnly, "lt_donthave": visit.ExtDontHave}})
	return &client{targets: targets, slots: slots, hold: hold, epoll: epoll, byFD: make([]conversation, slots+64),
		hello: h.Append(nil), greeting: peerwire.AppendHaveNone(greeting)}, nil
}

// talk speaks with every target once.
func (c *client) talk() error {
	events := make([]unix.EpollEvent, 256)
	for {
		for c.running < c.slots && c.next < len(c.targets) {
			if err := c.dial(); err != nil {
				return err
			}
		}
		if c.running == c.held && c.next == len(c.targets) {
			return nil
		}
		n, err := unix.EpollWait(c.epoll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for events: %w", err)
		}
		for i := range max(n, 0) {
			c.event(int(events[i].Fd), events[i].Events)
		}
	}
}

func (c *client) dial() error {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("open socket: %w", err)
	}
	t := &c.targets[c.next]
	err = unix.Connect(fd, &unix.SockaddrInet4{Port: int(t.port), Addr: t.ip})
	if err != nil && !errors.Is(err, unix.EINPROGRESS) {
		return fmt.Errorf("connect to %v: %w", t.ip, err)
	}
	for len(c.byFD) <= fd {
		c.byFD = append(c.byFD, conversation{})
	}
	c.byFD[fd] = conversation{target: int32(c.next), missing: peerwire.HandshakeLen}
	c.next++
	c.running++
	event := unix.EpollEvent{Events: unix.EPOLLIN | unix.EPOLLOUT | unix.EPOLLET, Fd: int32(fd)}
	if err := unix.EpollCtl(c.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("watch socket: %w", err)
	}
	return nil
}

// event sends the handshake once connected, and hears the peer.
func (c *client) event(fd int, what uint32) {
	x := &c.byFD[fd]
	if !x.open {
		if what&(unix.EPOLLERR|unix.EPOLLHUP) != 0 {
			c.close(fd)
			return
		}
		x.open = true
		copy(c.hello[28:48], c.targets[x.target].infohash[:])
		if _, err := unix.Write(fd, c.hello); err != nil {
			c.close(fd)
			return
		}
	}
	if what&unix.EPOLLIN == 0 {
		return
	}
	n, err := unix.Read(fd, c.buf[:])
	switch {
	case errors.Is(err, unix.EAGAIN):
	case n <= 0:
		c.close(fd)
	case c.hear(fd, x, c.buf[:n]):
		c.told(fd)
	}
}

// hear takes in bytes and says whether the peer has told its pieces.
func (c *client) hear(fd int, x *conversation, b []byte) bool {
	for len(b) > 0 {
		if x.missing > 0 {
			n := min(x.missing, uint32(len(b)))
			x.missing -= n
			b = b[n:]
			if x.missing == 0 && !x.greeted {
				x.greeted = true
				// A failure shows in the next event.
				_, _ = unix.Write(fd, c.greeting)
			}
			continue
		}
		x.head[x.heads] = b[0]
		x.heads++
		b = b[1:]
		length := binary.BigEndian.Uint32(x.head[:])
		switch {
		case x.heads < 4:
		case length == 0: // keep-alive
			x.heads = 0
		case x.heads == 5:
			x.heads, x.missing = 0, length-1
			if id := peerwire.ID(x.head[4]); id == peerwire.BitfieldID || id == peerwire.HaveAll {
				return true
			}
		}
	}
	return false
}

// told ends a conversation that has served its purpose, or holds it.
func (c *client) told(fd int) {
	c.ok++
	if c.hold {
		c.held++
		return
	}
	c.close(fd)
}

func (c *client) close(fd int) {
	c.running--
	// Nothing can be done about a failure.
	_ = unix.Close(fd)
}
