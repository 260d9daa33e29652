//go:build linux

// Command responder is the peers of the benchmark: many addresses, one thread
// and as little work per conversation as can be, so that the clients are what
// is measured. Peers with a behaviour are package lab's.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"

	"btkit/pkg/peerwire"
)

func main() {
	first := flag.String("first", "127.88.0.1", "first address to listen on")
	count := flag.Int("n", 1, "number of addresses")
	pieces := flag.Int("pieces", 0, "send a half bitfield of so many pieces instead of have-all")
	flag.Parse()
	if err := run(*first, *count, *pieces); err != nil {
		fmt.Fprintln(os.Stderr, "responder:", err)
	}
}

// run says "port P" when all addresses listen on that port, and answers until
// standard input ends.
func run(first string, count, pieces int) error {
	addr, err := netip.ParseAddr(first)
	if err != nil {
		return fmt.Errorf("read first address: %w", err)
	}
	r, err := newResponder(pieces)
	if err != nil {
		return err
	}
	port := 0
	for range count {
		if port, err = r.listen(addr.As4(), port); err != nil {
			return err
		}
		addr = addr.Next()
	}
	fmt.Println("port", port)
	go func() { failed <- r.serve() }()
	go func() {
		_, err := io.Copy(io.Discard, os.Stdin)
		failed <- err
	}()
	return <-failed
}

// failed has room for both who write to it.
var failed = make(chan error, 2)

// stage of a descriptor.
type stage uint8

const (
	listening stage = iota + 1
	accepted
	answered
	told
)

type responder struct {
	epoll    int
	byFD     []stage
	greeting []byte // handshake, the info-hash to be filled in, and what follows
	pieces   []byte // what is said behind the client's greeting
	buf      [4096]byte
}

func newResponder(pieces int) (*responder, error) {
	epoll, err := unix.EpollCreate1(unix.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("make epoll: %w", err)
	}
	h := peerwire.Handshake{Reserved: peerwire.Reserved(peerwire.BitExt | peerwire.BitFast), PeerID: [20]byte([]byte("-qB4650-responder000"))}
	greeting := peerwire.AppendExtHandshake(h.Append(nil), peerwire.ExtHandshake{V: "qBittorrent/4.6.5", Reqq: 500, P: 6881,
		MetadataSize: 20000, M: map[string]uint8{"ut_pex": 1, "ut_metadata": 2, "upload_only": 3, "ut_holepunch": 4, "lt_donthave": 7}})
	tell := peerwire.AppendHaveAll(nil)
	if pieces > 0 {
		bits := make([]byte, (pieces+7)/8)
		for i := range len(bits) / 2 {
			bits[i] = 0xff
		}
		tell = peerwire.AppendBitfield(nil, bits)
	}
	return &responder{epoll: epoll, greeting: greeting, pieces: tell}, nil
}

func (r *responder) listen(ip [4]byte, port int) (int, error) {
	fd, err := unix.Socket(unix.AF_INET, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, fmt.Errorf("open socket: %w", err)
	}
	err = errors.Join(unix.Bind(fd, &unix.SockaddrInet4{Addr: ip, Port: port}), unix.Listen(fd, unix.SOMAXCONN))
	if err != nil {
		return 0, fmt.Errorf("listen on %v: %w", ip, err)
	}
	name, err := unix.Getsockname(fd)
	if err != nil {
		return 0, fmt.Errorf("listen on %v: %w", ip, err)
	}
	return name.(*unix.SockaddrInet4).Port, r.watch(fd, listening)
}

func (r *responder) watch(fd int, s stage) error {
	for len(r.byFD) <= fd {
		r.byFD = append(r.byFD, 0)
	}
	r.byFD[fd] = s
	event := unix.EpollEvent{Events: unix.EPOLLIN, Fd: int32(fd)}
	if err := unix.EpollCtl(r.epoll, unix.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("watch socket: %w", err)
	}
	return nil
}

func (r *responder) serve() error {
	events := make([]unix.EpollEvent, 256)
	for {
		n, err := unix.EpollWait(r.epoll, events, -1)
		if err != nil && !errors.Is(err, unix.EINTR) {
			return fmt.Errorf("wait for events: %w", err)
		}
		for i := range max(n, 0) {
			if err := r.event(int(events[i].Fd)); err != nil {
				return err
			}
		}
	}
}

func (r *responder) event(fd int) error {
	if r.byFD[fd] == listening {
		return r.accept(fd)
	}
	n, err := unix.Read(fd, r.buf[:])
	if n <= 0 && !errors.Is(err, unix.EAGAIN) {
		r.byFD[fd] = 0
		return unix.Close(fd)
	}
	switch {
	case n < 0:
	case r.byFD[fd] == accepted && n >= peerwire.HandshakeLen:
		copy(r.greeting[28:48], r.buf[28:48])
		r.byFD[fd] = answered
		r.say(fd, r.greeting)
	case r.byFD[fd] == answered:
		r.byFD[fd] = told
		r.say(fd, r.pieces)
	}
	return nil
}

// say writes a few bytes into an empty buffer; a client that has gone shows
// in the next event.
func (r *responder) say(fd int, b []byte) { _, _ = unix.Write(fd, b) }

func (r *responder) accept(listener int) error {
	for range 16 {
		fd, _, err := unix.Accept4(listener, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		if err != nil {
			// Nobody waits any more, or the client has gone again.
			return nil
		}
		if err := r.watch(fd, accepted); err != nil {
			return err
		}
	}
	return nil
}
