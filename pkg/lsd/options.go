package lsd

import (
	"log/slog"
	"net/netip"
	"time"

	"btkit/pkg/record"
)

// DefaultWait is how long a single round listens after its last packet.
const DefaultWait = 10 * time.Second

// Wire carries the datagrams of one group; Open makes one.
type Wire interface {
	// Group is the multicast address and port.
	Group() netip.AddrPort
	// Receive waits for a datagram and writes it to b, cut to its length. The
	// error means that there will be no more; it is net.ErrClosed after Close.
	Receive(b []byte) (n int, from netip.AddrPort, err error)
	// Send multicasts a datagram on all interfaces.
	Send(b []byte) error
	// Close ends a Receive under way.
	Close() error
}

// Sink takes records; *record.Writer is one.
type Sink interface{ Put(record.Record) error }

// Options of a Source. Wires and Out are needed.
type Options struct {
	// One per group. Run closes them.
	Wires []Wire
	Out   Sink
	// Networks that our interfaces are in, and our addresses.
	Near Near
	Own  []netip.Addr
	// Port to announce until a listen record names another; 0 is none, and
	// then nothing is announced.
	Port uint16
	// Announce nothing.
	ListenOnly bool
	// What we know our own messages by: hard to guess.
	Cookie string
	// Announce each torrent once and end so long after that and the input's end.
	Once bool
	Wait time.Duration
	// Whether bt-probe would contact an address by its usual rules; nil gives no
	// remark about it.
	Contactable func(netip.Addr) bool
	// Clock; time.Now.
	Now func() time.Time
	// Remarks; none.
	Log *slog.Logger
	// Told how many torrents could not be taken for want of room.
	Dropped func(int64)
}

func (o Options) orDefaults() Options {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Dropped == nil {
		o.Dropped = func(int64) {}
	}
	if o.Contactable == nil {
		o.Contactable = func(netip.Addr) bool { return true }
	}
	return o
}
