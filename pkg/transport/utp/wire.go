package utp

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
)

// wire is a socket that carries datagrams.
type wire interface {
	read(b []byte) (int, netip.AddrPort, error)
	write(b []byte, to netip.AddrPort) error
	// unreachable lists what the network has said of packets that we sent.
	unreachable() []notice
}

// notice is a packet that did not arrive, by the word of the network (ICMP).
type notice struct {
	to    netip.AddrPort
	errno syscall.Errno
	quote []byte // the beginning of that packet, as far as it was sent back
}

// wireOf prepares a socket. Trouble is called when the network has something to
// say; it must be quick.
func wireOf(conn net.PacketConn, trouble func()) wire {
	udp, ok := conn.(*net.UDPConn)
	if !ok {
		return anyWire{conn}
	}
	// The buffer of the system is small for thousands of conversations. How
	// much of this it grants is its own affair.
	_ = udp.SetReadBuffer(2 << 20)
	_ = hearErrors(udp)
	return udpWire{udp, trouble}
}

// udpWire is a socket of the system.
type udpWire struct {
	*net.UDPConn
	trouble func()
}

func (w udpWire) read(b []byte) (int, netip.AddrPort, error) {
	n, from, err := w.ReadFromUDPAddrPort(b)
	return n, plain(from), err
}

func (w udpWire) unreachable() []notice { return notices(w.UDPConn) }

// errorsAhead is how many errors of other packets a write may have to fetch
// before it gets to its own.
const errorsAhead = 8

// write sends one datagram. A socket that hears of errors reports each of them
// once, to whoever writes or reads next, so only the last word counts.
func (w udpWire) write(b []byte, to netip.AddrPort) error {
	var err error
	for range errorsAhead {
		if _, err = w.WriteToUDPAddrPort(b, to); err == nil || !ofNetwork(err) {
			break
		}
		// The one who reads will not be woken for what we have just taken.
		w.trouble()
	}
	var family *net.AddrError
	if errors.As(err, &family) {
		return syscall.EAFNOSUPPORT
	}
	return err
}

// ofNetwork says whether an error may be about an earlier packet.
func ofNetwork(err error) bool {
	var errno syscall.Errno
	if !errors.As(err, &errno) {
		return false
	}
	switch errno {
	case syscall.ECONNREFUSED, syscall.EHOSTUNREACH, syscall.ENETUNREACH, syscall.EHOSTDOWN,
		syscall.EACCES, syscall.EPROTO, syscall.EMSGSIZE, syscall.ENOPROTOOPT, syscall.EOPNOTSUPP:
		return true
	}
	return false
}

// passing says whether an error of a write means no more than a lost packet:
// the system is short of room, or it was about other packets all the time.
func passing(err error) bool {
	return errors.Is(err, syscall.ENOBUFS) || errors.Is(err, syscall.ENOMEM) || errors.Is(err, syscall.ECONNREFUSED)
}

// anyWire is any other socket.
type anyWire struct{ net.PacketConn }

func (w anyWire) read(b []byte) (int, netip.AddrPort, error) {
	n, from, err := w.ReadFrom(b)
	if err != nil {
		return n, netip.AddrPort{}, err
	}
	return n, addrPort(from), nil
}

func (w anyWire) write(b []byte, to netip.AddrPort) error {
	_, err := w.WriteTo(b, net.UDPAddrFromAddrPort(to))
	return err
}

func (w anyWire) unreachable() []notice { return nil }

// addrPort reads an address of package net, the zero value if it is none of ours.
func addrPort(a net.Addr) netip.AddrPort {
	if udp, ok := a.(*net.UDPAddr); ok {
		return plain(udp.AddrPort())
	}
	parsed, err := netip.ParseAddrPort(a.String())
	if err != nil {
		return netip.AddrPort{}
	}
	return plain(parsed)
}

// plain takes an IPv4 address out of its IPv6 clothes.
func plain(a netip.AddrPort) netip.AddrPort { return netip.AddrPortFrom(a.Addr().Unmap(), a.Port()) }
