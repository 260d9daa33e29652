package talk

import "time"

// What of the messages by which a peer passes on others is handed to the host:
// BEP 11 allows one a minute and BEP 28 one in two; both come in bursts at the
// beginning.
const (
	gossipBurst = 6
	gossipGap   = 20 * time.Second
)

// gossip bounds what a peer can make us hear of others.
type gossip struct {
	at    int64 // Unix nanoseconds
	heard int32
}

// take says whether to listen to one more message.
func (g *gossip) take(at time.Time) bool {
	if g.heard >= gossipBurst && at.UnixNano()-g.at < int64(gossipGap) {
		return false
	}
	g.heard++
	g.at = at.UnixNano()
	return true
}
