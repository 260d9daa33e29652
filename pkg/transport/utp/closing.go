package utp

import (
	"syscall"
	"time"
)

// closing is what a conversation knows of its end.
type closing struct {
	shut     bool          // our user has closed
	stage    closingStage  // how far that has come
	forgetAt time.Duration // when to let go
}

type closingStage uint8

const (
	flushing  closingStage = iota // the peer has not all yet
	waiting                       // for the peer to close too
	lingering                     // for a FIN of the peer that is sent again
)

// Close sends FIN behind what is still to be sent, or RESET once that has
// arrived. What comes later is acknowledged and dropped.
func (s *stream) Close(now time.Duration) {
	if s.shut || s.phase == dead {
		return
	}
	s.shut = true
	s.forgetUnread()
	if s.phase == opening {
		s.die(nil)
		return
	}
	s.forgetAt = now + longestFlush
	if !s.hard {
		s.packets = append(s.packets, outgoing{fin: true})
	}
	s.transmit(now)
	s.settle(now)
}

// settle goes on with closing.
func (s *stream) settle(now time.Duration) {
	if !s.shut || s.phase != open {
		return
	}
	if now >= s.forgetAt || s.hard && len(s.packets) == 0 {
		s.forget(now)
		return
	}
	if len(s.packets) > 0 {
		return
	}
	switch {
	case s.eof && s.stage < lingering:
		s.stage, s.forgetAt = lingering, now+linger
	case !s.eof && s.stage < waiting:
		s.stage, s.forgetAt = waiting, now+answerToFin
	}
}

// forget ends a closed conversation; a peer that still holds its side is told.
func (s *stream) forget(now time.Duration) {
	if s.stage < lingering {
		s.Abort(now)
	}
	s.die(nil)
	s.err = nil
}

// giveUp ends a conversation whose peer is silent.
func (s *stream) giveUp(now time.Duration) {
	s.Abort(now)
	s.err = syscall.ETIMEDOUT
	if s.shut {
		s.err = nil
	}
}
