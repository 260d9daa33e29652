package lsd

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"btkit/pkg/record"
)

// Source listens and announces. Hear, EOF and Run are called by the frame of a
// command, each from one goroutine.
type Source struct {
	opt      Options
	torrents map[Hash]*torrent
	lanes    []*lane
	guard    *guard
	told     bool // the remark about local addresses was made

	heard  chan note     // a few: the reader may run ahead of the loop a little
	eof    chan struct{} // closed by EOF
	done   chan struct{} // closed when Run has returned
	came   chan packet   // a burst; while it is full, the kernel drops what comes
	ended  bool          // eof was seen
	last   time.Time     // when there was something to do for the last time
	failed error         // the first record that could not be written

	mu    sync.Mutex
	stats stats
}

// lane is one group with the port that is announced there.
type lane struct {
	wire Wire
	plan plan
	port uint16
}

// note is what the loop needs of a record.
type note struct {
	hashes  []Hash
	private bool
	listen  *record.Listen
}

// packet is a datagram.
type packet struct {
	lane *lane
	from netip.AddrPort
	data []byte
}

// New makes a source.
func New(o Options) *Source {
	o = o.orDefaults()
	const ahead, burst = 64, 256
	s := &Source{
		opt: o, torrents: map[Hash]*torrent{}, guard: newGuard(),
		heard: make(chan note, ahead), eof: make(chan struct{}), done: make(chan struct{}), came: make(chan packet, burst),
		stats: stats{outcomes: map[string]int64{}},
	}
	for _, w := range o.Wires {
		s.lanes = append(s.lanes, &lane{wire: w, plan: plan{once: o.Once}, port: o.Port})
	}
	return s
}

// Hear takes torrent and listen records; others are passed over.
func (s *Source) Hear(line *record.Line) error {
	n, err := read(line)
	if err != nil || n.hashes == nil && n.listen == nil {
		return err
	}
	select {
	case s.heard <- n:
	case <-s.done:
	}
	return nil
}

func read(line *record.Line) (n note, err error) {
	switch line.Type {
	case "torrent":
		var t record.Torrent
		if err := line.Decode(&t); err != nil {
			return n, err
		}
		n.private = t.Private != nil && *t.Private
		n.hashes, err = hashesOf(&t)
	case "listen":
		var l record.Listen
		if err := line.Decode(&l); err != nil {
			return n, err
		}
		if n.listen = &l; l.Port == 0 || !l.IP.IsValid() {
			err = fmt.Errorf("%w: listen: expected an address and a port", record.ErrNotRecord)
		}
	}
	return n, err
}

// EOF says that no record will come any more.
func (s *Source) EOF() { close(s.eof) }

// Run listens and announces until the context ends or, with Once, until the
// round is over. The error is of a record that could not be written.
func (s *Source) Run(ctx context.Context) error {
	defer close(s.done)
	var reading sync.WaitGroup
	for _, l := range s.lanes {
		reading.Go(func() { s.listen(l) })
	}
	s.loop(ctx)
	for _, l := range s.lanes {
		l.wire.Close()
	}
	go func() { reading.Wait(); close(s.came) }()
	for range s.came { // readers that wait for room go on and end
	}
	return s.failed
}

// listen hands datagrams to the loop until the wire is closed.
func (s *Source) listen(l *lane) {
	buf := make([]byte, maxHeard+1) // one more shows what is too long
	for {
		n, from, err := l.wire.Receive(buf)
		if err != nil {
			if !errors.Is(err, net.ErrClosed) {
				s.opt.Log.Warn("nothing more is heard of a group", "group", l.wire.Group(), "error", err)
			}
			return
		}
		s.came <- packet{l, from, append([]byte(nil), buf[:n]...)}
	}
}

// loop owns all state.
func (s *Source) loop(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	eof := s.eof
	s.last = s.opt.Now()
	for s.failed == nil {
		now := s.opt.Now()
		s.announce(now)
		wait, over := s.sleep(now)
		if over {
			return
		}
		timer.Reset(wait)
		select {
		case n := <-s.heard:
			s.note(n)
		case p := <-s.came:
			s.hear(p)
		case <-eof:
			eof, s.ended = nil, true
		case <-timer.C:
		case <-ctx.Done():
			return
		}
	}
}

// sleep is how long the loop may wait, and whether the round is over.
func (s *Source) sleep(now time.Time) (wait time.Duration, over bool) {
	const idle = time.Hour // something happens earlier
	wait, busy := idle, false
	for _, l := range s.lanes {
		if due, ok := l.plan.next(); ok && s.speaks(l) {
			wait, busy = min(wait, due.Sub(now)), true
		}
	}
	if busy || !s.opt.Once || !s.ended || len(s.heard) > 0 {
		return max(wait, 0), false
	}
	wait = s.last.Add(s.opt.Wait).Sub(now)
	return wait, wait <= 0 || len(s.torrents) == 0
}

// speaks says whether we announce in a group.
func (s *Source) speaks(l *lane) bool { return l.port != 0 && !s.opt.ListenOnly }

// note takes over what a record says.
func (s *Source) note(n note) {
	if n.listen != nil {
		for _, l := range s.lanes {
			if n.listen.IP.Is4() == l.wire.Group().Addr().Is4() || n.listen.IP == netip.IPv6Unspecified() {
				l.port = n.listen.Port
			}
		}
	}
	for _, hash := range n.hashes {
		s.add(hash, n.private)
	}
}

// add begins to follow a torrent, or learns that it is private.
func (s *Source) add(hash Hash, private bool) {
	now := s.opt.Now()
	t := s.torrents[hash]
	if t != nil {
		t.private = t.private || private
		return
	}
	if len(s.torrents) >= maxTorrents {
		s.opt.Dropped(1)
		return
	}
	t = &torrent{hash: hash, private: private}
	s.torrents[hash] = t
	s.last = now
	for _, l := range s.lanes {
		if !private {
			l.plan.add(t, now)
		}
	}
	s.count()
}
