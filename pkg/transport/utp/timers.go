package utp

import (
	"container/heap"
	"sync"
	"time"
)

// timers knows which conversation needs a look when. A time that has moved to
// later is left where it is, and found out when it comes, so that a busy
// conversation does not turn the heap over with every packet.
type timers struct {
	mu    sync.Mutex
	queue timerQueue
	// wake tells the keeper that the first time has changed; one is enough.
	wake chan struct{}
}

func newTimers() timers { return timers{wake: make(chan struct{}, 1)} }

// set asks for a look at a conversation at the given time or earlier; 0 asks
// for none.
func (t *timers) set(c *Conn, at time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	switch {
	case at == 0:
		if c.slot > 0 {
			heap.Remove(&t.queue, c.slot-1)
		}
		return
	case c.slot == 0:
		c.at = at
		heap.Push(&t.queue, c)
	case at < c.at:
		c.at = at
		heap.Fix(&t.queue, c.slot-1)
	default:
		return
	}
	if c.slot == 1 {
		t.nudge()
	}
}

func (t *timers) nudge() {
	select {
	case t.wake <- struct{}{}:
	default:
	}
}

// due takes a conversation whose time has come; without one it says how long
// that will take.
func (t *timers) due(now time.Duration) (*Conn, time.Duration) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.queue) == 0 {
		return nil, time.Hour
	}
	if wait := t.queue[0].at - now; wait > 0 {
		return nil, wait
	}
	return heap.Pop(&t.queue).(*Conn), 0
}

// timerQueue is a heap. A conversation knows its place in it, from 1 on.
type timerQueue []*Conn

func (q timerQueue) Len() int           { return len(q) }
func (q timerQueue) Less(i, j int) bool { return q[i].at < q[j].at }

func (q timerQueue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].slot, q[j].slot = i+1, j+1
}

func (q *timerQueue) Push(x any) {
	*q = append(*q, x.(*Conn))
	(*q)[len(*q)-1].slot = len(*q)
}

func (q *timerQueue) Pop() any {
	last := len(*q) - 1
	c := (*q)[last]
	(*q)[last] = nil
	*q = (*q)[:last]
	c.slot = 0
	return c
}
