package utp

import (
	"syscall"
	"time"
)

// phase is how far a conversation has come.
type phase uint8

const (
	opening phase = iota // our SYN is out
	open
	dead // over; err says why, nil after a proper end
)

// limits are the times and sizes that a conversation keeps to.
type limits struct {
	dial   time.Duration // after which opening fails
	syn    time.Duration // after which the first SYN is repeated
	idle   time.Duration // without any packet of the peer
	tries  uint8         // timeouts in a row before we give up
	window int           // bytes we offer to keep for a reader
	queue  int           // bytes we keep for the peer
	hard   bool          // closing is by RESET
	store  *store        // what all conversations of a socket may hold
}

// Times that need no choice.
const (
	synTries      = 3
	keepAlive     = 25 * time.Second // without a packet of ours, so that NATs remember us
	zeroWindow    = 30 * time.Second // without room at the peer, while we have something to say
	linger        = 3 * time.Second  // in which a repeated FIN is still answered
	answerToFin   = 5 * time.Second
	greeting      = 100 * time.Millisecond // after which a peer that answered hears of us, if our user is silent
	longestFlush  = 30 * time.Second       // in which a closed conversation must get rid of its bytes
	closingTries  = 2
	ackTolerance  = 128 // how far an ack may lie behind the last, packets overtaken by others
	resetOverhang = 3   // the same for a RESET, which could be a guess
)

// stream is one conversation: it is fed with packets, with the wishes of its
// user and with the time, and hands packets to send. It has neither socket nor
// clock: times count from any start, which is before the first of them.
type stream struct {
	limits
	send func(packet []byte) error // bytes are good during the call only

	phase    phase
	stubborn bool // opening goes on when the network says that nobody is there
	err      error

	recvID, sendID uint16
	born           time.Duration
	lastIn         time.Duration // last packet of the peer
	lastOut        time.Duration
	greetAt        time.Duration
	lag            uint32 // to tell the peer: our clock minus its timestamp

	sending
	receiving
	closing
}

// dialled starts a conversation of ours, at the next Tick. Id is random, seq is
// the number of the SYN.
func dialled(now time.Duration, l limits, id, seq uint16, send func([]byte) error) *stream {
	s := &stream{limits: l, send: send, recvID: id, sendID: id + 1, born: now, lastIn: now}
	s.sending = newSending(seq + 1)
	s.repeatAt = now
	return s
}

// accepted starts a conversation of a peer that has answered our SYN-ACK, by
// a packet that is still to be fed. Seq is the number of that SYN-ACK.
func accepted(now time.Duration, l limits, id, seq, peerSeq uint16, send func([]byte) error) *stream {
	s := &stream{limits: l, send: send, phase: open, recvID: id + 1, sendID: id, born: now, lastIn: now, lastOut: now}
	s.sending = newSending(seq)
	s.ack = peerSeq
	s.steady = true
	return s
}

// Feed takes one packet that carries the receiving id of this conversation.
func (s *stream) Feed(now time.Duration, p *Packet) {
	if s.phase == dead || !s.plausible(p) {
		return
	}
	if p.Type == Reset {
		s.reset()
		return
	}
	if p.Type == Syn {
		s.answerSyn(now)
		return
	}
	s.lastIn, s.lag = now, micros(now)-p.Timestamp
	s.hear(p.Window)
	if s.phase == opening {
		s.opened(now, p)
	} else if p.Type == State {
		s.heardNumber(p)
	}
	s.acked(now, p)
	s.take(p)
	s.transmit(now)
	if s.owes {
		s.state(now)
	}
	s.settle(now)
}

// plausible says whether the ack of a packet is one that the peer can have
// sent; others are strays or guesses.
func (s *stream) plausible(p *Packet) bool {
	switch {
	case p.Type == Syn:
		return s.phase == open
	case p.Type == Reset:
		return s.next()-p.Ack <= uint16(s.flown)+1+resetOverhang
	case s.phase == opening:
		return p.Type == State && p.Ack == s.start-1
	}
	return s.next()-1-p.Ack <= uint16(s.flown)+ackTolerance
}

// opened takes the answer to our SYN. The peer's first data has the same
// number as this answer.
func (s *stream) opened(now time.Duration, p *Packet) {
	s.phase = open
	s.ack, s.first = p.Seq-1, p.Seq
	s.greetAt = now + greeting
	if s.synsOut == 1 {
		s.trip.sample(now - s.born)
	}
	s.trip.backoff, s.repeatAt = 0, 0
}

// answerSyn repeats the SYN-ACK, which the peer may have missed.
func (s *stream) answerSyn(now time.Duration) {
	if s.recvID == s.sendID+1 {
		s.state(now)
	}
}

// reset ends the conversation as the peer wishes.
func (s *stream) reset() {
	switch {
	case s.phase == opening:
		s.die(syscall.ECONNREFUSED)
	case s.shut:
		s.die(nil)
	default:
		s.die(syscall.ECONNRESET)
	}
}

// Unreachable takes the word of the network that packets don't arrive.
func (s *stream) Unreachable(errno syscall.Errno) {
	if s.phase == opening && !s.stubborn || s.phase == open && errno == syscall.ECONNREFUSED {
		s.die(errno)
	}
}

// die ends the conversation and lets go of what it holds, except for what its
// reader may still fetch.
func (s *stream) die(err error) {
	if s.phase == dead {
		return
	}
	s.phase, s.err = dead, err
	s.packets, s.queued = nil, 0
	s.forgetEarly()
}

// Abort ends the conversation at once and tells the peer.
func (s *stream) Abort(now time.Duration) {
	if s.phase == open {
		p := s.header(Reset, s.next())
		_ = s.emit(now, &p)
	}
	s.die(syscall.ECONNABORTED)
}
