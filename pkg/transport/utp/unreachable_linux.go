package utp

import (
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"syscall"

	"golang.org/x/sys/unix"
)

// hearErrors asks the system to keep what ICMP says of our packets.
func hearErrors(conn *net.UDPConn) error {
	raw, err := conn.SyscallConn()
	if err != nil {
		return err
	}
	var four, six error
	err = raw.Control(func(fd uintptr) {
		four = unix.SetsockoptInt(int(fd), unix.SOL_IP, unix.IP_RECVERR, 1)
		six = unix.SetsockoptInt(int(fd), unix.SOL_IPV6, unix.IPV6_RECVERR, 1)
	})
	if four == nil || six == nil {
		return err
	}
	return errors.Join(err, four, six)
}

// maxNotices bounds what is fetched at once.
const maxNotices = 256

// notices fetches what ICMP has said since the last time.
func notices(conn *net.UDPConn) []notice {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil
	}
	var all []notice
	err = raw.Control(func(fd uintptr) {
		var quote, control [512]byte
		for range maxNotices {
			n, oob, _, to, err := unix.Recvmsg(int(fd), quote[:], control[:], unix.MSG_ERRQUEUE|unix.MSG_DONTWAIT)
			if err != nil {
				return
			}
			if errno := errorOf(control[:oob]); errno != 0 {
				all = append(all, notice{to: peerOf(to), errno: errno, quote: append([]byte(nil), quote[:n]...)})
			}
		}
	})
	if err != nil {
		return nil
	}
	return all
}

// errorOf reads the error in the control messages, 0 if ICMP did not send it.
func errorOf(control []byte) syscall.Errno {
	messages, err := unix.ParseSocketControlMessage(control)
	if err != nil {
		return 0
	}
	for _, m := range messages {
		four := m.Header.Level == unix.SOL_IP && m.Header.Type == unix.IP_RECVERR
		six := m.Header.Level == unix.SOL_IPV6 && m.Header.Type == unix.IPV6_RECVERR
		// struct sock_extended_err: errno in 32 bits, then the origin.
		if !four && !six || len(m.Data) < 5 {
			continue
		}
		if origin := m.Data[4]; origin == unix.SO_EE_ORIGIN_ICMP || origin == unix.SO_EE_ORIGIN_ICMP6 {
			return syscall.Errno(binary.NativeEndian.Uint32(m.Data))
		}
	}
	return 0
}

func peerOf(to unix.Sockaddr) netip.AddrPort {
	switch a := to.(type) {
	case *unix.SockaddrInet4:
		return netip.AddrPortFrom(netip.AddrFrom4(a.Addr), uint16(a.Port))
	case *unix.SockaddrInet6:
		return plain(netip.AddrPortFrom(netip.AddrFrom16(a.Addr), uint16(a.Port)))
	}
	return netip.AddrPort{}
}
