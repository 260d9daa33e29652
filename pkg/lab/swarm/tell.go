package swarm

import "btkit/pkg/peerwire"

// What a peer tells its visitors while it downloads. All of it runs under the
// peer's lock, in the order in which it happens.

// tell says that the peer got the n-th piece of its order.
func (p *peer) tell(n int) {
	for _, c := range p.conns {
		if c.open && !c.awaits && !(p.seed() && p.plan.Client.SecondState) {
			c.send(peerwire.AppendHave(nil, p.piece(n)))
			c.told = n + 1
		}
	}
}

// lose says that the peer got the n-th piece and then lost so many. A visitor
// who does not understand that is sent away, as after a restart.
func (p *peer) lose(n, lost int) {
	for _, c := range p.conns {
		if !c.open {
			continue
		}
		if c.dontHaveID == 0 || c.awaits {
			c.close()
			continue
		}
		b := peerwire.AppendHave(nil, p.piece(n))
		for k := n; k > n-lost; k-- {
			b = peerwire.AppendExtended(b, c.dontHaveID, word(p.piece(k)))
		}
		c.send(b)
		c.told = p.have
	}
}

func word(n uint32) []byte { return []byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n)} }

// finished says that the peer has become a seed, if its client says so.
func (c *conn) finished() {
	if !c.open || c.awaits {
		return
	}
	client := &c.peer.plan.Client
	var b []byte
	if client.SecondState {
		b = c.wholeState()
	}
	if client.TellsFinish {
		b = peerwire.AppendNotInterested(b)
		if c.uploadOnlyID > 0 {
			b = peerwire.AppendExtended(b, c.uploadOnlyID, []byte{1})
		}
	}
	c.send(b)
}

// wholeState repeats the state in mid-conversation, now complete.
func (c *conn) wholeState() []byte {
	c.told = c.peer.have
	if c.fast {
		return peerwire.AppendHaveAll(nil)
	}
	return peerwire.AppendBitfield(nil, c.peer.bits(c.peer.have))
}

// catchUp sends the HAVEs that were kept back.
func (c *conn) catchUp() {
	var b []byte
	for n := c.told; n < c.peer.have; n++ {
		b = peerwire.AppendHave(b, c.peer.piece(n))
	}
	c.told = c.peer.have
	if len(b) > 0 {
		c.send(b)
	}
}
