package dht

import (
	"math"
	"time"
)

// A node asked for a torrent lists the eight nodes closest to it, and the
// closest nodes all list each other. So those farther out have to be looked
// for: by asking for other points of the region in which the plan's nodes lie.

// exploring says whether the search for more nodes goes on. Fewer than eight
// nodes all know each other, so there is nothing to search for.
func (l *lookup) exploring() bool {
	_, enough := l.cands.distance(closestK)
	return enough && l.explored < l.plan.explore && l.fruitless < exploreIdle && l.width() > closestK && l.cands.settled(closestK)
}

// exploration is a question for a random point of the region, to the closest
// node that may be asked now.
func (l *lookup) exploration(now time.Time) (q question, ok bool) {
	if !l.exploring() {
		return q, false
	}
	d8, _ := l.cands.distance(closestK)
	q = question{ask: askExplore, target: pointNear(l.target, regionBits(d8, l.plan.width))}
	for _, n := range l.cands.list {
		if l.idle(n, now) && (q.node == nil || compareDistance(q.target, n.ID, q.node.ID) < 0) {
			q.node = n
		}
	}
	return q, q.node != nil
}

// regionBits is the number of leading bits that the closest n nodes share with
// the target, by the distance of the eighth.
func regionBits(d8 ID, n int) int {
	return max(0, int(math.Log2(NetworkSize(closestK, d8)/float64(n))))
}

// pointNear is a random point that shares so many leading bits with the target.
func pointNear(target ID, bits int) ID {
	point := RandomID()
	for i := range min(bits, 8*len(point)) {
		mask := byte(0x80) >> (i % 8)
		point[i/8] = point[i/8]&^mask | target[i/8]&mask
	}
	return point
}
