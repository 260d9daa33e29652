package probe

import (
	"container/heap"
	"time"
)

// queue holds peers by the time at which they are due.
type queue []*peer

func (q queue) Len() int { return len(q) }
func (q queue) Less(i, j int) bool {
	if q[i].due.Equal(q[j].due) {
		return q[i].order < q[j].order
	}
	return q[i].due.Before(q[j].due)
}
func (q queue) Swap(i, j int) {
	q[i], q[j] = q[j], q[i]
	q[i].index, q[j].index = i, j
}
func (q *queue) Push(x any) {
	p := x.(*peer)
	p.index = len(*q)
	*q = append(*q, p)
}
func (q *queue) Pop() any {
	old := *q
	last := old[len(old)-1]
	old[len(old)-1] = nil
	*q = old[:len(old)-1]
	return last
}

// first is the peer that is due next, nil if there is none.
func (q queue) first() *peer {
	if len(q) == 0 {
		return nil
	}
	return q[0]
}

// isDue says whether a peer is due at this time.
func (q queue) isDue(now time.Time) bool { return len(q) > 0 && !q[0].due.After(now) }

func (q *queue) add(p *peer)    { heap.Push(q, p) }
func (q *queue) take() *peer    { return heap.Pop(q).(*peer) }
func (q *queue) remove(p *peer) { heap.Remove(q, p.index) }
