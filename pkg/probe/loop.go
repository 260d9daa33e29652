package probe

import (
	"context"
	"time"
)

// idle is how long the loop sleeps when nothing is due.
const idle = time.Minute

// inboundPause is how long a peer that talks to our listener is left alone.
const inboundPause = 30 * time.Second

// busyPause is how long to wait for another conversation at the same address.
const busyPause = 10 * time.Second

// dispatch starts what is due and fits.
func (p *Probe) dispatch() {
	now := p.options.Now()
	p.makeRoom(now)
	for p.running < p.options.Slots {
		q := p.nextQueue(now)
		if q == nil || p.pace.Next(now) > 0 {
			return
		}
		x := q.take()
		if wait := p.mustWait(x); wait > 0 {
			x.due = now.Add(wait)
			q.add(x)
			continue
		}
		p.start(x, now, nil)
	}
}

// nextQueue is where the next visit comes from: peers without a reading first.
func (p *Probe) nextQueue(now time.Time) *queue {
	switch {
	case p.unread.isDue(now):
		return &p.unread
	case p.revisits.isDue(now):
		return &p.revisits
	}
	return nil
}

// mustWait says for how long a peer may not be dialled yet: another
// conversation with its address is open, or its network is at its limit.
func (p *Probe) mustWait(x *peer) time.Duration {
	switch {
	case p.inbound[x.place()] > 0:
		return inboundPause
	case p.active[x.place()] != nil:
		return p.pauseHere()
	}
	if wait := x.pause() - p.options.Now().Sub(x.came); wait > 0 {
		return wait
	}
	if wait := p.another(x, p.options.Now()); wait > 0 {
		return wait
	}
	if !p.nets.Enter(x.addr.Addr()) {
		return p.pauseHere()
	}
	return 0
}

// pauseHere is for how long a crowded place is left alone.
func (p *Probe) pauseHere() time.Duration {
	return time.Duration(float64(busyPause) * (0.5 + p.options.Roll()))
}

// start visits a peer, introduced by another one or not.
func (p *Probe) start(x *peer, now time.Time, by *relayed) {
	p.pace.Take(now) // there is one, asked before, unless the peer was introduced
	x.state, x.began, x.stop, x.held, x.conv = busy, now, false, false, nil
	x.attempts++
	p.session++
	p.active[x.place()] = x
	p.running++
	delete(p.expected, introduction{x.t.first, x.addr})
	x.try = x.memory.Next(p.known(x))
	if by != nil {
		x.try = x.holes.Next(p.through(x))
	}
	t := &talker{probe: p, p: x, n: x.attempts, session: p.session, way: x.try.Way, by: by}
	p.wait.Add(1)
	var dialling context.Context
	dialling, x.cancel = context.WithCancel(p.ctx)
	t.dialled = x.cancel
	go func() {
		defer p.wait.Done()
		t.run(p.ctx, dialling)
	}()
}

// untilNext is how long the loop may sleep.
func (p *Probe) untilNext() time.Duration {
	if p.stopping {
		return idle
	}
	full := p.running >= p.options.Slots
	wait := idle
	now := p.options.Now()
	for _, q := range []queue{p.unread, p.revisits} {
		if x := q.first(); x != nil && (!full || x.due.After(now)) {
			wait = min(wait, x.due.Sub(now))
		}
	}
	pace := p.pace.Next(now)
	switch {
	case full && p.othersWait(now) && pace > 0: // then room is made
		return min(wait, pace)
	case full: // what is due waits for an event
		return wait
	}
	return max(wait, pace, 0)
}
