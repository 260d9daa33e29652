package utp

import (
	"net/netip"
	"sync/atomic"
	"time"
)

// Options is how a Socket behaves. The zero value dials and accepts nobody.
type Options struct {
	DialTimeout time.Duration // until a peer must have answered, default 15 s
	SynInterval time.Duration // until the first SYN is repeated, then doubled, default a fifth of DialTimeout
	IdleTimeout time.Duration // a conversation ends without any packet for so long, default 3 min
	Tries       int           // timeouts in a row that a conversation survives, default 3

	Window     int // bytes kept for a slow reader of a conversation, default 64 KiB
	SendBuffer int // bytes kept for a slow peer, default 64 KiB
	MaxConns   int // conversations at one time, dialled and accepted, default 65536
	Memory     int // bytes kept for slow readers of all conversations, default 256 MiB
	MaxHalf    int // of strangers who have said no more than SYN, default 4096, each for 10 s

	// CloseByReset makes Close end a conversation by RESET, as soon as the peer
	// has what was written. After a FIN, libtorrent refuses the next
	// conversation from the same port for three seconds.
	CloseByReset bool
	// Backlog is how many accepted conversations may wait for Accept. With 0,
	// strangers are refused.
	Backlog int
	// Expect says whose SYN is answered; nil answers all. It must be quick.
	Expect func(from netip.AddrPort) bool
	// Other takes datagrams of other protocols, such as the DHT; nil drops
	// them. The bytes are good during the call only, and it must be quick.
	Other func(b []byte, from netip.AddrPort)
}

// The silence that ends a conversation is longer than the pause of two minutes
// that BEP 3 allows between two messages.
const defaultIdle = 3 * time.Minute

func (o Options) limits() limits {
	dial := or(o.DialTimeout, 15*time.Second)
	return limits{
		dial:   dial,
		syn:    or(o.SynInterval, dial/5),
		idle:   or(o.IdleTimeout, defaultIdle),
		tries:  uint8(min(or(o.Tries, 3), 100)),
		window: or(o.Window, 64<<10),
		queue:  or(o.SendBuffer, 64<<10),
		hard:   o.CloseByReset,
		store:  newStore(or(o.Memory, 256<<20)),
	}
}

// store is the memory that all conversations of a socket share for what their
// readers have not fetched.
type store struct{ left atomic.Int64 }

func newStore(bytes int) *store {
	s := new(store)
	s.left.Store(int64(bytes))
	return s
}

func (s *store) has(bytes int) bool { return s.left.Load() >= int64(bytes) }

func (s *store) take(bytes int) { s.left.Add(-int64(bytes)) }

// or gives the default for what is not set.
func or[T int | time.Duration](value, normal T) T {
	if value > 0 {
		return value
	}
	return normal
}
