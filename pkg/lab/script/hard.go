package script

import (
	"math/rand/v2"
	"net/netip"
	"time"
)

// hard gives peers what makes today's swarms hard to measure. Its chance is its
// own, so that a play without any of it stays the one that its seed names.
func (w *writer) hard(peers []Peer) {
	w.r = rand.New(rand.NewPCG(w.o.Seed, 6))
	honest := where(peers, func(p *Peer) bool { return p.Role != Hostile })
	w.nat(peers, len(honest))
	w.utpOnly(peers, honest)
	for _, i := range w.some(honest, w.o.Encrypted) {
		peers[i].Encrypted = true
	}
	for _, i := range w.some(honest, w.o.Tex) {
		peers[i].Tex = true
	}
	for _, i := range w.some(where(peers, func(p *Peer) bool { return p.Role != Hostile && p.Reachable() }), w.o.Shy) {
		peers[i].Shy = true
	}
	w.ipv6(peers)
	for i := range peers {
		w.slots(&peers[i])
		w.leaveAfter(&peers[i])
	}
}

// nat puts some of those that could be reached behind a NAT: a share of all.
func (w *writer) nat(peers []Peer, all int) {
	open := where(peers, func(p *Peer) bool { return p.Role != Hostile && p.Reach == Open })
	w.r.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
	hidden := open[:min(part(w.o.NAT, all), len(open))]
	for _, i := range hidden {
		peers[i].NAT, peers[i].Reach, peers[i].Busy = true, Silent, false
	}
	for _, i := range w.some(hidden, w.o.Mute) {
		peers[i].Dials = false
	}
}

// utpOnly takes TCP from some, and gives them a client that can do without.
func (w *writer) utpOnly(peers []Peer, honest []int) {
	for n, i := range w.some(honest, w.o.UTPOnly) {
		p := &peers[i]
		p.UTPOnly = true
		if p.Reach == Open {
			p.Reach = Refuses + Reach(n%2)
		}
		if !p.Client.UTP {
			w.runs(p, w.client(func(c Client) bool { return c.UTP && (c.Lazy || p.Withhold == 0) }))
		}
	}
}

// ipv6 moves some of those that take TCP connections to the one IPv6 address of
// this host, each with a port of its own.
func (w *writer) ipv6(peers []Peer) {
	open := where(peers, func(p *Peer) bool { return p.Role != Hostile && p.Reach == Open })
	w.r.Shuffle(len(open), func(i, j int) { open[i], open[j] = open[j], open[i] })
	for n, i := range open[:min(w.o.IPv6, len(open))] {
		peers[i].IP, peers[i].Port = netip.IPv6Loopback(), uint16(20000+n)
	}
}

// slots decides when a peer is full.
func (w *writer) slots(p *Peer) {
	if w.o.Full == 0 || p.Role == Hostile {
		return
	}
	block := time.Duration(float64(w.span(time.Minute, 5*time.Minute)) * w.o.Pace)
	p.Slots = Slots{Share: w.o.Full, Block: block, Phase: w.span(0, block), Seed: p.Seed}
}

// leaveAfter lets a leecher go some time after its last piece.
func (w *writer) leaveAfter(p *Peer) {
	if w.o.LeaveAfter == 0 || p.Role != Leecher || p.Last < w.o.Pieces || p.Steps() == 0 {
		return
	}
	leave := p.Step(p.Steps()-1) + time.Duration(float64(w.o.LeaveAfter)*w.o.Pace)
	if p.Leave == 0 || leave < p.Leave {
		p.Leave = leave
	}
}
