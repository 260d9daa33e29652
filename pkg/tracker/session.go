package tracker

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"syscall"
	"time"
)

// way is what a session connects: an address of ours, or none for the system's
// choice, and one of a tracker, which gives a connection id to that pair.
type way struct {
	from netip.Addr
	to   netip.AddrPort
}

// maxUDP bounds an answer in bytes; a longer one loses its end.
const maxUDP = 16 << 10

// session is one socket, connected to one address of a tracker, so that the
// kernel drops what others send and ICMP errors reach us. Many questions share
// it and its connection id.
type session struct {
	conn   *net.UDPConn
	random func() uint32

	// Held by the one who asks for a connection id; the others wait for it.
	connecting chan struct{}
	done       chan struct{} // closed when the reader has ended

	mu      sync.Mutex
	id      uint64
	idAt    time.Time // zero: there is no id
	waiting map[uint32]chan arrival
	users   int
	idleAt  time.Time // since when there is no user
}

// arrival is a packet, or why there will be none.
type arrival struct {
	packet []byte
	err    error
}

func openSession(f Family, way way, random func() uint32) (*session, error) {
	conn, err := net.DialUDP(f.network("udp"), localUDP(way.from), net.UDPAddrFromAddrPort(way.to))
	if err != nil {
		return nil, err
	}
	s := &session{
		conn:       conn,
		random:     random,
		connecting: make(chan struct{}, 1), // a lock that can be waited for with a time limit
		done:       make(chan struct{}),
		waiting:    map[uint32]chan arrival{},
	}
	go s.read()
	return s, nil
}

func (s *session) close() {
	s.conn.Close()
	<-s.done
}

// read hands packets to those who wait for them until the socket is closed.
func (s *session) read() {
	defer close(s.done)
	buf := make([]byte, maxUDP)
	for {
		n, err := s.conn.Read(buf)
		var icmp syscall.Errno
		switch {
		case err == nil:
			s.deliver(buf[:n])
		case errors.As(err, &icmp):
			s.deliverAll(arrival{err: err})
		default:
			s.deliverAll(arrival{err: err})
			return
		}
	}
}

func (s *session) deliver(packet []byte) {
	tid, ok := TransactionID(packet)
	if !ok {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if c := s.waiting[tid]; c != nil {
		give(c, arrival{packet: slices.Clone(packet)})
	}
}

func (s *session) deliverAll(a arrival) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range s.waiting {
		give(c, a)
	}
}

// give never waits: one answer is enough, a second one is a duplicate.
func give(c chan arrival, a arrival) {
	select {
	case c <- a:
	default:
	}
}

// expect reserves a transaction id that no other question is using.
func (s *session) expect() (tid uint32, c chan arrival) {
	c = make(chan arrival, 1) // room for the one answer
	s.mu.Lock()
	defer s.mu.Unlock()
	for tid = s.random(); s.waiting[tid] != nil; tid++ {
	}
	s.waiting[tid] = c
	return tid, c
}

func (s *session) forget(tid uint32) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.waiting, tid)
}

// send writes a packet and waits for its answer until the context ends.
func (s *session) send(ctx context.Context, packet []byte, c chan arrival) ([]byte, error) {
	if _, err := s.conn.Write(packet); err != nil {
		return nil, err
	}
	select {
	case a := <-c:
		return a.packet, a.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// connection gives the cached connection id, or connects. Cached says that the
// id was not got just now.
func (s *session) connection(ctx context.Context, now func() time.Time) (id uint64, cached bool, err error) {
	select {
	case s.connecting <- struct{}{}:
	case <-ctx.Done():
		return 0, false, ctx.Err()
	}
	defer func() { <-s.connecting }()
	if id, ok := s.freshID(now()); ok {
		return id, true, nil
	}
	tid, c := s.expect()
	defer s.forget(tid)
	packet, err := s.send(ctx, ConnectRequest(tid), c)
	if err != nil {
		return 0, false, err
	}
	if id, err = ParseConnect(packet); err != nil {
		return 0, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.id, s.idAt = id, now()
	return id, false, nil
}

func (s *session) freshID(now time.Time) (uint64, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.id, !s.idAt.IsZero() && now.Sub(s.idAt) < connectionLife
}

// drop gives up a connection id that the tracker did not take.
func (s *session) drop(id uint64) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.id == id {
		s.idAt = time.Time{}
	}
}
