package talktest

import (
	"context"
	"net"
	"net/netip"
	"os"
	"sync"
	"syscall"
	"testing"
)

// Swarm is a set of peers that can be dialled. An address that nobody plays
// refuses.
type Swarm struct {
	mu      sync.Mutex
	scripts map[netip.AddrPort]func(*Peer)
	dials   map[netip.AddrPort]int
	open    map[netip.Addr]int
	total   int
	most    int // connections at once, at most so far
	crowded int // connections that were opened beside another of their address
	wait    sync.WaitGroup
}

// NewSwarm is empty. All its peers have hung up when the test ends.
func NewSwarm(t *testing.T) *Swarm {
	s := &Swarm{scripts: map[netip.AddrPort]func(*Peer){}, dials: map[netip.AddrPort]int{}, open: map[netip.Addr]int{}}
	t.Cleanup(s.wait.Wait)
	return s
}

// Join adds a peer: script plays one connection and returns to hang up.
func (s *Swarm) Join(addr netip.AddrPort, script func(*Peer)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts[addr] = script
}

// Dial connects to a peer of the swarm.
func (s *Swarm) Dial(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.dials[addr]++
	script := s.scripts[addr]
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case script == nil:
		return nil, &net.OpError{Op: "dial", Net: "tcp", Err: os.NewSyscallError("connect", syscall.ECONNREFUSED)}
	}
	s.enter(addr.Addr())
	ours, theirs := net.Pipe()
	s.wait.Add(1)
	go func() {
		defer s.wait.Done()
		p := Play(theirs)
		script(p)
		p.Close()
	}()
	return &counted{Conn: ours, leave: sync.OnceFunc(func() { s.leave(addr.Addr()) })}, nil
}

// counted is a connection that is open until the dialling side closes it.
type counted struct {
	net.Conn
	leave func()
}

func (c *counted) Close() error {
	c.leave()
	return c.Conn.Close()
}

func (s *Swarm) enter(ip netip.Addr) {
	if s.open[ip] > 0 {
		s.crowded++
	}
	s.open[ip]++
	s.total++
	s.most = max(s.most, s.total)
}

func (s *Swarm) leave(ip netip.Addr) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open[ip]--
	s.total--
}

// Dials is how often an address was dialled.
func (s *Swarm) Dials(addr netip.AddrPort) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.dials[addr]
}

// AllDials is how often anybody was dialled.
func (s *Swarm) AllDials() (n int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, d := range s.dials {
		n += d
	}
	return n
}

// Most is how many connections were open at once.
func (s *Swarm) Most() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most
}

// Crowded is how many connections were opened while another one with the same
// address was open.
func (s *Swarm) Crowded() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.crowded
}

// Greet answers the handshake in the name of a peer with a number.
func Greet(p *Peer, number byte) bool {
	if _, ok := p.Greeted(); !ok {
		return false
	}
	return p.Say(Hello(number).Append(nil))
}

// Holds is the script of a peer that shows these frames and then stays as long
// as it may.
func Holds(number byte, frames ...[]byte) func(*Peer) {
	return func(p *Peer) {
		if Greet(p, number) && p.Say(frames...) {
			<-p.Over()
		}
	}
}
