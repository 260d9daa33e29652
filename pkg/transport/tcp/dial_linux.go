package tcp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// dial makes the system calls that a connection takes and no others: through
// net.Dialer a goroutine that holds a conversation needs a stack twice as big.
func (d Dialer) dial(ctx context.Context, to netip.AddrPort) (net.Conn, error) {
	c, err := d.connect(ctx, to)
	if err != nil {
		return nil, &net.OpError{Op: "dial", Net: "tcp", Addr: net.TCPAddrFromAddrPort(to), Err: err}
	}
	return c, nil
}

func (d Dialer) connect(ctx context.Context, to netip.AddrPort) (*conn, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	fd, err := begin(d.Local, to)
	if err != nil {
		return nil, err
	}
	done, err := connected(fd)
	if err != nil {
		return nil, errors.Join(err, unix.Close(fd))
	}
	// The descriptor does not block, so the file waits in the runtime's poller.
	c := &conn{File: os.NewFile(uintptr(fd), "tcp"), to: to}
	if !done {
		err = c.await(ctx, d.Timeout)
	}
	if err != nil {
		return nil, errors.Join(err, c.Close())
	}
	return c, nil
}

// vanished is how long a peer's host may leave what we say without an answer. The
// system would wait for a quarter of an hour, in which a peer that has gone
// without a word would keep its place.
const vanished = 3 * time.Minute

// begin opens a socket and sends the first packet.
func begin(from netip.Addr, to netip.AddrPort) (fd int, err error) {
	family, where := sockaddr(to)
	fd, err = unix.Socket(family, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, os.NewSyscallError("socket", err)
	}
	err = os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1))
	if err == nil {
		err = os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_USER_TIMEOUT, int(vanished.Milliseconds())))
	}
	if err == nil && from.IsValid() {
		err = bind(fd, from)
	}
	if err == nil {
		err = os.NewSyscallError("connect", unix.Connect(fd, where))
	}
	if err != nil && !errors.Is(err, unix.EINPROGRESS) && !errors.Is(err, unix.EINTR) {
		return 0, errors.Join(err, unix.Close(fd))
	}
	return fd, nil
}

// bind sets the address to come from and leaves the port to connect, so that
// ports are short only per remote address.
func bind(fd int, from netip.Addr) error {
	if err := unix.SetsockoptInt(fd, unix.IPPROTO_IP, unix.IP_BIND_ADDRESS_NO_PORT, 1); err != nil {
		return os.NewSyscallError("setsockopt", err)
	}
	_, where := sockaddr(netip.AddrPortFrom(from, 0))
	return os.NewSyscallError("bind", unix.Bind(fd, where))
}

func sockaddr(to netip.AddrPort) (family int, where unix.Sockaddr) {
	if ip := to.Addr().Unmap(); ip.Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(to.Port()), Addr: ip.As4()}
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(to.Port()), Addr: to.Addr().As16()}
}

// connected says whether connecting has come to its end, with an error if it
// failed.
func connected(fd int) (bool, error) {
	number, err := unix.GetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_ERROR)
	if err != nil {
		return true, os.NewSyscallError("getsockopt", err)
	}
	switch errno := unix.Errno(number); errno {
	case 0:
		// The socket may have woken us too early; only a connected one has a
		// name at its other end.
		_, err := unix.Getpeername(fd)
		return err == nil, nil
	case unix.EINPROGRESS, unix.EALREADY, unix.EINTR:
		return false, nil
	default:
		return true, os.NewSyscallError("connect", errno)
	}
}

// conn is a connected socket.
type conn struct {
	*os.File
	to netip.AddrPort
}

// await waits until the connection stands.
func (c *conn) await(ctx context.Context, timeout time.Duration) error {
	if timeout > 0 {
		if err := c.SetWriteDeadline(time.Now().Add(timeout)); err != nil {
			return err
		}
	}
	stop := context.AfterFunc(ctx, func() {
		// A failure means that the socket is closed already.
		_ = c.SetWriteDeadline(time.Unix(1, 0))
	})
	raw, err := c.SyscallConn()
	if err != nil {
		return err
	}
	var failed error
	err = raw.Write(func(fd uintptr) (done bool) {
		done, failed = connected(int(fd))
		return done
	})
	if !stop() {
		return ctx.Err()
	}
	return errors.Join(err, failed, c.SetWriteDeadline(time.Time{}))
}

// LocalAddr is our side, nil if the socket cannot say.
func (c *conn) LocalAddr() net.Addr {
	raw, err := c.SyscallConn()
	if err != nil {
		return nil
	}
	var name unix.Sockaddr
	if err := raw.Control(func(fd uintptr) { name, _ = unix.Getsockname(int(fd)) }); err != nil {
		return nil
	}
	switch a := name.(type) {
	case *unix.SockaddrInet4:
		return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port)))
	case *unix.SockaddrInet6:
		return net.TCPAddrFromAddrPort(netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port)))
	}
	return nil
}

// RemoteAddr is the peer's side.
func (c *conn) RemoteAddr() net.Addr { return net.TCPAddrFromAddrPort(c.to) }
