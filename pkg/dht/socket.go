package dht

import (
	"net"
	"net/netip"
	"sync"
)

// datagrams is what this package needs of a net.PacketConn.
type datagrams interface {
	ReadFrom([]byte) (int, net.Addr, error)
	WriteTo([]byte, net.Addr) (int, error)
	LocalAddr() net.Addr
	Close() error
}

// socket is the UDP socket of a family. It may be moved to another address of
// this host while it is read; what was on its way to the old one is lost.
type socket struct {
	family Family

	mu     sync.Mutex
	conn   *net.UDPConn
	from   netip.Addr // not valid: the system's choice
	closed bool
}

func openSocket(f Family, from netip.Addr) (*socket, error) {
	conn, err := listenUDP(f, from)
	if err != nil {
		return nil, err
	}
	return &socket{family: f, conn: conn, from: from}, nil
}

// listenUDP opens a free port, at all addresses of the family if from is not
// valid.
func listenUDP(f Family, from netip.Addr) (*net.UDPConn, error) {
	network := "udp4"
	if f == IPv6 {
		network = "udp6"
	}
	return net.ListenUDP(network, local(from))
}

func local(from netip.Addr) *net.UDPAddr {
	if !from.IsValid() {
		return nil
	}
	return net.UDPAddrFromAddrPort(netip.AddrPortFrom(from, 0))
}

// move makes queries come from another address. After an error they come from
// where they did.
func (s *socket) move(from netip.Addr) error {
	conn, err := listenUDP(s.family, from)
	if err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return conn.Close()
	}
	old := s.conn
	s.conn, s.from = conn, from
	return old.Close()
}

func (s *socket) now() (*net.UDPConn, netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.conn, s.from
}

// hasRoute says whether this host could send to an address, without sending.
// Many hosts have an IPv6 stack and no way out.
func (s *socket) hasRoute(to netip.AddrPort) bool {
	_, from := s.now()
	conn, err := net.DialUDP("udp", local(from), net.UDPAddrFromAddrPort(to))
	if err != nil {
		return false
	}
	_ = conn.Close()
	return true
}

// ReadFrom goes on reading where the socket has moved to.
func (s *socket) ReadFrom(b []byte) (int, net.Addr, error) {
	for {
		conn, _ := s.now()
		n, from, err := conn.ReadFrom(b)
		if err == nil {
			return n, from, nil
		}
		if next, _ := s.now(); next == conn {
			return n, nil, err
		}
	}
}

// WriteTo sends from where the socket is now.
func (s *socket) WriteTo(b []byte, to net.Addr) (int, error) {
	conn, _ := s.now()
	return conn.WriteTo(b, to)
}

// LocalAddr is where the socket is now.
func (s *socket) LocalAddr() net.Addr {
	conn, _ := s.now()
	return conn.LocalAddr()
}

// Close ends all reading, and moving.
func (s *socket) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	return s.conn.Close()
}
