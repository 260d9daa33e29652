package utp

import (
	"time"
)

const (
	maxFlown   = 256 // packets in flight, so that tiny ones are bounded too
	maxDups    = 3   // repeated acks, or acks of later packets, that show a loss
	wideWindow = 1 << 20
)

// sending is the half of a conversation that goes to the peer.
type sending struct {
	start      uint16     // number of our first data
	unacked    uint16     // number of the first of packets
	packets    []outgoing // not acknowledged, in order; the first flown of them have been sent
	flown      int
	queued     int // payload in packets, in bytes
	peerWindow int
	zeroSince  time.Duration // since when the peer has no room for what we have to say, 0 if it has

	flow     window
	trip     roundTrip
	repeatAt time.Duration // when to repeat if nothing is heard, 0 if all is acknowledged
	synsOut  uint8
	dups     uint8
	recover  uint16 // losses before this number have been answered
}

// outgoing is one packet that waits for its ack.
type outgoing struct {
	payload []byte
	at      time.Duration // when it was last sent
	tries   uint8
	fin     bool
	here    bool // the peer has it but not all before it
	lost    bool // to be sent again
}

func newSending(start uint16) sending {
	return sending{start: start, unacked: start, recover: start, flow: newWindow()}
}

// next is the number of the next new packet.
func (s *sending) next() uint16 { return s.unacked + uint16(s.flown) }

// inFlight is the payload on its way, in bytes.
func (s *sending) inFlight() int {
	n := 0
	for i := range s.packets[:s.flown] {
		if p := &s.packets[i]; !p.here && !p.lost {
			n += len(p.payload)
		}
	}
	return n
}

// Write keeps as many bytes as there is room for and sends what it may.
func (s *stream) Write(now time.Duration, b []byte) int {
	if s.phase != open || s.shut {
		return 0
	}
	b = b[:min(len(b), max(s.queue-s.queued, 0))]
	n := len(b)
	for len(b) > 0 {
		if len(s.packets) == s.flown || len(s.packets[len(s.packets)-1].payload) == packetSize {
			s.packets = append(s.packets, outgoing{})
		}
		last := &s.packets[len(s.packets)-1]
		fits := min(packetSize-len(last.payload), len(b))
		last.payload = append(last.payload, b[:fits]...)
		b = b[fits:]
	}
	s.queued += n
	s.transmit(now)
	return n
}

// Writable says whether a Write would not have to wait.
func (s *stream) Writable() bool { return s.queued < s.queue || s.phase == dead || s.shut }

// transmit sends what the windows allow, lost packets first.
func (s *stream) transmit(now time.Duration) {
	room := min(s.flow.size, s.peerWindow) - s.inFlight()
	for i := range s.packets {
		p := &s.packets[i]
		if p.here || p.tries > 0 && !p.lost {
			continue
		}
		if len(p.payload) > room || i >= maxFlown {
			break
		}
		room -= len(p.payload)
		s.launch(now, i)
	}
	s.watch(now)
}

// watch sets the times by which something must be heard.
func (s *stream) watch(now time.Duration) {
	if len(s.packets) == 0 {
		s.packets, s.repeatAt, s.zeroSince = nil, 0, 0
		return
	}
	if s.repeatAt == 0 {
		s.repeatAt = now + s.trip.timeout()
	}
	if s.peerWindow >= packetSize {
		s.zeroSince = 0
	} else if s.zeroSince == 0 {
		s.zeroSince = now
	}
}

// launch sends a packet, for the first time or again.
func (s *stream) launch(now time.Duration, i int) {
	p := &s.packets[i]
	kind := Data
	if p.fin {
		kind = Fin
	}
	p.at, p.lost, p.tries = now, false, min(p.tries, 254)+1
	s.flown = max(s.flown, i+1)
	out := s.header(kind, s.unacked+uint16(i))
	out.Payload = p.payload
	// A packet that does not leave is as good as one that is lost.
	_ = s.emit(now, &out)
	s.owes = s.owes && len(s.early) > 0
}

// acked takes what a packet of the peer says of ours.
func (s *stream) acked(now time.Duration, p *Packet) {
	n := int(p.Ack - (s.unacked - 1))
	if n > s.flown {
		return // older than the last one
	}
	flying, came := s.inFlight(), 0
	for i := range s.packets[:s.flown] {
		if i < n || masked(p.SelectiveAck, p.Ack, s.unacked+uint16(i)) {
			came += s.arrived(now, &s.packets[i])
		}
	}
	s.drop(n)
	switch {
	case n > 0 || came > 0:
		s.flow.acked(now, came, flying, p.TimestampLag)
		s.dups, s.trip.backoff, s.zeroSince, s.repeatAt = 0, 0, 0, now+s.trip.timeout()
	case p.Type == State && s.flown > 0:
		s.dups = min(s.dups, 254) + 1
	}
	s.spotLosses(now)
}

// arrived notes that the peer has a packet and counts its bytes once.
func (s *stream) arrived(now time.Duration, p *outgoing) int {
	if p.here {
		return 0
	}
	p.here = true
	if p.tries == 1 {
		s.trip.sample(now - p.at)
	}
	return len(p.payload)
}

// drop forgets the first n packets.
func (s *stream) drop(n int) {
	for i := range s.packets[:n] {
		s.queued -= len(s.packets[i].payload)
		s.packets[i].payload = nil
	}
	s.packets, s.unacked, s.flown = s.packets[n:], s.unacked+uint16(n), s.flown-n
}

// spotLosses marks packets that three later ones have overtaken.
func (s *stream) spotLosses(now time.Duration) {
	later := 0
	for i := s.flown - 1; i >= 0; i-- {
		p := &s.packets[i]
		if p.here {
			later++
			continue
		}
		missed := later >= maxDups || i == 0 && s.dups == maxDups
		if !missed || p.lost || p.tries > 1 && now-p.at <= s.trip.mean {
			continue
		}
		p.lost = true
		if !before(s.unacked+uint16(i), s.recover) {
			s.flow.lost()
			s.recover = s.next()
		}
	}
}

// hear takes the room that the peer has.
func (s *stream) hear(bytes uint32) {
	s.peerWindow = int(min(bytes, wideWindow))
	if s.zeroSince != 0 {
		// It answers, so it is asked again and not given up.
		s.trip.backoff = min(s.trip.backoff, 1)
	}
}

// timeout sends the first packet again, and the others as acks come in. It is
// also how a peer without room is asked whether it has some now.
func (s *stream) timeout(now time.Duration) {
	s.trip.backoff++
	tries := s.tries
	if s.shut {
		tries = min(tries, closingTries)
	}
	if s.trip.backoff > tries {
		s.giveUp(now)
		return
	}
	for i := range s.packets[:s.flown] {
		s.packets[i].lost, s.packets[i].here = true, false
	}
	if s.flown > 0 {
		s.flow.silent()
	}
	s.launch(now, 0)
	s.repeatAt = now + s.trip.timeout()
}
