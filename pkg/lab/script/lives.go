package script

import "time"

// lives decides when peers come, how they get on and when they go.
func (w *writer) lives(peers []Peer) {
	for i := range peers {
		w.settle(&peers[i])
	}
	leechers := where(peers, func(p *Peer) bool { return p.Role == Leecher })
	w.r.Shuffle(len(leechers), func(i, j int) { leechers[i], leechers[j] = leechers[j], leechers[i] })
	finishing, others := leechers[:w.o.Finishing], leechers[w.o.Finishing:]
	for _, i := range finishing {
		w.finisher(&peers[i])
	}
	for _, i := range others {
		w.straggler(&peers[i])
	}
	for _, i := range w.some(leechers, w.o.Regress) {
		w.loses(&peers[i])
	}
	for _, i := range w.some(finishing, w.o.Leave) {
		p := &peers[i]
		stay := time.Duration(float64(w.span(20*time.Second, 90*time.Second)) * w.o.Pace)
		if step, ok := p.Crosses(w.need); ok {
			p.Leave = p.Step(step) + stay
		}
	}
	for _, i := range w.some(others, w.o.GiveUp) {
		peers[i].Leave = w.span(peers[i].Arrive, w.o.Duration)
	}
}

// settle gives every peer its coming and a number of pieces that stays.
func (w *writer) settle(p *Peer) {
	if w.r.Float64() >= w.o.Present {
		p.Arrive = w.span(0, w.o.Duration*4/10)
	}
	switch p.Role {
	case PartialSeed:
		p.First = 1 + w.r.IntN(w.need-1)
	case Leecher:
		p.First = w.start()
	default:
		p.First = w.o.Pieces
	}
	p.Last = p.First
}

// start is what a leecher brings along: often nothing, at most 90 % of the way.
func (w *writer) start() int {
	if w.r.Float64() < 0.15 {
		return 0
	}
	return w.r.IntN(1 + w.need*9/10)
}

// finisher crosses between its coming plus MinBelow and 80 % of the span, then
// goes on to the last piece.
func (w *writer) finisher(p *Peer) {
	end := w.o.Duration * 8 / 10
	earliest := p.Arrive + w.o.MinBelow
	cross := w.span(min(earliest, end), end)
	p.Last = w.o.Pieces
	p.Rate = (float64(w.need-p.First) - 0.5) / (cross - p.Arrive).Seconds()
}

// straggler gets something but stays below the threshold, for ever.
func (w *writer) straggler(p *Peer) {
	most := w.need * 97 / 100
	p.First = min(p.First, most)
	p.Last = p.First + w.r.IntN(most-p.First+1)
	p.Rate = float64(p.Last-p.First) / (w.o.Duration - p.Arrive).Seconds()
}

// loses lets a leecher lose 1 to 3 % of the pieces on the first half of its way.
func (w *writer) loses(p *Peer) {
	way := min(p.Last, w.need) - p.First
	at := way / 2
	if at < 1 {
		return
	}
	p.LoseAt = at
	p.Lose = min(p.First+at, 1+w.r.IntN(1+w.o.Pieces*3/100))
	p.Rate *= float64(way+p.Lose) / float64(way)
}
