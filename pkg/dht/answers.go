package dht

import (
	"bytes"
	"net/netip"
	"time"

	"btkit/pkg/outcome"
)

// take hears what a node answered.
func (l *lookup) take(a answer) {
	delete(l.flights, a.node)
	n := a.node
	fresh := 0
	if a.reply != nil {
		a.as = l.believe(a)
	}
	if a.as == outcome.OK {
		fresh = l.hear(a)
	} else {
		l.lose(a)
	}
	l.traceQuery(a, n, fresh)
}

// believe checks the id of an answer against the one under which the node was
// listed; an answer under another id is dropped with all that it says.
func (l *lookup) believe(a answer) outcome.Outcome {
	l.result.Bytes += int64(a.reply.bytes)
	for _, oddity := range a.reply.oddities {
		l.result.Oddities = addOnce(l.result.Oddities, oddity)
	}
	n := a.node
	credible := l.cands.identify(n, a.reply.id)
	if n.router {
		// A bootstrap node is asked and never kept (BEP 5).
		if !credible {
			l.cands.refused["id-mismatch"]++
			return outcome.Malformed
		}
		return outcome.OK
	}
	if !l.net.known.answered(Node{ID: a.reply.id, Addr: n.Addr}, time.Now()) {
		l.cands.refused["banned"]++
		return outcome.Denied
	}
	if !credible {
		l.cands.refused["id-mismatch"]++
		return outcome.Malformed
	}
	return outcome.OK
}

// lose closes a question that brought nothing.
func (l *lookup) lose(a answer) {
	n := a.node
	if a.as != outcome.Canceled {
		l.errs[a.as]++
		l.net.known.failed(n.Addr)
	}
	if n.state != alive {
		n.state = dead
	}
	if a.ask == askExplore {
		l.fruitless++
		return
	}
	l.release(n)
	n.again = askNothing
}

// hear takes an answer's nodes and peers in.
func (l *lookup) hear(a answer) (fresh int) {
	n, r := a.node, a.reply
	first := n.state != alive
	past := l.cands.settled(closestK)
	if first {
		n.state = alive
		l.result.Answered++
		if Secure(r.id, n.Addr.Addr()) {
			l.result.Secure++
		}
	}
	if a.ask == askControl {
		n.again = askNothing
		l.judge(n, r)
		return 0
	}
	listed := l.list(r)
	if a.ask == askExplore {
		l.fruitless++
		if listed > 0 {
			l.fruitless = 0
		}
		return 0
	}
	n.again = askNothing
	if l.plan.control && len(r.values) > 0 && !n.cleared {
		n.held, n.again = &a, askControl
		return 0
	}
	return l.accept(n, a, first && past)
}

// list adds the nodes of an answer and says how many of them are new and
// closer than the farthest that the plan asks for.
func (l *lookup) list(r *reply) (fresh int) {
	farthest, full := l.cands.distance(l.plan.width)
	for _, listed := range r.nodes[:min(len(r.nodes), maxNodesFromOf)] {
		if familyOf(listed.Addr.Addr()) != l.net.family || l.net.known.isBanned(listed.Addr) || !l.cands.add(listed) {
			continue
		}
		if d := listed.ID.Distance(l.target); !full || bytes.Compare(d[:], farthest[:]) < 0 {
			fresh++
		}
	}
	return fresh
}

// accept takes the peers of an answer in and decides whether the node has
// more to tell. widening says that the node is a new one beyond the closest.
func (l *lookup) accept(n *candidate, a answer, widening bool) (fresh int) {
	fresh = l.report(n.Addr, a.reply)
	switch {
	case fresh > 0:
		l.barren = 0
	case widening:
		l.barren++
	}
	l.follow(n, a, fresh)
	return fresh
}

// judge hears the answer to a control question: whoever names peers for a
// torrent that does not exist, invents them.
func (l *lookup) judge(n *candidate, r *reply) {
	n.cleared = true
	if len(r.values) == 0 && n.held != nil {
		held := *n.held
		n.held = nil
		l.accept(n, held, false)
		return
	}
	n.held, n.state = nil, dead
	l.cands.refused["liar"]++
	l.net.known.ban(n.Addr)
}

// follow decides whether a node is to be asked again: because it answered the
// scrape with filters and kept its peers for a plain question, or because its
// peers were too many for one answer.
func (l *lookup) follow(n *candidate, a answer, fresh int) {
	r := a.reply
	if a.ask == askScrape && len(r.values) == 0 && r.seeds != nil && (*r.seeds != Filter{} || *r.peers != Filter{}) {
		n.again = askPlain
		return
	}
	looksCut := len(r.values) >= cutValues || len(r.values) > 0 && r.bytes >= cutBytes
	if !l.plan.repeat || !looksCut || n.asks > maxRepeats {
		return
	}
	n.quiet++
	if float64(fresh) >= quietShare*float64(len(r.values)) {
		n.quiet = 0
	}
	if n.quiet < quietEnough {
		n.again, n.notBefore = askPlain, time.Now().Add(repeatGap)
	}
}

// release gives out the peers of a node that the control question has cleared
// or could not reach.
func (l *lookup) release(n *candidate) {
	if n.held == nil {
		return
	}
	held := n.held
	n.held = nil
	l.report(n.Addr, held.reply)
}

// report takes a node's peers in and gives the new ones out.
func (l *lookup) report(node netip.AddrPort, r *reply) (fresh int) {
	peers := l.harvest.add(node, r)
	for _, peer := range peers {
		l.found(Found{Peer: peer, Via: node})
	}
	return len(peers)
}

func (l *lookup) traceQuery(a answer, n *candidate, fresh int) {
	if l.net.trace == nil {
		return
	}
	q := Query{Sent: a.sent, Target: l.target, ask: a.ask, Node: n.Node, Outcome: a.as, RTT: a.rtt, New: fresh}
	if r := a.reply; r != nil {
		q.Answered, q.Client, q.Values, q.Nodes = r.id, r.version, len(r.values), len(r.nodes)
		q.Filters, q.Token, q.Bytes, q.Oddities = r.seeds != nil, r.token, r.bytes, r.oddities
		q.Secure = Secure(r.id, n.Addr.Addr())
	}
	l.net.trace(q)
}
