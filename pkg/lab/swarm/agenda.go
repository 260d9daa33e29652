package swarm

import (
	"container/heap"
	"context"
	"sync"
	"time"
)

// agenda runs functions at their times, one after the other on one goroutine.
// They must not block.
type agenda struct {
	now   func() time.Time
	mu    sync.Mutex
	queue queue
	// wake has room for one: several changes need one look only.
	wake chan struct{}
}

type entry struct {
	at time.Time
	do func()
}

type queue []entry

func (q queue) Len() int           { return len(q) }
func (q queue) Less(i, j int) bool { return q[i].at.Before(q[j].at) }
func (q queue) Swap(i, j int)      { q[i], q[j] = q[j], q[i] }
func (q *queue) Push(x any)        { *q = append(*q, x.(entry)) }

func (q *queue) Pop() any {
	last := len(*q) - 1
	e := (*q)[last]
	(*q)[last] = entry{}
	*q = (*q)[:last]
	return e
}

func newAgenda(now func() time.Time) *agenda {
	return &agenda{now: now, wake: make(chan struct{}, 1)}
}

// at adds a function.
func (a *agenda) at(t time.Time, do func()) {
	a.mu.Lock()
	heap.Push(&a.queue, entry{t, do})
	first := a.queue[0].at.Equal(t)
	a.mu.Unlock()
	if first {
		select {
		case a.wake <- struct{}{}:
		default:
		}
	}
}

func (a *agenda) after(d time.Duration, do func()) { a.at(a.now().Add(d), do) }

// run works until the context ends.
func (a *agenda) run(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	for ctx.Err() == nil {
		do, wait := a.next()
		if do != nil {
			do()
			continue
		}
		timer.Reset(wait)
		select {
		case <-timer.C:
		case <-a.wake:
		case <-ctx.Done():
		}
	}
}

// next takes the first function that is due, or says how long to wait.
func (a *agenda) next() (do func(), wait time.Duration) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if len(a.queue) == 0 {
		return nil, time.Hour
	}
	if wait = a.queue[0].at.Sub(a.now()); wait > 0 {
		return nil, wait
	}
	return heap.Pop(&a.queue).(entry).do, 0
}
