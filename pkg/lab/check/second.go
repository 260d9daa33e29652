package check

import (
	"errors"
	"fmt"
	"net/netip"
	"strings"
	"time"

	"btkit/pkg/record"
)

// Reading is a span in which the toolkit knew what a peer has: a moment for a
// progress record, a conversation for a visit record that tells it.
type Reading struct {
	InfoHash         string
	IP               netip.Addr
	Port, ListenPort uint16
	From, To         time.Time
	// It comes from a settled progress record.
	Settled bool
}

// least is how long after the first reading the second one counts, in a play of
// pace one; within a minute the toolkit needs no peer's leave.
const least = time.Minute

// Seconds says which peers were read again.
type Seconds struct {
	// Span of the lab's time, and what it is in this play.
	Span, Played time.Duration
	// Share that is wanted.
	Wanted float64
	// Peers that were read once and were still there and incomplete a span later;
	// those among them that were read again within it.
	Due, Given int
	// Those of them that take connections.
	DueOpen, GivenOpen int
	// The others.
	Missed []record.Truth
}

// SecondReadings counts peers that were read once, stayed incomplete and in the
// swarm for a span after that, and gave a second reading within it: at least a
// minute after the first, all in the lab's time, which the pace of the play
// scales. A conversation that goes on is a reading all the while.
func SecondReadings(readings []Reading, truths []record.Truth, span time.Duration, wanted float64) *Seconds {
	s := &Seconds{Span: span, Played: span, Wanted: wanted}
	of := byPeer(readings, truths)
	for i, t := range truths {
		gap := scaled(least, t.Pace)
		s.Played = scaled(span, t.Pace)
		first := earliest(of[i])
		if first.IsZero() || !stillDownloading(t, first.Add(s.Played)) {
			continue
		}
		s.Due++
		s.DueOpen += one(t.Reachable)
		if again(of[i], first.Add(gap), first.Add(s.Played)) {
			s.Given++
			s.GivenOpen += one(t.Reachable)
		} else {
			s.Missed = append(s.Missed, t)
		}
	}
	return s
}

func scaled(d time.Duration, pace float64) time.Duration {
	if pace == 0 {
		return d
	}
	return time.Duration(float64(d) * pace)
}

// earliest is the time of the first settled reading, zero without one.
func earliest(of []Reading) (first time.Time) {
	for _, r := range of {
		if r.Settled && (first.IsZero() || r.From.Before(first)) {
			first = r.From
		}
	}
	return first
}

// again says whether one of the readings touches a span.
func again(of []Reading, from, to time.Time) bool {
	for _, r := range of {
		if !r.To.Before(from) && !r.From.After(to) {
			return true
		}
	}
	return false
}

// stillDownloading says whether a leecher is there and incomplete at a time.
func stillDownloading(t record.Truth, at time.Time) bool {
	end := t.TS
	if !t.LeftTS.IsZero() {
		end = t.LeftTS
	}
	return t.Role == "leecher" && t.FirstHave < t.Pieces && !at.After(end) && (t.CompletedTS.IsZero() || t.CompletedTS.After(at))
}

// byPeer sorts readings by the index of the truth they are about. Peers that
// share an address are told apart by their port.
func byPeer(readings []Reading, truths []record.Truth) map[int][]Reading {
	m := newMatcher(truths)
	of := map[int][]Reading{}
	for _, r := range readings {
		if i, ok := m.owner(r); ok {
			of[i] = append(of[i], r)
		}
	}
	return of
}

func (m *matcher) owner(r Reading) (index int, ok bool) {
	candidates := m.byIP[ipKey(r.InfoHash, r.IP)]
	for _, i := range candidates {
		if port := m.truths[i].Port; len(candidates) == 1 || port == r.Port || port == r.ListenPort {
			return i, true
		}
	}
	return 0, false
}

// Share is the share of those due that gave a second reading, 1 if none was due.
func (s *Seconds) Share() float64 { return ratio(s.Given, s.Due) }

// ErrNoSecond says that no peer was due for a second reading.
var ErrNoSecond = errors.New("no peer was there for long enough after its first reading: this proves nothing")

// Err says why too few were read again; nil if it was enough.
func (s *Seconds) Err() error {
	switch {
	case s.Due == 0:
		return ErrNoSecond
	case s.Share() < s.Wanted:
		return fmt.Errorf("second readings of %.4f of the peers are below %.4f", s.Share(), s.Wanted)
	}
	return nil
}

// Text is the report for people.
func (s *Seconds) Text() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%-11s%d of %s gave a second reading within %v of the first (%v of the play): %.4f, wanted %.2f\n", "second",
		s.Given, plural(s.Due, "peer"), s.Span, s.Played.Round(time.Millisecond), s.Share(), s.Wanted)
	fmt.Fprintf(&b, "%-11s%d of %d of those that take connections; all were still there and incomplete\n", "", s.GivenOpen, s.DueOpen)
	for i, t := range s.Missed {
		if i < maxLines {
			fmt.Fprintf(&b, "%-11s%v port %d: %s\n", "  once", t.IP, t.Port, traits(t))
		}
	}
	return b.String()
}
