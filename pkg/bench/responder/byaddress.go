//go:build linux

package main

import (
	"fmt"
	"net"
	"net/netip"

	"golang.org/x/sys/unix"
)

// client is where the client's packets come from, whichever peer they go to.
var client = netip.AddrFrom4([4]byte{127, 0, 0, 1})

// byAddress is one UDP socket that answers from the address that was asked. To
// the one who uses it, a packet seems to come from the address that it went to,
// so that the client's conversations with different peers are told apart.
type byAddress struct {
	*net.UDPConn
	control []byte // the reader's
}

func newByAddress(conn *net.UDPConn) (*byAddress, error) {
	raw, err := conn.SyscallConn()
	if err != nil {
		return nil, fmt.Errorf("open socket: %w", err)
	}
	var set error
	err = raw.Control(func(fd uintptr) {
		set = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_PKTINFO, 1)
	})
	if err == nil {
		err = set
	}
	if err != nil {
		return nil, fmt.Errorf("ask for addresses: %w", err)
	}
	// How much of this the system grants is its own affair.
	_ = conn.SetReadBuffer(8 << 20)
	return &byAddress{UDPConn: conn, control: make([]byte, unix.CmsgSpace(unix.SizeofInet4Pktinfo))}, nil
}

func (c *byAddress) ReadFrom(b []byte) (int, net.Addr, error) {
	n, size, _, from, err := c.ReadMsgUDPAddrPort(b, c.control)
	if err != nil {
		return n, nil, err
	}
	all, err := unix.ParseSocketControlMessage(c.control[:size])
	if err != nil || len(all) == 0 || len(all[0].Data) < unix.SizeofInet4Pktinfo {
		return n, nil, fmt.Errorf("read address of packet: %w", err)
	}
	to := netip.AddrFrom4([4]byte(all[0].Data[8:12])) // ipi_addr, where it went to
	return n, net.UDPAddrFromAddrPort(netip.AddrPortFrom(to, from.Port())), nil
}

func (c *byAddress) WriteTo(b []byte, peer net.Addr) (int, error) {
	at := peer.(*net.UDPAddr).AddrPort()
	control := unix.PktInfo4(&unix.Inet4Pktinfo{Spec_dst: at.Addr().Unmap().As4()})
	n, _, err := c.WriteMsgUDPAddrPort(b, control, netip.AddrPortFrom(client, at.Port()))
	return n, err
}
