package utp

import (
	"syscall"
	"time"
)

// Tick does what is due.
func (s *stream) Tick(now time.Duration) {
	switch s.phase {
	case opening:
		s.knock(now)
	case open:
		s.tickOpen(now)
	}
}

func (s *stream) tickOpen(now time.Duration) {
	switch {
	case now-s.lastIn >= s.idle, s.zeroSince != 0 && now-s.zeroSince >= zeroWindow:
		s.giveUp(now)
		return
	case s.repeatAt != 0 && now >= s.repeatAt:
		s.timeout(now)
	case s.remind.at != 0 && now >= s.remind.at:
		s.repeatRoom(now)
	case s.greetAt != 0 && now >= s.greetAt, now-s.lastOut >= keepAlive && !s.shut:
		s.state(now)
	}
	s.settle(now)
}

// Due is the time of the next Tick, 0 if there is none.
func (s *stream) Due() time.Duration {
	switch s.phase {
	case opening:
		return min(s.repeatAt, s.born+s.dial)
	case dead:
		return 0
	}
	due := s.lastIn + s.idle
	sooner := func(t time.Duration) {
		if t != 0 {
			due = min(due, t)
		}
	}
	sooner(s.repeatAt)
	sooner(s.forgetAt)
	sooner(s.greetAt)
	sooner(s.remind.at)
	if s.zeroSince != 0 {
		sooner(s.zeroSince + zeroWindow)
	}
	if !s.shut {
		sooner(s.lastOut + keepAlive)
	}
	return due
}

// knock sends or repeats the SYN.
func (s *stream) knock(now time.Duration) {
	switch {
	case now-s.born >= s.dial:
		s.die(syscall.ETIMEDOUT)
		return
	case now < s.repeatAt:
		return
	case s.synsOut >= synTries && !s.stubborn:
		s.repeatAt = s.born + s.dial
		return
	}
	p := Packet{Type: Syn, ConnectionID: s.recvID, Seq: s.start - 1}
	if err := s.emit(now, &p); err != nil && !passing(err) {
		s.die(err)
		return
	}
	wait := s.syn
	if !s.stubborn {
		wait <<= s.synsOut
	}
	s.synsOut++
	s.repeatAt = now + wait
}
