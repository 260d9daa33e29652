//go:build interop

package interop

import (
	"encoding/binary"
	"fmt"
	"net/netip"
	"sync"
	"syscall"
	"time"
)

// wire counts what crosses the stage, as it lies on the wire, whoever says
// what about it.
type wire struct {
	socket int
	done   chan struct{} // closed when reading has ended

	mu    sync.Mutex
	pairs map[pair]*traffic
}

// pair is one direction between two addresses.
type pair struct{ from, to netip.Addr }

// traffic is what from did towards to. Times only grow.
type traffic struct {
	// Connections begun: TCP SYN, uTP ST_SYN; a repeated SYN counts once.
	opened []time.Time
	// Segments and packets of exactly four bytes: keep-alives, in the clear or
	// encrypted, since no other message is as short.
	keepAlives []time.Time

	lastPort uint16 // of the connection begun last
}

// Of linux/if_ether.h and linux/if_packet.h.
const (
	ethAll         = 3
	packetOutgoing = 4
	rcvBufForce    = 33
)

// tapWire begins to read the loopback device of this namespace.
func tapWire() (*wire, error) {
	all := int(binary.NativeEndian.Uint16([]byte{0, ethAll}))
	socket, err := syscall.Socket(syscall.AF_PACKET, syscall.SOCK_DGRAM|syscall.SOCK_CLOEXEC, all)
	if err != nil {
		return nil, fmt.Errorf("tap the wire: %w", err)
	}
	// Room for what comes while we don't run; the time-out lets run see its end.
	syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, rcvBufForce, 32<<20)
	syscall.SetsockoptTimeval(socket, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &syscall.Timeval{Usec: 200_000})
	w := &wire{socket: socket, done: make(chan struct{}), pairs: map[pair]*traffic{}}
	return w, nil
}

// run reads until stop is closed.
func (w *wire) run(stop <-chan struct{}) {
	defer close(w.done)
	defer syscall.Close(w.socket)
	buffer := make([]byte, 128)
	for {
		select {
		case <-stop:
			return
		default:
		}
		n, from, err := syscall.Recvfrom(w.socket, buffer, 0)
		link, ok := from.(*syscall.SockaddrLinklayer)
		if err != nil || !ok || link.Pkttype == packetOutgoing {
			continue
		}
		w.note(time.Now(), buffer[:n])
	}
}

// note takes in one packet that begins with its IP header; it may be cut.
func (w *wire) note(at time.Time, packet []byte) {
	p, protocol, size, rest := splitIP(packet)
	switch {
	case protocol == syscall.IPPROTO_TCP && len(rest) >= 20:
		header := int(rest[12]>>4) * 4
		w.segment(at, p, binary.BigEndian.Uint16(rest), binary.BigEndian.Uint16(rest[2:]), rest[13], size-header)
	case protocol == syscall.IPPROTO_UDP && len(rest) >= 8+20 && rest[8]&0x0f == 1:
		w.datagram(at, p, rest[8:], size-8)
	}
}

// splitIP gives the addresses, the protocol, and size and beginning of what
// the packet carries.
func splitIP(packet []byte) (p pair, protocol byte, size int, rest []byte) {
	if len(packet) >= 20 && packet[0]>>4 == 4 {
		header := int(packet[0]&0x0f) * 4
		from, _ := netip.AddrFromSlice(packet[12:16])
		to, _ := netip.AddrFromSlice(packet[16:20])
		size = int(binary.BigEndian.Uint16(packet[2:])) - header
		return pair{from, to}, packet[9], size, packet[min(header, len(packet)):]
	}
	if len(packet) >= 40 && packet[0]>>4 == 6 {
		from, _ := netip.AddrFromSlice(packet[8:24])
		to, _ := netip.AddrFromSlice(packet[24:40])
		return pair{from, to}, packet[6], int(binary.BigEndian.Uint16(packet[4:])), packet[40:]
	}
	return p, 0, 0, nil
}

// notPeers are the ports of interfaces, by which the tests drive the clients.
var notPeers = map[uint16]bool{rpcPort: true, webPort: true, aria2Port: true}

// segment is one of TCP, flags as in RFC 9293.
func (w *wire) segment(at time.Time, p pair, from, to uint16, flags byte, payload int) {
	const syn, ack = 0x02, 0x10
	switch {
	case notPeers[from] || notPeers[to]:
	case flags&(syn|ack) == syn:
		w.open(at, p, from)
	case payload == 4:
		w.keepAlive(at, p)
	}
}

// datagram is one of uTP (BEP 29): type and version, extension, id, then
// times, window and numbers.
func (w *wire) datagram(at time.Time, p pair, packet []byte, size int) {
	const data, syn = 0, 4
	switch kind := packet[0] >> 4; {
	case kind == syn:
		w.open(at, p, binary.BigEndian.Uint16(packet[2:]))
	case kind == data && packet[1] == 0 && size == 20+4:
		w.keepAlive(at, p)
	}
}

func (w *wire) open(at time.Time, p pair, port uint16) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.of(p)
	if port != t.lastPort || len(t.opened) == 0 {
		t.opened, t.lastPort = append(t.opened, at), port
	}
}

func (w *wire) keepAlive(at time.Time, p pair) {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := w.of(p)
	t.keepAlives = append(t.keepAlives, at)
}

// of is called with the lock held.
func (w *wire) of(p pair) *traffic {
	if w.pairs[p] == nil {
		w.pairs[p] = &traffic{}
	}
	return w.pairs[p]
}

// between gives the traffic from one address to another so far.
func (w *wire) between(from, to netip.Addr) traffic {
	w.mu.Lock()
	defer w.mu.Unlock()
	t := *w.of(pair{from, to})
	t.opened = append([]time.Time(nil), t.opened...)
	t.keepAlives = append([]time.Time(nil), t.keepAlives...)
	return t
}

// mostPerMinute is the most of times, which only grow, in any 60 s.
func mostPerMinute(times []time.Time) int {
	most, first := 0, 0
	for i, at := range times {
		for at.Sub(times[first]) >= time.Minute {
			first++
		}
		most = max(most, i-first+1)
	}
	return most
}
