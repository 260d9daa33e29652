package swarm

import (
	"errors"
	"net"
	"syscall"

	"btkit/pkg/lab/nat"
	"btkit/pkg/lab/script"
	"btkit/pkg/transport/utp"
)

// backlog is how many visitors over uTP may wait to be taken, which is done at
// once.
const backlog = 16

// listen opens the peer's sockets. Another program may have the port: the next
// ones are tried then. Those who are silent over TCP all have the one port that
// does not answer.
func (p *peer) listen() {
	if p.plan.Reach == script.Silent {
		p.port = p.swarm.silent.port
	}
	for range 100 {
		err := p.bind()
		if err == nil || p.plan.Reach == script.Silent || !errors.Is(err, syscall.EADDRINUSE) {
			return
		}
		p.port++
	}
}

// bind opens the sockets that the peer has, on its port.
func (p *peer) bind() (err error) {
	if p.plan.Reach == script.Open {
		if p.listener, err = net.Listen("tcp", p.addr().String()); err != nil {
			return err
		}
	}
	if p.speaksUTP() {
		if p.streams, err = p.openUTP(); err != nil {
			p.closeListener()
			return err
		}
		p.swarm.goes(p.acceptUTP(p.streams))
	}
	if p.listener != nil {
		p.swarm.goes(p.accept(p.listener))
	}
	return nil
}

// speaksUTP says whether the peer has a socket for it: whoever can be reached by
// it or dials.
func (p *peer) speaksUTP() bool {
	return p.plan.Client.UTP && (p.plan.Reachable() || p.plan.Dials || p.plan.Punches())
}

// openUTP opens the peer's UDP socket. Who cannot be reached is behind a box
// that lets answers in.
func (p *peer) openUTP() (*utp.Socket, error) {
	socket, err := net.ListenPacket("udp", p.addr().String())
	if err != nil {
		return nil, err
	}
	if !p.plan.Reachable() {
		socket = nat.Hide(socket, p.swarm.opt.Now)
	}
	return utp.Open(socket, utp.Options{Backlog: backlog, DialTimeout: utpTime}), nil
}

func (p *peer) accept(l net.Listener) func() {
	return func() {
		for {
			nc, err := l.Accept()
			if err != nil {
				return
			}
			p.swarm.goes(func() { p.visited(nc, false) })
		}
	}
}

func (p *peer) acceptUTP(s *utp.Socket) func() {
	return func() {
		for {
			nc, err := s.Accept()
			if err != nil {
				return
			}
			p.swarm.goes(func() { p.visited(nc, true) })
		}
	}
}

// closeListener ends TCP. A socket that fails to close is closed all the same.
func (p *peer) closeListener() {
	if p.listener != nil {
		_ = p.listener.Close()
		p.listener = nil
	}
}
