package utp

import (
	"encoding/binary"
	"math/rand/v2"
	"net/netip"
	"syscall"
)

// handle sorts one datagram.
func (s *Socket) handle(b []byte, from netip.AddrPort) {
	if !IsPacket(b) {
		if s.options.Other != nil {
			s.options.Other(b, from)
		}
		return
	}
	p, err := Decode(b)
	if err != nil {
		return
	}
	switch p.Type {
	case Syn:
		s.knocked(&p, from)
	case Reset:
		if c := s.resetOf(&p, from); c != nil {
			c.feed(&p)
		}
	default:
		s.talked(&p, from)
	}
}

func (s *Socket) find(peer netip.AddrPort, id uint16) *Conn {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return s.conns[key{peer, id}]
}

// findSender finds a conversation by the id that we send with.
func (s *Socket) findSender(peer netip.AddrPort, id uint16) *Conn {
	for _, recv := range []uint16{id - 1, id + 1} {
		if c := s.find(peer, recv); c != nil && c.stream.sendID == id {
			return c
		}
	}
	return nil
}

// resetOf finds what a RESET is about: implementations differ in which of the
// two ids they put into it.
func (s *Socket) resetOf(p *Packet, from netip.AddrPort) *Conn {
	if c := s.find(from, p.ConnectionID); c != nil {
		return c
	}
	return s.findSender(from, p.ConnectionID)
}

// talked takes a packet of an open conversation, or the second of a stranger.
func (s *Socket) talked(p *Packet, from netip.AddrPort) {
	if c := s.find(from, p.ConnectionID); c != nil {
		c.feed(p)
		return
	}
	if !s.enter(p, from) {
		s.refuse(p, from)
	}
}

// knocked answers the SYN of a stranger and repeats an answer that got lost.
func (s *Socket) knocked(p *Packet, from netip.AddrPort) {
	if c := s.find(from, p.ConnectionID+1); c != nil {
		c.feed(p)
		return
	}
	if s.options.Backlog == 0 {
		s.refuse(p, from)
		return
	}
	if len(s.backlog) == cap(s.backlog) || s.full() || s.options.Expect != nil && !s.options.Expect(from) {
		return
	}
	now := s.now()
	g := s.half.knock(now, key{from, p.ConnectionID + 1}, p.Seq, uint16(rand.Uint32()))
	answer := Packet{
		Type: State, ConnectionID: p.ConnectionID, Timestamp: micros(now), TimestampLag: micros(now) - p.Timestamp,
		Window: uint32(s.limits.window), Seq: g.seq, Ack: p.Seq,
	}
	// If it does not leave, the stranger will knock again.
	_ = s.wire.write(answer.Append(nil), from)
}

// enter opens the conversation of a stranger whose second packet shows that
// our answer came to where its SYN claims to be from.
func (s *Socket) enter(p *Packet, from netip.AddrPort) bool {
	now, k := s.now(), key{from, p.ConnectionID}
	g, ok := s.half.find(now, k)
	// Who counts our answer as a packet waits for the number after it.
	if !ok || p.Ack != g.seq && p.Ack != g.seq-1 {
		return false
	}
	if len(s.backlog) == cap(s.backlog) {
		return true // it will come again
	}
	c := s.newConn(from)
	c.stream = accepted(now, s.limits, p.ConnectionID-1, p.Ack+1, g.peerSeq, c.send)
	if !s.add(k, c) {
		return true
	}
	s.half.forget(k)
	c.feed(p)
	// Nobody else fills the backlog, so there is still room.
	s.backlog <- c
	return true
}

// refuse tells a peer that its conversation is none of ours, rarely.
func (s *Socket) refuse(p *Packet, from netip.AddrPort) {
	now := s.now()
	if !s.resets.allow(now, from) {
		return
	}
	answer := Packet{Type: Reset, ConnectionID: p.ConnectionID, Timestamp: micros(now), Seq: uint16(rand.Uint32()), Ack: p.Seq}
	// It is a courtesy.
	_ = s.wire.write(answer.Append(nil), from)
}

func (s *Socket) maxConns() int { return or(s.options.MaxConns, 1<<16) }

// full says whether there are as many conversations as allowed.
func (s *Socket) full() bool {
	s.mu.RLock()
	defer s.mu.RUnlock()
	return len(s.conns) >= s.maxConns()
}

// add enters a conversation into the table; false if there is no place for it.
func (s *Socket) add(k key, c *Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed || s.conns[k] != nil || len(s.conns) >= s.maxConns() {
		return false
	}
	s.conns[k] = c
	return true
}

func (s *Socket) remove(k key) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, k)
}

// hearErrors tells conversations what ICMP says of their packets, and counts
// that.
func (s *Socket) hearErrors() int {
	all := s.wire.unreachable()
	for _, n := range all {
		if len(n.quote) < 4 {
			s.unreachable(n)
		} else if c := s.quoted(n); c != nil {
			c.unreachable(n.errno, false)
		}
	}
	return len(all)
}

// quoted finds whose packet did not arrive.
func (s *Socket) quoted(n notice) *Conn {
	id := binary.BigEndian.Uint16(n.quote[2:])
	if Type(n.quote[0]>>4) == Syn {
		return s.find(n.to, id)
	}
	return s.findSender(n.to, id)
}

// unreachable ends all dials to a host of which a router has sent back so
// little that only the address is known.
func (s *Socket) unreachable(n notice) {
	s.mu.RLock()
	var all []*Conn
	for k, c := range s.conns {
		if k.peer == n.to {
			all = append(all, c)
		}
	}
	s.mu.RUnlock()
	for _, c := range all {
		c.unreachable(n.errno, true)
	}
}

func (c *Conn) unreachable(errno syscall.Errno, onlyDial bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if onlyDial && c.stream.phase != opening {
		return
	}
	c.stream.Unreachable(errno)
	c.arrange()
}
