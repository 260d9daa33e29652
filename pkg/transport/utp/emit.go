package utp

import (
	"sync"
	"time"
)

// header fills in what every packet of ours carries.
func (s *stream) header(t Type, seq uint16) Packet {
	return Packet{Type: t, ConnectionID: s.sendID, Window: s.offer(), Seq: seq, Ack: s.ack}
}

// state sends an acknowledgement.
func (s *stream) state(now time.Duration) {
	p := s.header(State, s.next())
	p.SelectiveAck = s.mask()
	s.owes = false
	// A packet that does not leave is as good as one that is lost.
	_ = s.emit(now, &p)
}

func (s *stream) emit(now time.Duration, p *Packet) error {
	room := buffers.Get().(*[]byte)
	defer buffers.Put(room)
	p.Timestamp, p.TimestampLag = micros(now), s.lag
	s.lastOut, s.told, s.greetAt = now, int(p.Window), 0
	*room = p.Append((*room)[:0])
	return s.send(*room)
}

// buffers are for packets on their way to the socket.
var buffers = sync.Pool{New: func() any {
	b := make([]byte, 0, HeaderLen+2+maxMask+packetSize)
	return &b
}}

func micros(now time.Duration) uint32 { return uint32(now / time.Microsecond) }
