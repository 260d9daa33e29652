package utp

import (
	"slices"
	"time"
)

const (
	maxAhead  = 512     // how far a packet may be ahead of the next, in numbers
	chunkCost = 64      // bytes that keeping a packet costs beside its payload
	gapRoom   = 4 << 10 // bytes that only the missing packet may take
)

// receiving is the half of a conversation that comes from the peer.
type receiving struct {
	ack    uint16  // last packet received in order
	early  []chunk // later ones, in their order
	unread []chunk // earlier ones, for the reader
	held   int     // what all of them cost, in bytes
	toRead int     // what the unread ones cost
	told   int     // the window that the peer knows
	remind reminder
	eof    bool // the peer has sent its last packet
	owes   bool // an ack is due

	first   uint16 // number of the SYN-ACK, from which the peer counts on
	steady  bool   // the peer is known to count from there
	repeats uint8  // of the packet that would be the second
	skewed  bool   // the peer began one later
}

// reminder repeats the news that there is room again, since a peer that has
// missed it may wait for ever, as libtorrent does.
type reminder struct {
	at   time.Duration // 0 for none
	sent uint8
}

const (
	firstReminder = 500 * time.Millisecond // doubled each time
	reminders     = 5
)

// chunk is one packet of the peer.
type chunk struct {
	seq       uint16
	fin       bool
	timestamp uint32
	payload   []byte
}

func (c *chunk) cost() int { return chunkCost + len(c.payload) }

// take keeps what a packet carries.
func (s *stream) take(p *Packet) {
	if p.Type != Data && p.Type != Fin {
		return
	}
	s.owes, s.remind = true, reminder{}
	switch ahead := p.Seq - s.ack; {
	case ahead == 0 || ahead > maxAhead || s.eof:
	case ahead == 1:
		if !s.fits(p, s.most()) {
			return
		}
		s.deliver(s.chunkOf(p))
		s.closeGap()
	default:
		s.keep(p)
	}
}

// most is what a conversation may hold, in bytes: twice what is offered. News
// of a smaller window may be overtaken by older ones, and libtorrent gives up
// when a packet has to be sent a fourth time.
func (s *stream) most() int { return 2*s.window + 2*gapRoom }

// fits says whether there is room for a packet, below most bytes. A conversation
// that holds nothing may always go on.
func (s *stream) fits(p *Packet, most int) bool {
	cost := chunkCost + len(p.Payload)
	return s.held+cost <= most && (s.held == 0 || s.store.has(cost))
}

func (s *stream) hold(bytes int) {
	s.held += bytes
	s.store.take(bytes)
}

// chunkOf copies a packet. Nobody will read what comes after our end.
func (s *stream) chunkOf(p *Packet) chunk {
	c := chunk{seq: p.Seq, fin: p.Type == Fin, timestamp: p.Timestamp}
	if !s.shut && !c.fin {
		c.payload = slices.Clone(p.Payload)
	}
	s.hold(c.cost())
	return c
}

// deliver gives the next packet to the reader.
func (s *stream) deliver(c chunk) {
	s.ack++
	s.steady = true
	if c.fin {
		s.eof = true
	}
	if len(c.payload) == 0 || s.shut {
		s.hold(-c.cost())
		return
	}
	s.unread = append(s.unread, c)
	s.toRead += c.cost()
}

// closeGap delivers what follows now.
func (s *stream) closeGap() {
	n := 0
	for n < len(s.early) && s.early[n].seq == s.ack+1 && !s.eof {
		s.deliver(s.early[n])
		n++
	}
	s.early = slices.Delete(s.early, 0, n)
	if s.eof || len(s.early) == 0 {
		s.forgetEarly()
	}
}

// keep stores a packet that came before its time.
func (s *stream) keep(p *Packet) {
	at, found := slices.BinarySearchFunc(s.early, p.Seq, func(c chunk, seq uint16) int {
		return int(c.seq-s.ack) - int(seq-s.ack)
	})
	if found {
		s.again(&s.early[at], p)
		return
	}
	most := s.most() - 2*gapRoom
	if at < len(s.early) {
		most += gapRoom // it is nearer than others
	}
	if !s.fits(p, most) {
		return
	}
	s.early = slices.Insert(s.early, at, s.chunkOf(p))
}

// again counts how often the peer repeats what would be its second packet
// while the first never comes. Such a peer counts from one later than others
// do. A copy made by the network has an old timestamp.
func (s *stream) again(c *chunk, p *Packet) {
	if s.steady || p.Seq != s.first+1 || p.Timestamp == c.timestamp {
		return
	}
	c.timestamp = p.Timestamp
	if s.repeats++; s.repeats == 2 {
		s.ack, s.skewed = s.first, true
		s.closeGap()
	}
}

// heardNumber looks at a STATE that acknowledges data: it carries the number
// of the peer's next packet, so it may show that the peer counts as others do.
func (s *stream) heardNumber(p *Packet) {
	if p.Seq == s.first && p.Ack-s.start < 1<<15 {
		s.steady = true
	}
}

// mask is the selective ack of what came early.
func (s *stream) mask() []byte {
	if len(s.early) == 0 || !s.steady {
		return nil
	}
	came := make([]uint16, len(s.early))
	for i := range s.early {
		came[i] = s.early[i].seq
	}
	return Mask(s.ack, came)
}

// offer is the window that we have for the peer. What came early counts: peers
// take it off what is in flight, and never send it again once a selective ack
// has named it. For the missing packet there is always some room.
func (s *stream) offer() uint32 {
	free := s.window - s.toRead
	return uint32(max(s.window-s.held, min(free, gapRoom), 0))
}

// Read takes bytes that have come, and tells the peer that there is room again.
func (s *stream) Read(now time.Duration, b []byte) int {
	n := 0
	for n < len(b) && len(s.unread) > 0 {
		c := &s.unread[0]
		before := c.cost()
		moved := copy(b[n:], c.payload)
		n += moved
		c.payload = c.payload[moved:]
		if len(c.payload) == 0 {
			s.unread = s.unread[1:]
			s.free(before)
		} else {
			s.free(moved)
		}
	}
	if len(s.unread) == 0 {
		s.unread = nil
	}
	if s.phase == open && s.told < 2*packetSize && int(s.offer()) >= s.window/2 {
		s.state(now)
		s.remind.at = now + firstReminder
	}
	return n
}

// repeatRoom tells once more that there is room.
func (s *stream) repeatRoom(now time.Duration) {
	s.state(now)
	s.remind.sent++
	s.remind.at = now + firstReminder<<s.remind.sent
	if s.remind.sent == reminders {
		s.remind.at = 0
	}
}

// free lets go of bytes of the reader.
func (s *stream) free(bytes int) {
	s.hold(-bytes)
	s.toRead -= bytes
}

// Readable says whether a Read would not have to wait.
func (s *stream) Readable() bool { return len(s.unread) > 0 || s.eof || s.phase == dead }

func (s *stream) forgetEarly() {
	for i := range s.early {
		s.hold(-s.early[i].cost())
	}
	s.early = nil
}

// forgetUnread drops what nobody will read any more.
func (s *stream) forgetUnread() {
	s.hold(-s.toRead)
	s.toRead, s.unread = 0, nil
}
