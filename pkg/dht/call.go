package dht

import (
	"net"
	"net/netip"
	"time"

	"github.com/anacrolix/dht/v2"
	"github.com/anacrolix/dht/v2/krpc"
)

// call is one query on its way. It is also the address that the library is
// given to send the query to: so the guard, which sees the address of every
// datagram, knows to which query the datagram belongs. The guard's lock holds
// its fields.
type call struct {
	to  netip.AddrPort
	tid string // as the library chose it
	key callKey
	// When the query was sent; zero if it never was.
	sent time.Time
	// Time from sending to the answer.
	rtt   time.Duration
	reply *reply
	err   error // of sending
}

// callKey finds the call that a datagram answers: a random transaction id and
// the source address must both fit.
type callKey struct {
	from netip.AddrPort
	tid  [4]byte
}

var (
	_ dht.Addr = (*call)(nil)
	_ net.Addr = callAddr{}
)

func (c *call) Raw() net.Addr       { return callAddr{c} }
func (c *call) Port() int           { return int(c.to.Port()) }
func (c *call) IP() net.IP          { return c.to.Addr().AsSlice() }
func (c *call) String() string      { return c.to.String() }
func (c *call) KRPC() krpc.NodeAddr { return krpc.NodeAddr{IP: c.IP(), Port: c.Port()} }

// callAddr is a call as a net.Addr.
type callAddr struct{ *call }

func (callAddr) Network() string { return "udp" }
